import { expect, test } from 'vitest';
import { emptyFleet, nodeOf } from '../../src/core/fleet.ts';
import type { OperatorAction } from '../../src/core/operator-action.ts';
import { fail, ok, type Result } from '../../src/core/result.ts';
import { type ActParts, act, isDoneUnsaved } from '../../src/engine/act.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
import { createOrdersUnderWay } from '../../src/engine/orders-under-way.ts';
import { specOf, T0 } from '../core/kit.ts';

function open(saved: Result<void> = ok(undefined)) {
  const stored: string[] = [];
  const audited: string[] = [];
  const engine = createEngine({
    fleet: emptyFleet(T0),
    journal: { append: (event) => stored.push(event.type), durable: async () => saved },
    effects: { run: () => undefined },
    now: () => T0,
  });
  const nodes = [specOf('node-01'), specOf('node-02', { protected: true })];
  engine.emit({ type: 'inventory.loaded', nodes, site: 'lab', hash: 'h', warnings: [] });
  const audit = {
    append: async ({ action, outcome }: { action: string; outcome: string }) =>
      ok(void audited.push(`${action}: ${outcome}`)),
  };
  const parts = { engine, audit, readOnly: false, underWay: createOrdersUnderWay() } as unknown as ActParts;
  const ask = async (action: OperatorAction, mayWrite = true) => {
    const done = await act(parts, action, { actor: { user: 'ada', from: 'tty1' }, mayWrite });
    return done.ok ? done.value : `refused: ${done.error}`;
  };
  return { ask, stored, audited, guard: () => nodeOf(engine.fleet(), 'node-01')?.guard };
}

test('protecting is stored, audited with its reason, and lifted by its own word', async () => {
  const { ask, stored, audited, guard } = open();
  expect(await ask({ type: 'protect', nodes: ['node-01'], why: ' the only copy ' })).toBe('node-01 protected');
  expect(guard()).toEqual({ since: T0, by: 'ada', why: 'the only copy' });
  expect(await ask({ type: 'unprotect', nodes: ['node-01'] })).toBe('node-01 not protected any more');
  expect(guard()).toBeUndefined();
  expect(stored.slice(1)).toEqual(['operator.protected', 'operator.unprotected']);
  expect(audited).toEqual([
    'protect " the only copy ": node-01 protected',
    'unprotect: node-01 not protected any more',
  ]);
});

test('what was done and not saved is no refusal, in the audit and in the log', async () => {
  const { ask, audited, guard } = open(fail('full'));
  const said = await ask({ type: 'protect', nodes: ['node-01'] });
  expect(said).toBe('refused: node-01 protected, but NOT SAVED: full');
  expect(guard()).toBeDefined();
  expect(audited).toEqual(['protect: node-01 protected, but NOT SAVED: full']);
  expect([isDoneUnsaved(fail(said)), isDoneUnsaved(fail('no machine is named'))]).toEqual([true, false]);
});

test.each<readonly [string, OperatorAction, string]>([
  ['of a machine that is not there', { type: 'protect', nodes: ['x'] }, 'refused: there is no machine named x'],
  ['of none', { type: 'protect', nodes: [] }, 'refused: no machine is named'],
  ['lifted where there is none', { type: 'unprotect', nodes: ['node-01'] }, 'refused: node-01 is not protected'],
  [
    'lifted where the inventory says it',
    { type: 'unprotect', nodes: ['node-02'] },
    'refused: node-02 is protected in the inventory (rack-7/node-02.yaml): change its file, or break the glass',
  ],
])('protection %s is refused', async (_name, action, said) => {
  expect(await open().ask(action)).toBe(said);
});

test('who only looks on protects nothing and releases nothing', async () => {
  const { ask } = open();
  expect(await ask({ type: 'protect', nodes: ['node-01'] }, false)).toBe('refused: this screen is read-only');
  await ask({ type: 'protect', nodes: ['node-01'] });
  expect(await ask({ type: 'unprotect', nodes: ['node-01'] }, false)).toBe('refused: this screen is read-only');
});
