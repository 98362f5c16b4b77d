import { describe, expect, test } from 'vitest';
import type { EventBody } from '../../src/core/event.ts';
import type { Fleet } from '../../src/core/fleet.ts';
import type { NodeState } from '../../src/core/node.ts';
import { bodiesOf } from './bodies.ts';
import { armed, at, fleetOf, planOf, reduceAt, specOf, stateOf, stored } from './kit.ts';

/** What the next transfer of a loader gets after one that stalled, and what is said of it. */

const node = 'node-01';
const e = bodiesOf(node);
type Told = readonly [seconds: number, body: EventBody];

function live(fleet: Fleet, ...told: readonly Told[]): Fleet {
  return told.reduce((before, [seconds, body]) => reduceAt(before, seconds, body)[0], fleet);
}

const START = live(fleetOf(specOf(node)), [0, armed('install', { plan: planOf('install') })], [0, stored()]);
const lost = (blockBytes: number): EventBody => ({ type: 'loader.firstBlockLost', node, file: 'ipxe.efi', blockBytes });
const gaveUp = (sentBytes?: number): EventBody => ({
  type: 'loader.aborted',
  node,
  file: 'ipxe.efi',
  probe: false,
  reason: 'the client gave up',
  ...(sentBytes === undefined ? {} : { sentBytes }),
});
const asked = (at: number): readonly Told[] => [
  [at, e.discover(at)],
  [at + 1, e.took()],
  [at + 2, e.loader()],
];
/** Of a boot that began at `at`, until the clock looks. */
const lostAt = (at: number, blockBytes: number): readonly Told[] => [
  ...asked(at),
  [at + 6, lost(blockBytes)],
  [at + 13, e.tick()],
];
const detailOf = ({ health }: NodeState): string => (health.is === 'ok' ? '' : health.detail);

describe('where not even the first block was acknowledged', () => {
  test('the next transfer gets smaller ones, down to 512; then large ones again, of another loader', () => {
    let fleet = START;
    const seen: unknown[] = [];
    for (const [index, blockBytes] of [1468, 1024, 512].entries()) {
      fleet = live(fleet, ...lostAt(10 + 100 * index, blockBytes));
      const { blockLimit, loaderVariant, health } = stateOf(fleet);
      seen.push([blockLimit, loaderVariant, health.is]);
    }
    expect(seen).toEqual([
      [1024, 0, 'stalled'],
      [512, 0, 'stalled'],
      [undefined, 1, 'stalled'],
    ]);
  });

  test('what is said names what it gets, also after the transfer was given up', () => {
    const stalled = live(START, ...lostAt(10, 1468));
    const next = 'no block of 1468 bytes was acknowledged, the next transfer gets blocks of 1024';
    expect(detailOf(stateOf(stalled))).toBe(`ipxe.efi: 0 of 1000000 bytes; ${next}`);
    expect(detailOf(stateOf(live(stalled, [34, gaveUp()])))).toBe(`ipxe.efi: the client gave up; ${next}`);
    expect(stateOf(live(stalled, [34, gaveUp()]))).toMatchObject({ blockLimit: 1024, loaderVariant: 0 });
    expect(detailOf(stateOf(live(START, ...lostAt(10, 512))))).toBe(
      'ipxe.efi: 0 of 1000000 bytes; no block of 512 bytes was acknowledged, its next boot gets another loader, if more than one is served',
    );
  });

  test('who gives up before the clock looks gets them too', () => {
    const broken = stateOf(live(START, ...asked(10), [16, lost(1432)], [17, gaveUp()]));
    expect(broken).toMatchObject({ blockLimit: 1024, loaderVariant: 0, health: { code: 'TFTP_STALL' } });
  });

  test('a block that nobody acknowledged is no sign of life: the stall is told after 10 s', () => {
    const before = live(START, ...asked(10), [16, lost(1468)], [21, e.tick()]);
    expect(stateOf(before).health.is).toBe('ok');
    expect(stateOf(live(before, [22, e.tick()])).health).toMatchObject({ code: 'TFTP_STALL' });
  });

  test('one that came through late takes it back to its size', () => {
    const late = stateOf(live(START, ...lostAt(10, 1468), [24, e.loading(1468)]));
    expect(late).toMatchObject({ blockLimit: 1468, health: { is: 'ok' }, phase: { sentBytes: 1468 } });
    expect(late.phase).not.toHaveProperty('eased');
  });

  test('a size that works is kept over boots', () => {
    const sent = live(START, ...lostAt(10, 1468), ...asked(100), [103, e.loading(1024)], [104, e.loaded()]);
    expect(stateOf(live(sent, ...asked(300))).blockLimit).toBe(1024);
  });
});

