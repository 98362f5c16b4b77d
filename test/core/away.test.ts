import { describe, expect, test } from 'vitest';
import { renderRows, toRow } from '../../src/cli/node-rows.ts';
import { adviceOf, causeOf } from '../../src/core/cause.ts';
import { dueAt } from '../../src/core/deadline.ts';
import type { EventBody } from '../../src/core/event.ts';
import type { Fleet } from '../../src/core/fleet.ts';
import { bodiesOf } from './bodies.ts';
import { apply, armed, at, fleetOf, reduceAt, specOf, stateOf, stored, type Timed, withoutBmc } from './kit.ts';

/** What hung when the program ended hangs still when it is back: it is told, with the word that nobody listened meanwhile. */

const spec = specOf('node-01');
const e = bodiesOf(spec.name);
const begun: readonly Timed[] = [
  [0, armed('install')],
  [0, stored()],
];
const after = (...events: readonly Timed[]): Fleet => apply(fleetOf(withoutBmc(spec)), ...begun, ...events);
const wake = (seconds: number): Timed => [seconds, e.startEngine()];
const asks = [10, 14, 18].map((second): Timed => [second, e.discover(7)]);
const toIpxe: readonly Timed[] = [
  [10, e.took()],
  [11, e.loader()],
  [12, e.loaded()],
];
const AWAY = 'this program was away in between, and has listened again for';

describe('silent for as long as its phase may last, counted from the restart', () => {
  const cases: readonly (readonly [string, readonly Timed[], limit: number, code: string, detail: string])[] = [
    ['its offer is ignored', asks, 40, 'OFFER_IGNORED', '3 requests in 170 s, offered ipxe.efi'],
    ['its loader is not fetched', [[10, e.took()]], 30, 'NO_LOADER', 'address taken, no loader fetched for 160 s'],
    [
      'its loader stopped half way',
      [
        [10, e.loader()],
        [11, e.loading(500_000)],
      ],
      10,
      'TFTP_STALL',
      'ipxe.efi: 500000 of 1000000 bytes',
    ],
    ['iPXE hangs', toIpxe, 45, 'IPXE_HANG', 'ipxe.efi sent, iPXE silent for 174 s'],
    [
      'iPXE fetches no script',
      [...toIpxe, [13, e.ipxe()]],
      20,
      'SCRIPT_NO_FETCH',
      'address taken, no script fetched for 147 s',
    ],
    [
      'its kernel is not fetched',
      [[10, e.script('install')]],
      30,
      'NO_KERNEL',
      'script sent, no kernel fetched for 160 s',
    ],
    [
      'its kernel stopped half way',
      [
        [10, e.script('install')],
        [11, e.kernel()],
      ],
      15,
      'DL_STALL',
      'kernel',
    ],
    [
      'its system fetches no configuration',
      [
        [10, e.script('install')],
        [11, e.up()],
      ],
      120,
      'UP_LATE',
      'up, no configuration fetched for 249 s',
    ],
  ];

  test.each(cases)('%s', (_name, events, limit, code, detail) => {
    const start = 140;
    const woken = after(...events, wake(start));
    expect(stateOf(woken)).toMatchObject({ lostSightAt: at(start), health: { is: 'ok' } });
    expect(dueAt(stateOf(woken))).toBe(at(start + limit));
    expect(stateOf(apply(woken, [start + limit - 1, e.tick()])).health).toEqual({ is: 'ok' });
    const [named, effects] = reduceAt(woken, start + limit, e.tick());
    const { health, phase, job } = stateOf(named);
    expect(health).toMatchObject({ code, detail: expect.stringContaining(`; ${AWAY} ${limit} s`) });
    expect(health).toMatchObject({ detail: expect.stringMatching(new RegExp(`^${detail}`)) });
    // Told, and no more than that.
    expect([phase, job, effects]).toEqual([stateOf(woken).phase, stateOf(woken).job, []]);
    expect(dueAt(stateOf(named))).toBe(job?.expiresAt);
  });
});

test('what it may have asked while nobody listened is no reason to give it another offer or loader', () => {
  const varied = ({ offerVariant, loaderVariant, blockLimit }: ReturnType<typeof stateOf>) => [
    offerVariant,
    loaderVariant,
    blockLimit,
  ];
  for (const events of [asks, toIpxe, [...toIpxe.slice(0, 2), [12, e.loading(5)] as const]]) {
    expect(varied(stateOf(after(...events, wake(100), [200, e.tick()])))).toEqual([0, 0, undefined]);
    expect(varied(stateOf(after(...events, [200, e.tick()])))).not.toEqual([0, 0, undefined]);
  }
});

