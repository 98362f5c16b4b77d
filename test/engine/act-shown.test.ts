import { expect, test } from 'vitest';
import { emptyFleet, nodeOf } from '../../src/core/fleet.ts';
import { identityKey } from '../../src/core/identity.ts';
import { fail, ok } from '../../src/core/result.ts';
import type { NodeSpec } from '../../src/core/spec.ts';
import { type ActParts, act } from '../../src/engine/act.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
import { createOrdersUnderWay } from '../../src/engine/orders-under-way.ts';
import { previewNodes } from '../../src/engine/preview.ts';
import { ACTOR, planOf, specOf, T0 } from '../core/kit.ts';

/** Between the page that was looked at and what was typed, files change: what is armed is the machine that was shown. */

const one = 'node-01';
const PLAN = planOf('reinstall');
const other = specOf('node-07').identity;

function open(whilePlanned: () => void = () => undefined) {
  const engine = createEngine({
    fleet: emptyFleet(T0),
    journal: { append: () => 0, durable: async () => ok(undefined) },
    effects: { run: () => undefined },
    now: () => T0,
  });
  const load = (changes: Partial<NodeSpec> = {}): void =>
    engine.emit({
      type: 'inventory.loaded',
      nodes: [specOf(one, changes)],
      site: 'lab',
      hash: 'h',
      warnings: [],
      remembers: true,
      follows: true,
    });
  load();
  let jobs = 0;
  const shown = { script: '', kernelArgs: [], config: '', warnings: [], image: '' };
  const plan = async () => {
    whilePlanned();
    return ok({ rendered: { node: one, plan: PLAN, artefactsProven: true }, shown });
  };
  const parts = {
    engine,
    planner: { plan },
    rendered: { put: () => undefined },
    newId: () => `job-${++jobs}`,
    audit: { append: async () => ok(undefined) },
    readOnly: false,
    underWay: createOrdersUnderWay(),
  } as unknown as ActParts;
  const look = async () => {
    const seen = await previewNodes(parts, [one], 'reinstall');
    if (!seen.ok) throw new Error(seen.error);
    return Object.fromEntries(seen.value.map(({ node, planHash }) => [node, planHash]));
  };
  const arm = (planHashes: Readonly<Record<string, string>>) =>
    act(
      parts,
      { type: 'arm', kind: 'reinstall', nodes: [one], planHashes, confirmed: one },
      { actor: ACTOR, mayWrite: true },
    );
  const wave = (planHashes: Readonly<Record<string, string>>) => {
    const size = { canary: 0, width: 1, stopAfterFailures: 1 };
    const action = { type: 'wave', kind: 'reinstall', nodes: [one], planHashes, confirmed: one, ...size } as const;
    return act(parts, action, { actor: ACTOR, mayWrite: true });
  };
  return { engine, load, look, arm, wave };
}

const REFUSED = fail(`${one}: its identity in the inventory changed since it was shown; look at it again`);

test.each(['arm', 'wave'] as const)('a file that names another machine by then: %s is refused', async (way) => {
  const { engine, load, look, ...ways } = open();
  const seen = await look();
  load({ identity: other });
  expect(await ways[way](seen)).toEqual(REFUSED);
  expect(nodeOf(engine.fleet(), one)?.job).toBeUndefined();
  expect((await ways[way](await look())).ok).toBe(true);
});

test('also one that changes while the plan is made for the last time', async () => {
  let change = (): void => undefined;
  const { engine, load, look, arm } = open(() => change());
  const seen = await look();
  change = () => {
    const is = nodeOf(engine.fleet(), one)?.spec.identity;
    if (is !== undefined && identityKey(is) !== identityKey(other)) load({ identity: other });
  };
  expect(await arm(seen)).toEqual(REFUSED);
});

test.each([
  ['asset', { asset: 'A-2' }],
  ['switch port', { switchPort: 'sw1/2' }],
])('also one that has another %s by then', async (_, named) => {
  const { load, look, arm } = open();
  const seen = await look();
  load({ identity: { ...specOf(one).identity, ...named } });
  expect(await arm(seen)).toEqual(REFUSED);
});

test.each(['arm', 'wave'] as const)('one without macs in its file is refused: %s', async (way) => {
  const { engine, load, look, ...ways } = open();
  load({ identity: { macs: [], serial: 'SN1' } });
  const refused = `${one} has no macs in its file: it cannot be armed until one is written there, or adopted`;
  expect(await ways[way](await look())).toEqual(fail(refused));
  expect(nodeOf(engine.fleet(), one)?.job).toBeUndefined();
});

test('another edit that leaves the plan as it is, is none of it', async () => {
  const { load, look, arm } = open();
  const seen = await look();
  load({ place: { rack: 'r09', unit: 4, height: 1 } });
  expect(await arm(seen)).toEqual(ok(`${one} armed: reinstall`));
});
