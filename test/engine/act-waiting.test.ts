import { expect, test } from 'vitest';
import { emptyFleet, nodeOf } from '../../src/core/fleet.ts';
import type { JobKind } from '../../src/core/job.ts';
import type { NodeState } from '../../src/core/node.ts';
import { fail, ok, type Result } from '../../src/core/result.ts';
import { wavesAwaiting } from '../../src/core/wave-places.ts';
import { type ActParts, act } from '../../src/engine/act.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
import { createOrdersUnderWay } from '../../src/engine/orders-under-way.ts';
import { previewNodes } from '../../src/engine/preview.ts';
import { ACTOR, planOf, specOf, T0 } from '../core/kit.ts';

/** A machine that waits in a wave is erased by it, whatever was done to it meanwhile: nothing else that erases is armed on it. */

const names = ['node-01', 'node-02', 'node-03'];
const last = 'node-03';

async function started(kind: JobKind) {
  const engine = createEngine({
    fleet: emptyFleet(T0),
    journal: { append: () => 0, durable: async () => ok(undefined) },
    effects: { run: () => undefined },
    now: () => T0,
  });
  engine.emit({
    type: 'inventory.loaded',
    nodes: names.map((name) => specOf(name)),
    site: 'lab',
    hash: 'h',
    warnings: [],
  });
  let jobs = 0;
  const shown = { script: '', kernelArgs: [], config: '', warnings: [], image: '' };
  const plan = async ({ name }: NodeState, of: JobKind) =>
    ok({ rendered: { node: name, plan: planOf(of), artefactsProven: true }, shown });
  const parts = {
    engine,
    planner: { plan },
    rendered: { put: () => undefined },
    newId: () => `id-${++jobs}`,
    audit: { append: async () => ok(undefined) },
    readOnly: false,
    underWay: createOrdersUnderWay(),
  } as unknown as ActParts;
  const session = { actor: ACTOR, mayWrite: true };
  const wave = (of: JobKind, nodes: readonly string[]): Promise<Result<string>> => {
    const size = { canary: 0, width: 1, stopAfterFailures: 1 };
    const confirmed = nodes.length === 1 ? (nodes[0] ?? '') : `ERASE ${nodes.length}`;
    return act(parts, { type: 'wave', kind: of, nodes, planHashes: {}, confirmed, ...size }, session);
  };
  expect((await wave(kind, names)).ok).toBe(true);
  const [id = ''] = Object.keys(engine.fleet().waves);
  await act(parts, { type: 'wavePause', wave: id }, session);
  const arm = (of: JobKind, name: string): Promise<Result<string>> =>
    act(parts, { type: 'arm', kind: of, nodes: [name], planHashes: {}, confirmed: name }, session);
  const look = async (of: JobKind) => {
    const seen = await previewNodes(parts, [last], of);
    return seen.ok ? seen.value.map(({ refusals, warnings }) => ({ refusals, warnings })) : [];
  };
  const cancel = (name: string) => act(parts, { type: 'cancel', nodes: [name] }, session);
  const jobOf = (name: string) => nodeOf(engine.fleet(), name)?.job?.kind;
  return { engine, id, wave, arm, look, cancel, jobOf };
}

const against = (id: string, kind: JobKind): string =>
  `${last} waits in wave ${id} (${kind}, paused), which would write its disk once more: \`crashcart cancel ${last}\` takes it out, \`crashcart wave cancel ${id}\` ends the wave`;

test.each(['reinstall', 'wipe', 'install'] as const)(
  '%s by itself is refused with the name of the wave, and its preview says it before',
  async (kind) => {
    const { id, arm, look, cancel, jobOf, engine } = await started('reinstall');
    expect(await look(kind)).toEqual([{ refusals: [against(id, 'reinstall')], warnings: [] }]);
    expect(await arm(kind, last)).toEqual(fail(against(id, 'reinstall')));
    expect(jobOf(last)).toBeUndefined();
    expect((await cancel(last)).ok).toBe(true);
    expect((await arm(kind, last)).ok).toBe(true);
    expect([jobOf(last), wavesAwaiting(engine.fleet(), last)]).toEqual([kind, []]);
  },
);

test('a second wave over it is refused too', async () => {
  const { id, wave } = await started('install');
  expect(await wave('reinstall', [last])).toEqual(fail(against(id, 'install')));
});

test('what writes nothing is armed, and its preview names the wave that comes after it', async () => {
  const { id, arm, look, jobOf } = await started('reinstall');
  expect(await look('inspect')).toEqual([
    { refusals: [], warnings: [expect.stringContaining(`waits in wave ${id} (reinstall, paused), which arms it`)] },
  ]);
  expect((await arm('inspect', last)).ok).toBe(true);
  expect(jobOf(last)).toBe('inspect');
});

test('a wave that writes nothing is no reason against what does', async () => {
  const { arm, jobOf } = await started('inspect');
  expect((await arm('reinstall', last)).ok).toBe(true);
  expect(jobOf(last)).toBe('reinstall');
});
