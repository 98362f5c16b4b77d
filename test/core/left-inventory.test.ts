import { expect, test } from 'vitest';
import { renderRows, toRow } from '../../src/cli/node-rows.ts';
import { siteLines } from '../../src/cli/site-lines.ts';
import type { Fleet } from '../../src/core/fleet.ts';
import { fleetText, parseFleet } from '../../src/core/fleet-json.ts';
import { LEFT_KEPT, LEFT_MS, leftInventoryText } from '../../src/core/left-inventory.ts';
import type { NodeSpec } from '../../src/core/spec.ts';
import { createDisarmLog } from '../../src/engine/disarm-log.ts';
import { reasonOf } from '../../src/ui/select/node-look.ts';
import { newsBetween, standingNews } from '../../src/ui/select/plain-news.ts';
import { disarmNews } from '../../src/ui/state/disarm-news.ts';
import { bodiesOf } from './bodies.ts';
import { ACTOR, apply, armed, at, fleetOf, reduceAt, specOf, stateOf, stored, type Timed } from './kit.ts';

/** A machine whose file was gone, or renamed: what it lost by that is told when a file names it again. */

const spec = specOf('node-01', { identity: { macs: ['52:54:00:00:00:01'], serial: 'SN1' } });
const other = specOf('node-02', { identity: { macs: ['52:54:00:00:00:02'], serial: 'SN2' } });
const load = (seconds: number, ...nodes: readonly NodeSpec[]): Timed => [
  seconds,
  { type: 'inventory.loaded', nodes, site: 'lab', hash: 'x', warnings: [], remembers: true },
];
const e = bodiesOf('node-01');
const base = apply(fleetOf(spec, other), [1, armed('install')], [1, stored()], [2, e.discover(1)]);
const gone = apply(base, load(5, other));
const back = apply(gone, load(8, spec, other));
const NOTE =
  'its install job was ended: its file was gone from the inventory for a time; arm it again if it is the machine that is meant';
const rowOf = (fleet: Fleet, name = 'node-01') => toRow(stateOf(fleet, name), { fleet, nowMs: at(9) });

test('it comes back without its job, says so in row, table, page and timeline, and has what was seen of it', () => {
  const node = stateOf(back);
  expect(node.job).toBeUndefined();
  expect(node.endedJobs).toMatchObject([{ outcome: 'cancelled', code: 'LEFT_INVENTORY', endedAt: at(5) }]);
  expect(rowOf(back)).toMatchObject({ health: 'ok', disarmed: NOTE, lastJob: { code: 'LEFT_INVENTORY' } });
  expect(renderRows([rowOf(back)])).toMatch(/node-01 .* disarmed .*its install job was ended/);
  expect(reasonOf(node)).toBe(NOTE);
  expect(node.evidence.slice(-2).map(({ text }) => text)).toEqual([
    'inventory: it is not in it any more: its install job is ended',
    'inventory: it is in it again after 3 s',
  ]);
  expect([node.phase.is, node.attempt?.number]).toEqual(['firmware', 1]);
  expect(node.power).toEqual({ is: 'unknown', since: at(8) });
});

test('until it is armed again, also when its file comes and goes', () => {
  const twice = apply(back, load(10, other), load(12, spec, other));
  expect(rowOf(twice).disarmed).toBe(NOTE);
  const again = apply(twice, [13, armed('install', { job: 'job-2' })]);
  expect(rowOf(again).disarmed).toBeUndefined();
  expect(
    rowOf(apply(again, [14, { type: 'operator.cancelled', node: 'node-01', by: ACTOR }])).disarmed,
  ).toBeUndefined();
});

test('a boot that is of the past by then is closed, and is no cause for a fault', () => {
  const late = apply(gone, load(600, spec, other), [601, e.tick()]);
  const node = stateOf(late);
  expect([node.phase.is, node.health.is, node.attempt]).toEqual(['idle', 'ok', undefined]);
  expect(node.pastAttempts.at(-1)?.end).toBe('left the inventory in firmware');
  expect(node.failedBoots).toEqual([]);
});

