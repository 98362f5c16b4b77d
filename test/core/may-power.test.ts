import { describe, expect, test } from 'vitest';
import type { BmcIdentity } from '../../src/core/bmc.ts';
import { bmcConflict } from '../../src/core/bmc-conflict.ts';
import type { EventBody } from '../../src/core/event.ts';
import { type Fleet, putNode } from '../../src/core/fleet.ts';
import { type BmcOrder, bmcUnread, mayPower } from '../../src/core/may-power.ts';
import type { NodeSpec } from '../../src/core/spec.ts';
import { bodiesOf } from './bodies.ts';
import { ACTOR, apply, armed, at, fleetOf, macOf, specOf, stateOf, stored, type Timed } from './kit.ts';

const one = specOf('node-01', { identity: { macs: ['52:54:00:00:00:01'] } });
const e = bodiesOf('node-01');
const two = specOf('node-02');
const boarded = specOf('node-03', { identity: { macs: ['52:54:00:00:00:03'], boardSerial: 'BOARD3' } });

const names = (read: Partial<BmcIdentity> = {}): EventBody => ({
  type: 'bmc.identityRead',
  node: 'node-01',
  identity: { vendor: 'x', macs: [], drives: [], bootTargets: [], canInsertMedia: false, ...read },
});
const mac = (spec: NodeSpec) => [{ mac: macOf(spec), from: 'x' }];
const spent = (fleet: Fleet): Fleet => {
  const node = stateOf(fleet);
  return node.job === undefined ? fleet : putNode(fleet, { ...node, job: { ...node.job, spentAt: at(3) } });
};
const fleetAfter = (...events: readonly Timed[]) => apply(fleetOf(one, two, boarded), ...events);

describe('whose machine a BMC names', () => {
  test.each<readonly [string, Partial<BmcIdentity>, RegExp | undefined]>([
    ['its own MAC is no conflict', { macs: mac(one) }, undefined],
    ['nothing that the inventory knows is none', { macs: [{ mac: '52:54:00:00:00:99', from: 'x' }] }, undefined],
    ['the MAC of another is one', { macs: mac(two) }, /BMC of node-01 reports MAC 52:54:00:00:00:02.* node-02/],
    ['the MAC of another beside its own is one', { macs: [...mac(one), ...mac(two)] }, /MAC .* node-02/],
    ['the serial of another', { serial: two.identity.serial ?? '' }, /serial CZJ0240K.* node-02/],
    ['the serial of another, as service tag', { sku: ' czj0240k ' }, /serial.* node-02/],
    ['the serial of its chassis, beside its own MAC, is none', { serial: 'CZJ0240K', macs: mac(one) }, undefined],
    [
      'the UUID of another, in the other byte order',
      { uuid: '44454c4c-5600-1035-8052-000000000002' },
      /UUID.* node-02/,
    ],
    ['the board of another', { boardSerial: 'board3' }, /board serial board3.* node-03/],
    ['names that nobody filled in are none', { serial: 'Default string', uuid: '0' }, undefined],
  ])('%s', (_, read, expected) => {
    const fleet = fleetAfter([1, names(read)]);
    const why = bmcConflict(fleet, stateOf(fleet));
    if (expected === undefined) expect(why).toBeUndefined();
    else expect(why).toMatch(expected);
    expect(stateOf(fleet).health.is).toBe(expected === undefined ? 'ok' : 'conflict');
  });

  test('the conflict holds the job, and no release lifts what the BMC says', () => {
    const held = fleetAfter([1, armed('inspect')], [2, stored()], [3, names({ macs: mac(two) })]);
    expect(stateOf(held).job?.suspended).toEqual({ at: at(3), code: 'IDENTITY_CONFLICT' });
    const released = apply(held, [4, { type: 'operator.released', node: 'node-01', by: ACTOR }]);
    expect(stateOf(released).health.is).toBe('ok');
    expect(mayPower(released, 'node-01', order({ wants: 'power' }))).toMatchObject({ error: { code: 'notOurs' } });
    const again = apply(
      released,
      [5, { type: 'operator.cancelled', node: 'node-01', by: ACTOR }],
      [6, armed('inspect')],
    );
    expect(stateOf(again).job).toBeUndefined();
  });

  test('the inventory that gives the MAC to this node lifts it', () => {
    const held = fleetAfter([1, names({ macs: mac(two) })]);
    const mended = { ...one, identity: { macs: [macOf(two)] } };
    const nodes = [mended, { ...two, identity: { macs: [macOf(one)] } }, boarded];
    const loaded = apply(held, [2, { type: 'inventory.loaded', nodes, site: 'lab', hash: 'i', warnings: [] }]);
    expect(bmcConflict(loaded, stateOf(loaded))).toBeUndefined();
  });

  test('a job that writes already is not disturbed', () => {
    const writing = spent(fleetAfter([1, armed('install')], [2, stored()]));
    const held = apply(writing, [4, names({ macs: mac(two) })]);
    expect(stateOf(held)).toMatchObject({ health: { is: 'conflict' }, job: { id: 'job-1' } });
    expect(stateOf(held).job?.suspended).toBeUndefined();
  });
});

function order(changes: Partial<BmcOrder> & Pick<BmcOrder, 'wants'>): BmcOrder {
  if (one.bmc === undefined) throw new Error('no BMC');
  return { bmc: one.bmc, ...changes };
}

