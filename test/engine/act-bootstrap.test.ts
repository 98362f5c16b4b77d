import { expect, test } from 'vitest';
import { emptyFleet, type Fleet } from '../../src/core/fleet.ts';
import { type NodeState, newNode } from '../../src/core/node.ts';
import { fail, ok } from '../../src/core/result.ts';
import { shardMapOf } from '../../src/core/shard-map.ts';
import { type ActParts, act } from '../../src/engine/act.ts';
import { createOrdersUnderWay } from '../../src/engine/orders-under-way.ts';
import { specOf } from '../talos/specs.ts';

function nodeWith(name: string, cluster: string, changes: Partial<NodeState>): NodeState {
  const { seen = {}, ...rest } = changes;
  const node = newNode({ ...specOf({ name, role: 'controlplane' }), cluster }, 0);
  return { ...node, ...rest, seen: { address: '10.0.0.9', ...seen } };
}

async function bootstrap(...nodes: readonly NodeState[]): Promise<string> {
  const fleet: Fleet = { ...emptyFleet(0), nodes: shardMapOf(nodes.map((one) => [one.name, one] as const)) };
  const engine = { fleet: () => fleet, now: () => 1, emitDurably: async () => ok(undefined) };
  const parts = {
    engine,
    underWay: createOrdersUnderWay(),
    readOnly: false,
    audit: { append: async () => ok(undefined) },
  } as unknown as ActParts;
  const done = await act(
    parts,
    { type: 'bootstrap', node: 'a', confirmed: 'a' },
    { actor: { user: 'u', from: 'test' }, mayWrite: true },
  );
  return done.ok ? done.value : fail(done.error).error;
}

const running = { phase: { is: 'running', since: 0, unmet: [] } } as const;

test.each([
  ['asked of a node that runs', running, 'x', {}, 'bootstrap asked of a'],
  ['refused while it does not run', {}, 'x', {}, 'a does not run from its disk (idle)'],
  ['refused while another one of its cluster is ready', running, 'x', { seen: { readySince: 5 } }, 'x is bootstrapped'],
  [
    'refused once another one was installed and ready',
    running,
    'x',
    { seen: { installedAt: 4, readySince: 5 } },
    'x is',
  ],
  ['asked again when all was installed anew', running, 'x', { seen: { installedAt: 6, readySince: 5 } }, 'asked of a'],
  ['asked where another cluster is ready', running, 'y', { seen: { readySince: 5 } }, 'asked of a'],
  ['refused when it is ready itself', { phase: { is: 'ready', since: 0 } } as const, 'x', {}, 'a is or was ready'],
])('bootstrap is %s', async (_name, own, cluster, other, said) => {
  expect(await bootstrap(nodeWith('a', 'x', own), nodeWith('b', cluster, other))).toContain(said);
});