test('a file that is renamed tells it under the new name, and back again under the old one', () => {
  const renamed = apply(base, load(5, { ...spec, name: 'node-09' }, other));
  expect(rowOf(renamed, 'node-09').disarmed).toBe(
    'its install job was ended: its file was renamed, it was node-01; arm it again if it is the machine that is meant',
  );
  expect(stateOf(renamed, 'node-09').evidence.at(-1)?.text).toBe('inventory: node-01 is named node-09 now');
  expect(stateOf(renamed, 'node-09').attempt?.number).toBe(1);
  const same = apply(renamed, load(7, spec, other));
  expect(rowOf(same).disarmed).toBe(NOTE.replace('was gone from the inventory', 'had another name'));
  expect(same.left).toBeUndefined();
});

test('of an installation that had begun nobody is told to arm it again', () => {
  const begun = apply(base, [3, e.script('install')], [4, e.up()], [4, e.phase('install')], load(5, other));
  expect(leftInventoryText(begun, 'node-01')).toBe(
    'it left the inventory, and that ended its install job, which had begun to write its disk; its file, if it comes back, arms nothing',
  );
  expect(rowOf(apply(begun, load(8, spec, other))).disarmed).toBe(
    'its install job was ended after its disk had begun to be written: its file was gone from the inventory for a time; look how far it came',
  );
});

test('what may be left on its BMC is taken back as soon as its BMC is known again, and from no other BMC', () => {
  const bmc = { url: 'https://10.0.0.1', username: 'a', password: { from: 'env', name: 'P' } } as const;
  const fleet = apply(fleetOf({ ...spec, bmc }), [1, armed('install')], [1, stored()], load(5));
  const clear = { type: 'bmc.clearOverride', node: 'node-01', job: 'job-1', media: false };
  expect(reduceAt(fleet, 8, load(8, { ...spec, bmc })[1])[1]).toEqual([clear]);
  expect(reduceAt(fleet, 8, load(8, { ...spec, bmc: { ...bmc, url: 'https://10.0.0.2' } })[1])[1]).toEqual([]);
});

test.each<readonly [string, Timed, (fleet: Fleet) => unknown]>([
  ['a hold', [3, e.hold()], (fleet) => stateOf(fleet).intent.is === 'hold'],
  [
    'a protection',
    [3, { type: 'operator.protected', node: 'node-01', by: ACTOR }],
    (fleet) => stateOf(fleet).guard?.by,
  ],
])('%s of a machine stands when its file is back', (_, before, stands) => {
  const fleet = apply(fleetOf(spec), before, load(5), load(8, spec));
  expect(stands(fleet)).toBeTruthy();
});

const PROTECTED: Timed = [3, { type: 'operator.protected', node: 'node-01', by: ACTOR }];
const standing = (fleet: Fleet, name = 'node-01') => [stateOf(fleet, name).intent.is, stateOf(fleet, name).guard?.by];
const STANDS = ['hold', ACTOR.user];
const NONE = ['observe', undefined];

test.each<readonly [string, NodeSpec['identity'], string]>([
  ['a serial that was corrected', { macs: ['52:54:00:00:00:01'], serial: 'SN1B' }, 'node-01'],
  ['one MAC more', { macs: ['52:54:00:00:00:01', '52:54:00:00:11:01'], serial: 'SN1' }, 'node-01'],
  ['other MACs, the serial in capitals', { macs: ['52:54:00:00:11:01'], serial: 'sn1' }, 'node-01'],
  ['another name, and one MAC more', { macs: ['52:54:00:00:00:01', '52:54:00:00:11:01'], serial: 'SN1' }, 'node-09'],
])('with %s it is the same machine: its hold, its protection and what became of its job stand', (_, identity, name) => {
  const held = apply(base, PROTECTED, [4, e.hold()], load(5, other));
  const edited = load(8, { ...spec, name, identity }, other);
  const fleet = apply(held, edited);
  expect(standing(fleet, name)).toEqual(STANDS);
  expect(fleet.left).toBeUndefined();
  expect(stateOf(apply(gone, edited), name).endedJobs).toMatchObject([{ code: 'LEFT_INVENTORY' }]);
});