describe('an order to a BMC', () => {
  const ours = [3, names({ macs: mac(one) })] as const;
  const ready = (...more: readonly Timed[]) => fleetAfter([1, armed('install')], [2, stored()], ours, ...more);
  const job = 'job-1';
  const booted = ready([8, e.discover(7)], [9, e.script('install')]);
  const moved = { ...one, bmc: { ...order({ wants: 'set' }).bmc, url: 'https://10.0.0.77' } };
  const shut = { ...one, protected: true };
  const loaded = (...nodes: readonly NodeSpec[]): EventBody => ({
    type: 'inventory.loaded',
    nodes,
    site: 'lab',
    hash: 'j',
    warnings: [],
  });
  test.each<readonly [string, Fleet, BmcOrder, 'goes' | 'held' | 'heldBack' | 'notOurs']>([
    ['of a stored job goes', ready(), order({ wants: 'power', job }), 'goes'],
    ['of a job that is not on disk does not', fleetAfter([1, armed('install')]), order({ wants: 'set', job }), 'held'],
    ['of another job does not', ready(), order({ wants: 'set', job: 'job-0' }), 'held'],
    [
      'of a job whose BMC has another address now does not',
      ready([4, loaded(moved, two)]),
      order({ wants: 'power', job }),
      'heldBack',
    ],
    ['of a machine that left does not', ready([4, loaded(two)]), order({ wants: 'takeBack', job }), 'held'],
    [
      'while the panic key is pressed does not',
      ready([4, { type: 'site.panicSwitched', on: true, by: ACTOR }]),
      order({ wants: 'power', job }),
      'heldBack',
    ],
    [
      'that nobody waits for any more is not held back by it',
      spent(ready([4, { type: 'site.panicSwitched', on: true, by: ACTOR }])),
      order({ wants: 'power', job }),
      'held',
    ],
    [
      'of a machine that its file protects since does not',
      ready([4, loaded(shut, two)]),
      order({ wants: 'power', job }),
      'heldBack',
    ],
    ['nor does what sets its override', ready([4, loaded(shut, two)]), order({ wants: 'set', job }), 'heldBack'],
    ['to take that back goes', ready([4, loaded(shut, two)]), order({ wants: 'takeBack', job }), 'goes'],
    ['by hand goes to it', ready([4, loaded(shut, two)]), order({ wants: 'power' }), 'goes'],
    [
      'of a job that writes nothing goes to it',
      fleetAfter([1, armed('inspect')], [2, stored()], ours, [4, loaded(shut, two)]),
      order({ wants: 'power', job }),
      'goes',
    ],
    [
      'of a machine whose plan is another one now does not',
      ready([4, { type: 'job.compared', node: 'node-01', job, differs: 'the plan is another one' }]),
      order({ wants: 'power', job }),
      'heldBack',
    ],
    [
      'of an operator goes even then',
      ready([4, { type: 'site.panicSwitched', on: true, by: ACTOR }]),
      order({ wants: 'power' }),
      'goes',
    ],
    ['to power a machine whose disk is being written does not', spent(ready()), order({ wants: 'power', job }), 'held'],
    ['for a boot that is over by now does not', spent(ready()), order({ wants: 'set', job }), 'held'],
    [
      'for a boot that has its script by now does not',
      booted,
      { ...order({ wants: 'power', job }), notAfter: at(5) },
      'held',
    ],
    ['for the boot after that one goes', booted, { ...order({ wants: 'power', job }), notAfter: at(9) }, 'goes'],
    [
      'for a boot that was sent to its disk goes',
      ready([8, e.discover(7)], [9, e.script('local')]),
      { ...order({ wants: 'power', job }), notAfter: at(5) },
      'goes',
    ],
    ['by hand goes', fleetAfter(ours), order({ wants: 'power' }), 'goes'],
    ['to the BMC of another does not', ready([4, names({ macs: mac(two) })]), order({ wants: 'set', job }), 'notOurs'],
    [
      'by hand to the BMC of another does not',
      fleetAfter([3, names({ macs: mac(two) })]),
      order({ wants: 'power' }),
      'notOurs',
    ],
    [
      'to take back what a job left goes after the job',
      ready([4, { type: 'operator.cancelled', node: 'node-01', by: ACTOR }]),
      order({ wants: 'takeBack', job }),
      'goes',
    ],
    [
      'to take back goes to the machine that is ours alone',
      ready([4, names({ macs: mac(two) })], [5, { type: 'operator.cancelled', node: 'node-01', by: ACTOR }]),
      order({ wants: 'takeBack', job }),
      'notOurs',
    ],
  ])('%s', (_, fleet, asked, expected) => {
    const may = mayPower(fleet, 'node-01', asked);
    expect(may.ok ? 'goes' : may.error.code).toBe(expected);
    if (!may.ok) expect(may.error.message).toMatch(/^Nothing more was sent to its BMC: .+\.$/);
  });
});

test('who a BMC names is asked anew after a start, behind another certificate, and at another address', () => {
  const unread = (fleet: Fleet) => bmcUnread(fleet, stateOf(fleet));
  expect(unread(fleetAfter())).toBe(true);
  const read = fleetAfter([1, names()]);
  expect(unread(read)).toBe(false);
  expect(unread(apply(read, [2, { type: 'engine.started', simulated: false, version: '1' } as EventBody]))).toBe(true);
  const trust = (fingerprint: string): EventBody => ({
    type: 'site.fingerprintTrusted',
    node: 'node-01',
    fingerprint,
    by: ACTOR,
  });
  expect(unread(apply(read, [2, trust('AA')]))).toBe(true);
  expect(unread(apply(read, [2, trust('AA')], [3, names()], [4, trust('AA')]))).toBe(false);
});
