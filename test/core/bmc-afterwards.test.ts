import { describe, expect, test } from 'vitest';
import { toRow } from '../../src/cli/node-rows.ts';
import type { BmcIdentity } from '../../src/core/bmc.ts';
import { bmcDoubt } from '../../src/core/bmc-conflict.ts';
import type { EventBody } from '../../src/core/event.ts';
import { bodiesOf } from './bodies.ts';
import { apply, armed, at, fleetOf, macOf, reduceAt, specOf, stateOf, stored, type Timed, withoutBmc } from './kit.ts';

/** What stays on a BMC after a job or a crash, what is said of it, and by what it goes. */

const node = 'node-01';
const spec = specOf(node);
const other = specOf('node-02');
const e = bodiesOf(node);
const names = (read: Partial<BmcIdentity> = {}): EventBody => ({
  type: 'bmc.identityRead',
  node,
  identity: { vendor: 'x', macs: [], drives: [], bootTargets: [], canInsertMedia: false, ...read },
});
const mac = (of: typeof spec) => [{ mac: macOf(of), from: 'x' }];
const job: readonly Timed[] = [
  [0, armed('inspect')],
  [0, stored()],
];
const inserted: Timed = [3, { type: 'bmc.mediaInserted', node, job: 'job-1' }];
const takenBack: Timed = [20, { type: 'bmc.overrideCleared', node, job: 'job-1' }];
const clearsOf = (before: readonly Timed[], event: EventBody) =>
  reduceAt(apply(fleetOf(spec, other), ...before), 30, event)[1].filter((one) => one.type === 'bmc.clearOverride');
const noteOf = (...events: readonly Timed[]) =>
  toRow(stateOf(apply(fleetOf(spec, other), ...events)), { fleet: fleetOf(), nowMs: at(99) }).bmcLeft;

describe('what a job left on a BMC that was silent at its end', () => {
  const left: readonly Timed[] = [...job, [2, e.overrideSet()], [10, e.cancel()]];

  test('is taken back when the BMC says again who it is', () => {
    expect(clearsOf(left, names())).toEqual([{ type: 'bmc.clearOverride', node, job: 'job-1', media: false }]);
    expect(clearsOf([...left, inserted], names())).toMatchObject([{ media: true }]);
  });

  test.each<readonly [string, readonly Timed[], EventBody]>([
    ['a job that still goes on', [...job, [2, e.overrideSet()]], names()],
    ['a BMC that read back that it is gone', [...left, takenBack], names()],
    ['a BMC that turns out to be that of another machine', left, names({ macs: mac(other) })],
    ['a BMC that contradicts the record', left, names({ serial: 'ELSE' })],
  ])('is not taken from %s', (_, before, event) => {
    expect(clearsOf(before, event)).toEqual([]);
  });

  test('is told on the node until then', () => {
    expect(noteOf(...left, [12, names()])).toMatch(/boot override of the job that ended may still be set/);
    expect(noteOf(...left, inserted, [12, names()])).toMatch(/override and its medium/);
    expect(noteOf(...left, [12, names()], takenBack)).toBeUndefined();
    expect(noteOf(...job, [2, e.overrideSet()])).toBeUndefined();
  });
});

describe('a boot order that the end of the program broke off', () => {
  const asks = (spec_: typeof spec, ...events: readonly Timed[]) => stateOf(apply(fleetOf(spec_), ...events)).ask;
  const started: Timed = [60, e.startEngine()];

  test('is told on the node with what to do, and nothing is powered', () => {
    const [fleet, effects] = reduceAt(apply(fleetOf(spec), ...job, [2, e.overrideSet()]), 60, e.startEngine());
    expect(stateOf(fleet).ask).toMatch(/boot order was lost .*`crashcart retry node-01`/);
    expect(effects).toEqual([]);
  });

  test('stays told while its BMC says that it is off, and is over when the machine boots', () => {
    expect(asks(spec, ...job, started, [61, e.power('off')], [75, e.power('off')])).toMatch(/retry node-01/);
    expect(asks(spec, ...job, started, [90, e.discover(1)])).toBeUndefined();
  });

  test.each<readonly [string, readonly Timed[]]>([
    ['of a machine that boots by now', [...job, [9, e.discover(1)]]],
    ['of a job that writes', [...job, [10, e.script('install')], [20, e.phase('install')]]],
    ['without a job', []],
  ])('is none %s', (_, before) => {
    expect(asks(spec, ...before, started)).toBeUndefined();
  });

  test('is none of a machine that a person powers', () => {
    expect(asks(withoutBmc(spec), ...job, started)).toMatch(/power-cycle/);
  });
});

test.each<readonly [string, typeof spec, RegExp]>([
  ['a machine with a BMC', spec, /boot order was held back .*`crashcart retry node-01`/],
  ['one without', withoutBmc(spec), /power-cycle .*F12/],
])('a release after a conflict orders nothing, and says what to do: %s', (_, one, expected) => {
  const held = apply(fleetOf(one, other), ...job, [3, names({ macs: mac(other) })]);
  const [fleet, effects] = reduceAt(held, 9, e.release());
  expect(stateOf(fleet).ask).toMatch(expected);
  expect(effects).toEqual([]);
});

test('a release of what was not held says nothing of its order', () => {
  const failed = apply(fleetOf(spec), ...job, [3, e.bmcFailed('unreachable', 'power')], [4, e.release()]);
  expect(stateOf(failed).ask ?? '').not.toMatch(/held back/);
});

test('a refusal of an override whose boot is over fails no job', () => {
  const spent = [...job, [10, e.script('install')], [20, e.phase('install')]] as const;
  const writing = apply(fleetOf(spec), [0, armed('install')], ...spent.slice(1));
  expect(stateOf(writing).job?.spentAt).toBe(at(20));
  const told = apply(writing, [25, e.bmcFailed('notTaken', 'override')], [26, e.bmcFailed('unreachable', 'power')]);
  expect(stateOf(told).health).toEqual(stateOf(writing).health);
  expect(stateOf(told).seen.bmcProblem).toBeUndefined();
});

describe('a BMC that lists network cards, and none of this machine', () => {
  const byMac = specOf(node, { identity: { macs: [macOf(spec)] } });
  const foreign = [{ mac: '52:54:00:99:99:01', from: 'x' }];
  test.each<readonly [string, typeof spec, Partial<BmcIdentity>, RegExp | undefined]>([
    ['is told', byMac, { macs: foreign, serial: 'ELSE' }, /of node-01 lists the MACs 52:54:00:99:99:01, and none/],
    ['is not, where it lists one of ours beside them', byMac, { macs: [...foreign, ...mac(spec)] }, undefined],
    ['is not, where it lists none at all', byMac, { serial: 'ELSE' }, undefined],
    ['is not, where the serial number is the same', spec, { macs: foreign, serial: 'czj0140k' }, undefined],
  ])('%s', (_, one, read, expected) => {
    const state = stateOf(apply(fleetOf(one), [1, names(read)]));
    if (expected === undefined) expect(bmcDoubt(state)).toBeUndefined();
    else expect(bmcDoubt(state)).toMatch(expected);
    expect(toRow(state, { fleet: fleetOf(), nowMs: at(2) }).bmcDoubt).toBe(bmcDoubt(state));
    expect(state.health.is).toBe('ok');
  });
});
