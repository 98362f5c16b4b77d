import { describe, expect, test } from 'vitest';
import type { EventBody } from '../../src/core/event.ts';
import { bodiesOf } from './bodies.ts';
import { apply, armed, at, fleetOf, macOf, specOf, stateOf, stored, type Timed } from './kit.ts';

/** Nobody armed it and nothing is on its disk: by script, by withheld loader and by silence it is sent there in vain. */

const spec = specOf('node-01');
const node = spec.name;
const e = bodiesOf(node);
const withheld: EventBody = { type: 'loader.withheld', node, file: 'ipxe.efi', reason: 'it is sent to its disk' };

const byScript = (from: number): readonly Timed[] => [
  [from, e.discover(from)],
  [from + 1, e.took()],
  [from + 2, e.loader()],
  [from + 3, e.ipxe()],
  [from + 4, e.script('local')],
];
const byLoader = (from: number): readonly Timed[] => [
  [from, e.discover(from)],
  [from + 1, e.took()],
  [from + 2, withheld],
];
const bySilence = (from: number): readonly Timed[] => [
  [
    from,
    {
      type: 'dhcp.firmwareAsked',
      node,
      mac: macOf(spec),
      arch: 7,
      firmware: 'uefi',
      xid: from,
      secs: 0,
      reason: 'local: not armed; sent to its disk by silence',
    },
  ],
];
const passes = (of: (from: number) => readonly Timed[], from: number, count: number, every: number) =>
  Array.from({ length: count }, (_, i) => of(from + i * every)).flat();

const scripts = passes(byScript, 10, 3, 10);
const loaders = passes(byLoader, 40, 3, 6);

test('a loader that is withheld is the way to its disk, and not one that it never fetched', () => {
  const told = stateOf(apply(fleetOf(spec), ...scripts, ...loaders, [100, e.tick()], [200, e.tick()]));
  expect(told).toMatchObject({
    phase: { is: 'script', answer: 'local' },
    health: { is: 'stalled', code: 'DISK_BOOT_MISSED' },
    localMissed: 1,
    offerVariant: 0,
  });
});

test('one that is asked for twice is withheld once', () => {
  const once = apply(fleetOf(spec), ...byLoader(10), [13, withheld], [14, withheld]);
  expect(stateOf(once)).toMatchObject({ attempt: { localAsks: 1 }, health: { is: 'ok' } });
});

test('the system on its disk is seen after it', () => {
  expect(stateOf(apply(fleetOf(spec), ...byLoader(10), [60, e.os()])).phase.is).toBe('diskBoot');
});

test('who is left in silence at last is not said to have ignored an offer, nor to be in a loop', () => {
  const silences = passes(bySilence, 60, 12, 30);
  const told = apply(
    fleetOf(spec),
    ...scripts,
    ...loaders,
    ...silences.flatMap((one): Timed[] => [one, [one[0] + 5, e.tick()]]),
  );
  const { health, offerVariant, localMissed, failedBoots } = stateOf(told);
  expect([health.is === 'ok' || health.is === 'conflict' ? health.is : health.code, offerVariant]).toEqual([
    'DISK_BOOT_MISSED',
    0,
  ]);
  expect(localMissed).toBeGreaterThanOrEqual(failedBoots.length);
});

test('nor to ignore what it was offered just before', () => {
  const offered = apply(fleetOf(spec), ...scripts, ...loaders, [60, e.discover(60)]);
  const told = apply(offered, ...passes(bySilence, 61, 6, 2), [110, e.tick()]);
  expect(stateOf(told)).toMatchObject({ health: { is: 'stalled', code: 'DISK_BOOT_MISSED' }, offerVariant: 0 });
});

test('and asks on in silence within one boot', () => {
  const silences = passes(bySilence, 60, 12, 6);
  const told = stateOf(apply(fleetOf(spec), ...scripts, ...loaders, ...silences, [140, e.tick()]));
  expect(told).toMatchObject({ health: { is: 'stalled', code: 'DISK_BOOT_MISSED' }, offerVariant: 0 });
});

