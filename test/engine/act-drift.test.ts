import { describe, expect, test } from 'vitest';
import type { Drift } from '../../src/core/drift.ts';
import { openDrift } from '../../src/core/drift.ts';
import { emptyFleet, type Fleet, nodeOf } from '../../src/core/fleet.ts';
import { type NodeState, newNode } from '../../src/core/node.ts';
import type { OperatorAction } from '../../src/core/operator-action.ts';
import { reduce } from '../../src/core/reduce.ts';
import { ok } from '../../src/core/result.ts';
import { shardMapOf } from '../../src/core/shard-map.ts';
import { type ActParts, act } from '../../src/engine/act.ts';
import { adoptDrift } from '../../src/engine/act-drift.ts';
import type { DriftPort } from '../../src/engine/engine-ports.ts';
import { createOrdersUnderWay } from '../../src/engine/orders-under-way.ts';
import { arm, createTestEngine, nodeSpec } from '../netboot/boot-fixture.ts';
import { specOf } from '../talos/specs.ts';

const VERSION: Drift = { field: 'version', desired: 'v2', observed: 'v1', actions: ['reinstall', 'adopt', 'ignore'] };
const SERIAL: Drift = { field: 'serial', desired: 'S1', observed: 'S2', actions: ['adopt', 'ignore'] };
const HASH = 'a'.repeat(64);

const nodeWith = (name: string, changes: Partial<NodeState>, role = 'worker'): NodeState => ({
  ...newNode({ ...specOf({ name, role, network: { ip: '10.0.0.1' } }), cluster: 'x' }, 0),
  ...changes,
});
const fleetOf = (...nodes: readonly NodeState[]): Fleet => ({
  ...emptyFleet(0),
  nodes: shardMapOf(nodes.map((one) => [one.name, one] as const)),
});
const ready = { phase: { is: 'ready', since: 0 } } as const;
const configOf: DriftPort['configOf'] = async () =>
  ok({ text: 'x', hash: HASH, print: '', shown: () => '', diff: () => [], warnings: [], version: 'v1.13.9' });

async function ask(action: OperatorAction, ...nodes: readonly NodeState[]) {
  const emitted: unknown[] = [];
  const engine = {
    fleet: () => fleetOf(...nodes),
    now: () => 1,
    emitDurably: async (bodies: readonly unknown[]) => {
      emitted.push(...bodies);
      return ok(undefined);
    },
  };
  const adopt: DriftPort['adopt'] = async (node, drift) => ok(`adopted ${drift.field} of ${node.name}`);
  const drift = { configOf, adopt };
  const parts = {
    engine,
    drift,
    underWay: createOrdersUnderWay(),
    readOnly: false,
    audit: { append: async () => ok(undefined) },
  } as unknown as ActParts;
  const done = await act(parts, action, { actor: { user: 'u', from: 'test' }, mayWrite: true });
  return { said: done.ok ? done.value : done.error, emitted };
}

const apply = (nodes: readonly string[], confirmed: string, hash = HASH): OperatorAction => ({
  type: 'applyConfig',
  nodes,
  configHashes: Object.fromEntries(nodes.map((one) => [one, hash])),
  confirmed,
});

describe('a configuration is applied', () => {
  test.each<[string, OperatorAction, readonly NodeState[], string, number]>([
    ['to a node that runs, by its name', apply(['a'], 'a'), [nodeWith('a', ready)], 'configuration sent to a', 1],
    ['to none without the name', apply(['a'], 'b'), [nodeWith('a', ready)], 'type a to confirm', 0],
    [
      'to several by their number',
      apply(['a', 'b'], 'APPLY 2'),
      [nodeWith('a', ready), nodeWith('b', ready)],
      '2 mach',
      2,
    ],
    ['to none that changed since', apply(['a'], 'a', 'b'.repeat(64)), [nodeWith('a', ready)], 'changed since', 0],
    ['to none in maintenance mode', apply(['a'], 'a'), [nodeWith('a', {})], 'does not run from its disk', 0],
    [
      'to one control-plane node at a time',
      apply(['a', 'b'], 'APPLY 2'),
      [nodeWith('a', ready, 'controlplane'), nodeWith('b', ready, 'controlplane')],
      'one at a time',
      0,
    ],
    [
      'to none that may be another machine',
      apply(['a'], 'a'),
      [nodeWith('a', { ...ready, drift: [SERIAL] })],
      'a may be another machine (serial: S2, the inventory says S1): adopt or ignore that first',
      0,
    ],
    [
      'to one of which somebody looked at that',
      apply(['a'], 'a'),
      [
        nodeWith('a', {
          ...ready,
          drift: [SERIAL],
          driftIgnored: [{ ...SERIAL, by: { user: 'u', from: 't' }, at: 1 }],
        }),
      ],
      'configuration sent to a',
      1,
    ],
    [
      'to none on hold',
      apply(['a'], 'a'),
      [nodeWith('a', { ...ready, intent: { is: 'hold', since: 0, why: 'dimm' } })],
      'on hold: dimm',
      0,
    ],
  ])('%s', async (_name, action, nodes, said, count) => {
    const done = await ask(action, ...nodes);
    expect(done.said).toContain(said);
    expect(done.emitted).toHaveLength(count);
  });
});