test('evidence after the restart clears it, and what is late from then on is told as ever', () => {
  const found = after([10, e.took()], wake(100), [110, e.loader()]);
  expect(stateOf(found)).toMatchObject({ phase: { is: 'loader' }, health: { is: 'ok' } });
  expect(stateOf(found).lostSightAt).toBeUndefined();
  const late = stateOf(apply(found, [121, e.tick()])).health;
  expect(late).toMatchObject({ code: 'TFTP_STALL', detail: expect.not.stringContaining('away') });
});

test('a restart within the time that a phase has leaves it that time, and is told with its cause', () => {
  const fleet = after([10, e.took()], wake(20), [40, e.tick()]);
  expect(stateOf(fleet).health).toMatchObject({
    code: 'NO_LOADER',
    detail: `address taken, no loader fetched for 30 s; ${AWAY} 20 s`,
  });
});

test('a cause that was named before the restart stays as it was', () => {
  const named = after([10, e.took()], [41, e.tick()]);
  expect(stateOf(apply(named, wake(100), [300, e.tick()])).health).toEqual(stateOf(named).health);
});

test('another restart counts anew', () => {
  const fleet = after([10, e.took()], wake(100), wake(125), [154, e.tick()]);
  expect(stateOf(fleet)).toMatchObject({ lostSightAt: at(125), health: { is: 'ok' } });
  expect(stateOf(apply(fleet, [155, e.tick()])).health).toMatchObject({ code: 'NO_LOADER' });
});

describe('nothing is powered or armed because of it', () => {
  const running: EventBody = { type: 'talos.stageChanged', node: spec.name, stage: 'running', ready: true, unmet: [] };
  const ran: readonly Timed[] = [
    [10, e.discover(1)],
    [60, e.os()],
    [100, running],
  ];
  const withBmc = (...events: readonly Timed[]) => apply(fleetOf(spec), ...begun, [2, e.overrideSet()], ...events);

  test('of a machine that ran from its disk when the program ended, a person is asked', () => {
    const [fleet, effects] = reduceAt(withBmc(...ran, wake(200)), 320, e.tick());
    const { health, ask } = stateOf(fleet);
    expect(health).toMatchObject({ is: 'failed', code: 'BOOTED_DISK', detail: expect.stringContaining(AWAY) });
    expect(ask).toContain('choose network boot');
    expect(effects.map(({ type }) => type).filter((type) => type !== 'bmc.readLog')).toEqual([]);
  });

  test('and where it tells so again after the restart, it is tried once more as ever', () => {
    const [, effects] = reduceAt(withBmc(...ran, wake(200), [210, running]), 320, e.tick());
    expect(effects.map(({ type }) => type)).toContain('bmc.bootFromNetwork');
  });
});

describe('what nobody waits for is not lost', () => {
  test.each<readonly [string, readonly Timed[], boolean]>([
    ['sent to its disk without a job', [[10, e.script('local', undefined)]], false],
    [
      'a system of its disk that reports nothing',
      [
        [10, e.script('local', undefined)],
        [60, e.os()],
      ],
      false,
    ],
    ['firmware that asked once', [[10, e.discover(1)]], true],
  ])('%s: %s', (_name, events, lost) => {
    const fleet = apply(fleetOf(spec), ...events, wake(5000), [9000, e.tick()]);
    expect(stateOf(fleet)).toMatchObject({ health: { is: 'ok' } });
    expect(stateOf(fleet).lostSightAt !== undefined).toBe(lost);
  });

  test('and what runs and is silent is not called unready', () => {
    const unready = {
      type: 'talos.stageChanged',
      node: spec.name,
      stage: 'running',
      ready: false,
      unmet: ['x'],
    } as const;
    const fleet = apply(fleetOf(spec), [10, e.up()], [20, unready], wake(5000), [9000, e.tick()]);
    expect(stateOf(fleet)).toMatchObject({ lostSightAt: at(5000), health: { is: 'ok' } });
  });
});

test('a list of machines tells it, with what it is armed for; JSON tells cause and advice', () => {
  const row = (fleet: Fleet, seconds: number) => toRow(stateOf(fleet), { fleet, nowMs: at(seconds) });
  const woken = after([10, e.took()], wake(100));
  const lost = row(woken, 101);
  expect(renderRows([lost])).toMatch(/ LOST, armed: install .* not heard of since the program restarted$/m);
  expect(lost).toMatchObject({ health: 'ok', lostSight: true });
  expect([lost.cause, lost.advice, lost.code]).toEqual([causeOf('LOST_SIGHT'), adviceOf('LOST_SIGHT'), undefined]);
  expect(renderRows([row(apply(woken, [130, e.tick()]), 131)])).toMatch(
    / STALLED NO_LOADER .* address taken, no loader fetched for 120 s; this program was away in between/,
  );
  const unarmed = apply(fleetOf(spec), [10, e.took()], wake(100));
  expect(renderRows([row(unarmed, 101)])).toMatch(/ requesting +LOST +unknown .*not heard of/);
});