/** iPXE in its ROM: no firmware asks before it, and what may be offered to it is its script. */
const URL = 'http://10.77.0.2/boot.ipxe';
const romAsks = (xid: number, given: { offered?: string; address?: string } = {}): EventBody => ({
  type: 'dhcp.ipxeAsked',
  node,
  mac: macOf(spec),
  xid,
  ...given,
});
const romByScript = (from: number): readonly Timed[] => [
  [from, romAsks(from, { offered: URL })],
  [from + 1, romAsks(from, { address: '10.77.0.1' })],
  [from + 2, e.script('local')],
];
const romBySilence = (from: number): readonly Timed[] => [0, 1, 2, 4].map((later) => [from + later, romAsks(from)]);
const ticked = (asks: readonly Timed[], seconds: number): readonly Timed[] =>
  asks.flatMap((one): Timed[] => [one, [one[0] + seconds, e.tick()]]);
const missed = { health: { is: 'stalled', code: 'DISK_BOOT_MISSED' }, offerVariant: 0 };

test('iPXE in ROM that is left in silence got no address, and so is not said to have fetched no script', () => {
  const boots = passes(romByScript, 60, 2, 40);
  // Its offer was on the way when its new boot was counted: what it takes by then is not given to it any more.
  const asks: readonly Timed[] = [[140, romAsks(7, { offered: URL })], ...romBySilence(141), ...romBySilence(178)];
  const told = stateOf(apply(fleetOf(spec), ...boots, ...ticked(asks, 0.5), [190, e.tick()]));
  expect(told).toMatchObject({ ...missed, phase: { is: 'ipxe' } });
  expect(told.health).toMatchObject({ detail: '8 requests in 41 s, offered nothing' });
});

test('nor where an older version did not write down what it had offered', () => {
  const older = passes(romByScript, 60, 2, 40).map(([at, body]): Timed => {
    if (body.type !== 'dhcp.ipxeAsked') return [at, body];
    const { offered: _untold, ...rest } = body;
    return [at, rest];
  });
  const told = stateOf(apply(fleetOf(spec), ...older, ...romBySilence(140), ...romBySilence(178), [190, e.tick()]));
  expect(told).toMatchObject(missed);
});

test('nor to be in a loop', () => {
  const boots = [...passes(romByScript, 10, 3, 40), ...romBySilence(140)];
  const told = apply(fleetOf(spec), ...boots, [190, e.tick()], [300, e.discover(1)]);
  expect(stateOf(told)).toMatchObject({ health: { is: 'failed', code: 'DISK_BOOT_MISSED' }, localMissed: 4 });
});

test('iPXE that takes none of our offers has no address from us, and its firmware gets no other offers for that', () => {
  const offered = [10, 11, 13].map((at): Timed => [at, romAsks(1, { offered: URL })]);
  const early = stateOf(apply(fleetOf(spec), ...offered.slice(1), [120, e.tick()]));
  expect(early.health.is).toBe('ok');
  const told = stateOf(apply(fleetOf(spec), ...offered, [45, e.tick()], [51, e.tick()]));
  expect(told).toMatchObject({ health: { is: 'stalled', code: 'OFFER_IGNORED' }, offerVariant: 0 });
  expect(told.health).toMatchObject({ detail: `3 requests in 41 s, offered ${URL}` });
});

describe('a machine whose installation ended without a system', () => {
  const installs: readonly Timed[] = [
    [0, armed('install')],
    [0, stored()],
    ...byScript(1).slice(0, -1),
    [5, e.script('install')],
    [9, { type: 'talos.installing', node, percent: 41 }],
  ];
  const asked: EventBody = { type: 'bmc.powerAsked', node, action: 'reset', spares: true };
  const done: EventBody = { type: 'bmc.resetDone', node, action: 'reset', power: 'on', askedAt: at(20) };
  const detailOf = (...events: readonly Timed[]) => {
    const { health } = stateOf(apply(fleetOf(spec), ...installs, ...events, ...passes(byScript, 40, 3, 30)));
    expect(health).toMatchObject({ code: 'DISK_BOOT_MISSED' });
    return 'detail' in health ? health.detail : '';
  };

  test('says that a power order cut it, where one did', () => {
    expect(detailOf([20, asked], [21, done])).toMatch(/; a power order had cut its installation$/);
  });

  test.each<readonly [string, readonly Timed[]]>([
    ['was cut by no order', []],
    [
      'was over before the order',
      [
        [15, { type: 'talos.installed', node, text: 'install successful' }],
        [20, asked],
        [21, done],
      ],
    ],
  ])('says nothing of that where it %s', (_name, events) => {
    expect(detailOf(...events)).not.toContain('power order');
  });
});
