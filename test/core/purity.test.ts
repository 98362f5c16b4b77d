import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Event, EventBody, EvidenceType } from '../../src/core/event.ts';
import type { Fleet } from '../../src/core/fleet.ts';
import { fleetText, parseFleet } from '../../src/core/fleet-json.ts';
import type { JobKind } from '../../src/core/job.ts';
import { reduce } from '../../src/core/reduce.ts';
import { bodiesOf } from './bodies.ts';
import { ACTOR, armed, at, deepFreeze, EVENT_SAMPLES, fleetOf, planOf, specOf, stored } from './kit.ts';

/** `reduce` changes nothing that it was given, and the same events give the same bytes, however they are cut by restarts. */

const SEED = 4_711;
const specs = [specOf('node-01'), specOf('node-02', { role: 'controlplane' })];
const exchanged = [
  specOf('node-01', { identity: specOf('node-02').identity }),
  specOf('node-02', { identity: specOf('node-01').identity }),
];
const by = ACTOR;
const evidence = (Object.keys(EVENT_SAMPLES) as EvidenceType[]).flatMap(
  (type): readonly EventBody[] => EVENT_SAMPLES[type],
);
const e = bodiesOf('node-01');
const kinds: readonly JobKind[] = ['install', 'reinstall', 'wipe', 'inspect', 'rescue'];
const waveOf = (kind: JobKind): EventBody => ({
  type: 'site.waveStarted',
  wave: `wave-${kind}`,
  kind,
  nodes: specs.map(({ name }) => ({ node: name, job: `w-${name}`, plan: planOf(kind), confirmed: name })),
  canary: 0,
  width: 2,
  stopAfterFailures: 1,
  by,
});

const BODIES: readonly EventBody[] = [
  ...evidence,
  ...kinds.map((kind) => armed(kind)),
  ...kinds.map(waveOf),
  ...[stored(), e.cancel(), e.hold(), e.release(), e.retry(), e.tick(), e.tick(), e.startEngine()],
  { type: 'operator.held', node: 'node-02', why: 'x', leavesWaves: true, by },
  { type: 'operator.protected', node: 'node-02', leavesWaves: true, by },
  { type: 'site.panicSwitched', on: true, by },
  { type: 'site.panicSwitched', on: false, by },
  { type: 'site.glassBroken', reason: 'r', until: at(500), by },
  { type: 'site.wavePaused', wave: 'wave-install', by },
  { type: 'site.waveResumed', wave: 'wave-install', by },
  { type: 'store.failed', reason: 'full' },
  { type: 'store.ordersUnkept', orders: [{ what: 'hold', of: 'node-01' }] },
  { type: 'store.recovered' },
  { type: 'lease.granted', mac: '52:54:00:00:00:01', address: '10.77.1.1', until: at(900), node: 'node-01' },
  { type: 'lease.granted', mac: '02:00:00:00:00:01', address: '10.77.0.2', until: at(900) },
  { type: 'dhcp.osAsked', node: 'node-01', mac: '52:54:00:00:00:01', address: '10.77.1.2', leasedUntil: at(950) },
  {
    type: 'lease.granted',
    mac: '52:54:00:00:00:01',
    address: '10.78.0.9',
    until: at(900),
    node: 'node-01',
    subnet: '10.78.0.0/24',
  },
  {
    type: 'dhcp.osAsked',
    node: 'node-01',
    mac: '52:54:00:00:00:01',
    address: '10.77.1.3',
    leasedUntil: at(950),
    subnet: '10.77.1.0/24',
  },
  { type: 'lease.ended', mac: '52:54:00:00:00:01', address: '10.77.1.1', why: 'expired' },
  { type: 'stranger.seen', mac: '02:00:00:00:00:01', asked: 'firmware' },
  { type: 'rival.heard', server: '10.9.9.9', mac: '02:00:00:00:00:02', offers: 'x', iface: 'eth1' },
  { type: 'inventory.loaded', nodes: specs.slice(0, 1), site: 'lab', hash: 'b', warnings: [] },
  { type: 'inventory.loaded', nodes: specs.slice(1), site: 'lab', hash: 'd', warnings: [], remembers: true },
  { type: 'inventory.loaded', nodes: specs, site: 'lab', hash: 'c', warnings: [], remembers: true },
  { type: 'inventory.loaded', nodes: exchanged, site: 'lab', hash: 'e', warnings: [], remembers: true, follows: true },
  { type: 'inventory.loaded', nodes: specs, site: 'lab', hash: 'c', warnings: [] },
  { type: 'session.opened', bmc: 'node-01', location: '/s/1' },
  { type: 'session.closed', bmc: 'node-01', location: '/s/1' },
];

const history = fc.array(fc.tuple(fc.nat(BODIES.length - 1), fc.nat(40)), { minLength: 5, maxLength: 40 });

function eventsOf(choices: readonly (readonly [number, number])[]): readonly Event[] {
  let seconds = 1;
  return choices.map(([index, step]) => {
    seconds += step;
    return { ...(BODIES[index] ?? e.tick()), time: at(seconds) } as Event;
  });
}

const BASE = fleetOf(...specs);
const replay = (events: readonly Event[], from: Fleet): Fleet =>
  events.reduce((fleet, event) => reduce(fleet, event)[0], from);

function again(fleet: Fleet): Fleet {
  const parsed = parseFleet(JSON.parse(fleetText(fleet)));
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

test(`nothing that came in is changed, in 1500 histories (seed ${SEED})`, { timeout: 60_000 }, () => {
  deepFreeze(BASE);
  fc.assert(
    fc.property(history, (choices) => {
      let fleet = BASE;
      for (const event of eventsOf(choices)) {
        const [next, effects] = reduce(deepFreeze(fleet), deepFreeze(event));
        deepFreeze(effects);
        fleet = next;
      }
    }),
    { seed: SEED, numRuns: 1500 },
  );
});

test('the same events give the same bytes', () => {
  fc.assert(
    fc.property(history, (choices) => {
      const events = eventsOf(choices);
      expect(fleetText(replay(events, BASE))).toBe(fleetText(replay(events, BASE)));
    }),
    { seed: SEED, numRuns: 300 },
  );
});

test('a snapshot is the fleet again, holds nothing that JSON loses, and goes on as the fleet would have', {
  timeout: 60_000,
}, () => {
  fc.assert(
    fc.property(history, fc.nat(40), (choices, cut) => {
      const events = eventsOf(choices);
      const before = replay(events.slice(0, cut), BASE);
      const restored = again(before);
      expect(isDeepStrictEqual(restored, before)).toBe(true);
      expect(fleetText(replay(events.slice(cut), restored))).toBe(fleetText(replay(events, BASE)));
    }),
    { seed: SEED, numRuns: 500 },
  );
});

const BROKEN: readonly (readonly [string, unknown, RegExp])[] = [
  ['no object', 7, /holds no fleet/],
  ['null', null, /holds no fleet/],
  ['no format', {}, /holds no fleet/],
  ['a format of the future', { format: 2 }, /format 2, this program knows 1/],
  ['nothing behind the format', { format: 1 }, /incomplete/],
  ['a missing table', { format: 1, rest: {}, nodes: [], leases: [], addresses: [] }, /incomplete/],
];

test.each(BROKEN)('a snapshot with %s is refused', (_name, data, reason) => {
  const parsed = parseFleet(data);
  expect(parsed.ok ? '' : parsed.error).toMatch(reason);
});