describe('smaller blocks are no remedy', () => {
  test('where it stalls in the middle: another loader, and that is said', () => {
    const middle = stateOf(live(START, ...asked(10), [13, e.loading(5000)], [24, e.tick()]));
    expect([middle.blockLimit, middle.loaderVariant]).toEqual([undefined, 1]);
    expect(detailOf(middle)).toBe(
      'ipxe.efi: 5000 of 1000000 bytes; its next boot gets another loader, if more than one is served',
    );
  });

  test('and those that went through stay, there', () => {
    const small = live(START, ...lostAt(10, 1468), ...asked(100), [103, e.loading(1024)], [114, e.tick()]);
    expect(stateOf(small)).toMatchObject({ blockLimit: 1024, loaderVariant: 1 });
  });

  test('where the reply with the smaller size is not answered, it is taken back', () => {
    const refused = stateOf(live(START, ...lostAt(10, 1468), ...asked(100), [113, e.tick()]));
    expect([refused.blockLimit, refused.loaderVariant]).toEqual([undefined, 1]);
  });

  test('a block that was lost and got through after all is none that was lost', () => {
    const moved = live(START, ...asked(10), [16, lost(1468)], [17, e.loading(50_000)], [28, e.tick()]);
    expect(stateOf(moved)).toMatchObject({ loaderVariant: 1, health: { code: 'TFTP_STALL' } });
    expect(stateOf(moved).blockLimit).toBeUndefined();
  });
});

describe('how far it came', () => {
  test('is known of a transfer that was given up within its first moment', () => {
    const broken = stateOf(live(START, ...asked(10), [13, gaveUp(60_188)]));
    expect(broken.phase).toMatchObject({ is: 'loader', sentBytes: 60_188 });
  });

  test('is the same in all that is said of an image that broke off after a stall', () => {
    const moved = { type: 'image.progressed', node, image: 'initrd', bytesPerSecond: 1, totalBytes: 1000 } as const;
    const images: readonly Told[] = [
      [14, e.kernel()],
      [15, e.initrd()],
      [16, { ...moved, sentBytes: 280 }],
      [40, e.tick()],
    ];
    const stalled = live(START, ...asked(10), ...images);
    expect(detailOf(stateOf(stalled))).toBe('initrd: 280 of 1000 bytes');
    const cut = { type: 'image.aborted', node, image: 'initrd', sentBytes: 300, reason: 'gone' } as const;
    expect(detailOf(stateOf(live(stalled, [41, cut])))).toBe('initrd: 300 of 1000 bytes');
  });
});

describe('the end of an old transfer, told while another one runs', () => {
  const requested = (seconds: number): EventBody => ({ ...e.loader(), askedAt: at(seconds) }) as EventBody;
  const endOf = (seconds: number): EventBody => ({ ...gaveUp(700), askedAt: at(seconds) }) as EventBody;
  const first: readonly Told[] = [
    [10, e.discover(10)],
    [11, e.took()],
    [12, requested(12)],
  ];
  const second: readonly Told[] = [
    [100, e.discover(100)],
    [101, e.took()],
    [102, requested(102)],
  ];

  test('of a boot before says nothing of this one, and is no sign of life', () => {
    const running = live(START, ...first, ...second, [103, e.loading(5000)]);
    const after = stateOf(live(running, [106, endOf(12)]));
    const { evidence: _told, ...same } = stateOf(running);
    expect(after).toMatchObject(same);
    expect(after.evidence.at(-1)?.text).toBe('ipxe.efi aborted: the client gave up');
    const stood = live(running, [106, endOf(12)], [114, e.tick()]);
    expect(detailOf(stateOf(stood))).toMatch('ipxe.efi: 5000 of 1000000 bytes');
  });

  test('nor where that is still with DHCP', () => {
    const running = live(START, ...first, ...second.slice(0, 1));
    expect(stateOf(live(running, [106, endOf(12)])).attempt).toEqual(stateOf(running).attempt);
  });

  test('of a request before that in the same boot says nothing, and the end of the last one does', () => {
    const asked = live(START, ...first, [14, requested(14)], [15, endOf(12)]);
    expect(stateOf(asked)).toMatchObject({ health: { is: 'ok' }, loaderVariant: 0 });
    const ended = stateOf(live(asked, [16, endOf(14)]));
    expect(ended.health).toMatchObject({ code: 'TFTP_STALL' });
  });

  test('where two threads tell of two requests in the wrong order, it is known which came last', () => {
    const asked = live(START, ...first.slice(0, 2), [13, requested(13)], [13, requested(12)]);
    expect(stateOf(live(asked, [14, endOf(12)])).health.is).toBe('ok');
    expect(stateOf(live(asked, [14, endOf(13)])).health).toMatchObject({ code: 'TFTP_STALL' });
  });
});