test('of two files that share a name with one that left neither has another name of it, and the one that is it whole comes back', () => {
  const held = apply(fleetOf(spec), PROTECTED, [4, e.hold()], load(5));
  const like = { ...spec, name: 'node-08', identity: { macs: ['52:54:00:00:00:08'], serial: 'SN1' } };
  const alike = { ...spec, name: 'node-09', identity: { macs: ['52:54:00:00:00:09'], serial: 'SN1' } };
  const doubted = apply(held, load(8, like, alike));
  expect([standing(doubted, 'node-08'), standing(doubted, 'node-09')]).toEqual([NONE, NONE]);
  expect(Object.keys(doubted.left ?? {})).toEqual(['node-01']);
  const whole = apply(held, load(8, like, { ...spec, name: 'node-07' }));
  expect([standing(whole, 'node-08'), standing(whole, 'node-07')]).toEqual([NONE, STANDS]);
});

test('the neighbour in its chassis, which has the serial of that too, takes nothing of it away', () => {
  const blade = (name: string, at: number): NodeSpec => ({
    ...spec,
    name,
    identity: { macs: [`52:54:00:00:01:0${at}`], serial: 'CHASSIS', boardSerial: `B${at}` },
  });
  const held = apply(fleetOf(blade('node-01', 1)), PROTECTED, [4, e.hold()], load(5));
  const beside = apply(held, load(8, blade('node-02', 2)));
  expect(standing(beside, 'node-02')).toEqual(NONE);
  expect(standing(apply(beside, load(11, blade('node-01', 1), blade('node-02', 2))))).toEqual(STANDS);
});

test('what was said of a name stands for another machine that has it now, and nothing else does', () => {
  const held = apply(base, PROTECTED, [4, e.hold()], load(5, other));
  const another = { ...spec, identity: { macs: ['52:54:00:77:77:77'], serial: 'SN7' } };
  const fleet = apply(held, load(8, another, other));
  expect(standing(fleet)).toEqual(STANDS);
  expect([stateOf(fleet).endedJobs, stateOf(fleet).attempt, fleet.left]).toEqual([[], undefined, undefined]);
  expect(stateOf(fleet).evidence.map(({ text }) => text)).toEqual([
    'inventory: another machine has this name now; it is held and protected as the one before',
  ]);
});

test('another machine under the name is another machine, and nothing is remembered then', () => {
  const another = { ...spec, identity: { macs: ['52:54:00:77:77:77'], serial: 'SN7' } };
  const fleet = apply(gone, load(8, another, other));
  expect([rowOf(fleet).disarmed, stateOf(fleet).evidence, fleet.left]).toEqual([undefined, [], undefined]);
});

test('so many are remembered for so long, the newest', () => {
  const many = Array.from({ length: LEFT_KEPT + 10 }, (_, i) =>
    specOf(`m${i}`, { identity: { macs: [`52:54:01:00:0${i >> 8}:${(i & 255).toString(16).padStart(2, '0')}`] } }),
  );
  const jobs = many.map(({ name }): Timed => [1, armed('install', { node: name, job: `job-${name}` })]);
  const left = apply(fleetOf(...many), ...jobs, load(5, ...many.slice(0, 20)), load(6));
  expect(Object.keys(left.left ?? {})).toHaveLength(LEFT_KEPT);
  expect(left.left?.['m0']).toBeDefined();
  expect(apply(left, load(6 + LEFT_MS / 1000)).left).toBeUndefined();
});