test('a difference is ignored with its two values, and comes back when one of them changes', async () => {
  const node = nodeWith('a', { drift: [VERSION] });
  const { emitted, said } = await ask({ type: 'ignoreDrift', node: 'a', field: 'version', ignored: true }, node);
  expect(said).toBe('a: version ignored until it changes');
  const [body] = emitted as [Parameters<typeof reduce>[1]];
  const [fleet] = reduce(fleetOf(node), { ...body, time: 5 });
  const ignored = nodeOf(fleet, 'a');
  expect(ignored === undefined ? [] : openDrift(ignored)).toEqual([]);
  expect(openDrift({ ...ignored, drift: [{ ...VERSION, observed: 'v1.1' }] })).toHaveLength(1);
});

test.each([
  ['adopted where that is possible', VERSION, 'adopted version of a'],
  ['refused where it is not', { ...VERSION, actions: ['applyConfig', 'ignore'] } as Drift, 'cannot be adopted'],
])('a difference is %s', async (_name, drift, said) => {
  expect(
    (await ask({ type: 'adoptDrift', node: 'a', field: 'version' }, nodeWith('a', { drift: [drift] }))).said,
  ).toContain(said);
});

test('the MAC of a machine that poses as this one is not written into its file', async () => {
  const mac = '52:54:00:99:00:b1';
  const drift: Drift = { field: 'mac', desired: '52:54:00:00:00:01', observed: mac, actions: ['adopt', 'ignore'] };
  const node = nodeWith('a', { drift: [drift] });
  const posing = { mac, firstAt: 0, lastAt: 0, asks: 1, asked: 'firmware', ignored: false } as const;
  const fleet = (poses: string): Fleet => ({ ...fleetOf(node), strangers: shardMapOf([[mac, { ...posing, poses }]]) });
  const port = { configOf, adopt: async () => ok('adopted') } satisfies DriftPort;
  const wish = { type: 'adoptDrift', node: 'a', field: 'mac' } as const;
  expect(await adoptDrift(fleet('a'), port, wish)).toMatchObject({
    ok: false,
    error: expect.stringContaining('it is another machine. With its MAC in that file it would get what a is armed for'),
  });
  expect(await adoptDrift(fleet('b'), port, wish)).toEqual(ok('adopted'));
});

describe('the MAC by which a machine booted itself', () => {
  const OWN = '52:54:00:00:00:01';
  const OTHER = '52:54:00:99:00:b1';
  const HOUR = 3_600_000;
  const drift: Drift = { field: 'mac', desired: OWN, observed: OTHER, actions: ['adopt', 'ignore'] };
  const port = { configOf, adopt: async () => ok('adopted') } satisfies DriftPort;
  const adopt = (change: Parameters<typeof nodeWith>[1], at = HOUR) => {
    const node = nodeWith('a', { drift: [drift], ...change });
    const identity = { ...node.spec.identity, macs: [OWN] };
    const fleet = { ...fleetOf({ ...node, spec: { ...node.spec, identity } }), at };
    return adoptDrift(fleet, port, { type: 'adoptDrift', node: 'a', field: 'mac' });
  };

  test('is not replaced by another one while that was lately', async () => {
    const said = await adopt({ seen: { nic: { mac: OWN, at: 1 } } });
    expect(said.ok ? '' : said.error).toBe(
      `a: it booted by ${OWN} at 1970-01-01 00:00:00 UTC, and to adopt ${OTHER} would take that out of its file. If it is another NIC of a, write it into rack-7/node-01.yaml beside that one; if it is another machine, it would get what a is armed for`,
    );
  });

  test.each([
    ['which was never heard of', {}, HOUR],
    ['of which nothing was heard for an hour', { seen: { nic: { mac: OWN, at: 1 } } }, HOUR + 1],
    ['which is in its file no more', { seen: { nic: { mac: '52:54:00:00:00:07', at: 1 } } }, HOUR],
  ])('is replaced by the one that is there now, %s', async (_name, change, at) => {
    expect(await adopt(change, at)).toEqual(ok('adopted'));
  });

  test('is replaced in no file of a machine that is armed: whoever has the other one would get what that is for', async () => {
    const engine = createTestEngine([nodeSpec('a', OWN)]);
    arm(engine, 'a', 'install');
    const job = nodeOf(engine.fleet(), 'a')?.job;
    const said = await adopt({ ...(job === undefined ? {} : { job }) });
    expect(said.ok ? '' : said.error).toContain(
      `with ${OTHER} in its file whoever has that would get what it is armed for`,
    );
  });
});
