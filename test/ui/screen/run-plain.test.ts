import { expect, test } from 'vitest';
import type { Fleet } from '../../../src/core/fleet.ts';
import type { ScreenBatch, ScreenPort } from '../../../src/link/screen-port.ts';
import { runPlain } from '../../../src/ui/screen/run-plain.ts';
import { bodiesOf } from '../../core/bodies.ts';
import { ACTOR, apply, armed, at, fleetOf, specOf, type Timed } from '../../core/kit.ts';

const spec = specOf('node-01');
const e = bodiesOf(spec.name);
const asked: readonly Timed[] = [
  [10, e.discover(7)],
  [14, e.discover(7)],
  [22, e.discover(7)],
  [40, e.tick()],
  [50, e.tick()],
];

/** What is written while these are the states, one after the other; without the clock. */
function written(...batches: readonly Partial<ScreenBatch>[]): readonly string[] {
  const lines: string[] = [];
  const port: Pick<ScreenPort, 'subscribe'> = {
    subscribe: (take) => {
      for (const batch of batches)
        take({ fleet: fleetOf(spec), atMs: at(60), recent: [], urgent: false, bytesPerSecond: 0, ...batch });
      return () => undefined;
    },
  };
  runPlain(port as ScreenPort, (line) => lines.push(line.slice('00:00:00 '.length)), 0);
  return lines.filter((line) => !/^\d+ nodes: /.test(line));
}

const STALLED = /^node-01: STALLED OFFER_IGNORED: It asks again and again .* offered ipxe.efi$/;

test('a cause is told when it begins and when it is over, though no event says it', () => {
  const calm = fleetOf(spec);
  const stalled = apply(calm, ...asked);
  const well = apply(stalled, [54, e.discover(7, 2)], [60, e.took()]);
  expect(written({ fleet: calm }, { fleet: stalled }, { fleet: stalled }, { fleet: well })).toEqual([
    expect.stringMatching(STALLED),
    'node-01: no longer OFFER_IGNORED, after 10 s; it is in requesting',
  ]);
});

test('who begins to listen is told what is wrong, held and armed already', () => {
  const stalled = apply(fleetOf(spec), ...asked);
  expect(written({ fleet: stalled })).toEqual([expect.stringMatching(STALLED)]);
  const held = apply(fleetOf(spec), [1, { type: 'operator.held', node: spec.name, why: 'DIMM', by: ACTOR }]);
  expect(written({ fleet: held })).toEqual(['node-01: held: DIMM']);
});

test('of a rack in trouble the first are told, and how many more', () => {
  const names = Array.from({ length: 25 }, (_, index) => `node-${String(index + 1).padStart(2, '0')}`);
  const events = names.map((node): Timed => [1, { type: 'operator.held', node, why: 'move', by: ACTOR }]);
  const lines = written({ fleet: apply(fleetOf(...names.map((name) => specOf(name))), ...events) });
  expect(lines).toHaveLength(21);
  expect(lines.at(-1)).toBe('5 more are in trouble, held or armed: `crashcart status` lists them');
});

test('an unknown machine and another server are told once', () => {
  const calm = fleetOf(spec);
  const mac = '52:54:00:99:00:01';
  const seen: Fleet = apply(calm, [5, { type: 'stranger.seen', mac, asked: 'firmware', answer: 'none' } as Timed[1]]);
  const again: Fleet = apply(seen, [6, { type: 'stranger.seen', mac, asked: 'firmware', answer: 'none' } as Timed[1]]);
  const rival = { type: 'rival.heard', server: '10.0.0.9', mac, offers: 'pxe', iface: 'eth1' } as Timed[1];
  const both: Fleet = apply(again, [7, rival]);
  expect(written({ fleet: calm }, { fleet: seen }, { fleet: again }, { fleet: both }, { fleet: both })).toEqual([
    `unknown machine ${mac} asks`,
    'another DHCP server is heard: 10.0.0.9',
  ]);
});

test('an address that somebody else uses is told when it is seen, and to who begins to listen', () => {
  const calm = fleetOf(spec);
  const contested = { type: 'address.contested', node: spec.name, address: '10.77.0.1', how: 'lease' } as const;
  const seen = apply(calm, [5, contested]);
  const again = apply(seen, [6, contested]);
  const told = expect.stringMatching(/^node-01: somebody else answers at 10\.77\.0\.1, which node-01 has from us/);
  expect(written({ fleet: calm }, { fleet: seen }, { fleet: again })).toEqual([told]);
  expect(written({ fleet: seen })).toEqual([told]);
});

test('armed is who has a job, in whatever phase it stands', () => {
  const lines: string[] = [];
  const armedStalled = apply(fleetOf(spec), [1, armed('install')], ...asked);
  const batch = { fleet: armedStalled, atMs: at(60), recent: [], urgent: false, bytesPerSecond: 0 };
  const port: Pick<ScreenPort, 'subscribe'> = {
    subscribe: (take) => {
      take(batch);
      return () => undefined;
    },
  };
  runPlain(
    port as ScreenPort,
    (line) => lines.push(line),
    0,
    () => ['PANIC key pressed'],
  );
  expect(lines[0]).toMatch(/ PANIC key pressed$/);
  expect(lines.at(-1)).toMatch(/1 nodes: .* 1 stalled, .*; 1 of them armed$/);
});

test('lines that a moment had no room for are told as a number', () => {
  expect(written({ recent: [{ at: at(1), node: 'node-01', text: 'ACK' }], recentCut: 950 })).toEqual([
    '950 lines of this moment are left out',
    'node-01: ACK',
  ]);
});