test('what forbids is kept of all of them, for ever, over a snapshot too', () => {
  const many = Array.from({ length: LEFT_KEPT + 44 }, (_, i) => specOf(`m${String(i + 1).padStart(4, '0')}`));
  const [first, second] = ['m0299', 'm0300'];
  const read = (seconds: number, ...nodes: readonly NodeSpec[]): Timed => {
    const [, body] = load(seconds, ...nodes);
    return [seconds, { ...body, follows: true, guards: true, keepsOrders: true } as typeof body];
  };
  const orders = many.flatMap(({ name }): Timed[] => [
    [1, { type: 'operator.protected', node: name, why: 'the only copy', by: ACTOR }],
    [2, { type: 'operator.held', node: name, why: 'in repair', by: ACTOR }],
  ]);
  const left = apply(fleetOf(...many), ...orders, read(5));
  const saved = parseFleet(JSON.parse(fleetText(left)));
  if (!saved.ok) throw new Error(saved.error);
  const after = apply(saved.value, read(6 + LEFT_MS / 1000), read(9 + (30 * LEFT_MS) / 1000, ...many));
  for (const name of ['m0001', first, second]) {
    expect(stateOf(after, name)).toMatchObject({ guard: { why: 'the only copy' }, intent: { is: 'hold' } });
  }
  expect(after.left).toBeUndefined();
  // What was seen of them is not kept for so long.
  expect(Object.values(apply(left, read(6 + LEFT_MS / 1000)).left ?? {})).toHaveLength(many.length);
  const older = apply(fleetOf(...many), ...orders, [5, { ...read(5)[1], keepsOrders: undefined } as never]);
  expect(Object.keys(older.left ?? {})).toHaveLength(LEFT_KEPT);
});

test('a journal of an older version gives what it gave', () => {
  const old = ([seconds, body]: Timed): Timed => [
    seconds,
    {
      type: 'inventory.loaded',
      nodes: 'nodes' in body ? (body.nodes as readonly NodeSpec[]) : [],
      site: 'lab',
      hash: 'x',
      warnings: [],
    },
  ];
  const fleet = apply(base, old(load(5, other)), old(load(8, spec, other)));
  expect([fleet.left, stateOf(fleet).endedJobs, stateOf(fleet).evidence]).toEqual([undefined, [], []]);
});

test('log, screen and status tell of it: that it is out, and that it is in again unarmed', () => {
  const lines: string[] = [];
  const look = createDisarmLog(base, ({ node, level, text }) => lines.push(`${node} ${level}: ${text}`));
  look({ ...load(5, other)[1], time: at(5) } as Parameters<typeof look>[0], gone);
  look({ ...load(8, spec, other)[1], time: at(8) } as Parameters<typeof look>[0], back);
  expect(lines).toEqual([
    'node-01 warn: inventory: it is not in it any more: its install job (armed by ada) is ended; it is a stranger now',
    `node-01 warn: inventory: it is in it again, and not armed: ${NOTE}`,
  ]);
  expect(disarmNews(gone, back)).toBe(`node-01: it is in the inventory again: ${NOTE}`);
  expect(newsBetween(base, gone)).toEqual([
    { node: 'node-01', text: 'it left the inventory, and its install job with it' },
  ]);
  expect(newsBetween(gone, back)).toEqual([{ node: 'node-01', text: `it is in the inventory again: ${NOTE}` }]);
  expect(newsBetween(base, back)).toEqual([{ node: 'node-01', text: NOTE }]);
  expect(standingNews(back)).toEqual([{ node: 'node-01', text: NOTE }]);
  const out = 'it left the inventory, and that ended its install job; its file, if it comes back, arms nothing';
  expect(siteLines(gone, at(9))).toContain(`node-01, 4 s ago: ${out}`);
  expect(siteLines(back, at(9)).join()).not.toContain('node-01');
});
