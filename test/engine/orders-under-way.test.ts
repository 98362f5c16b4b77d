import { describe, expect, test } from 'vitest';
import { emptyFleet, nodesOf } from '../../src/core/fleet.ts';
import type { OperatorAction } from '../../src/core/operator-action.ts';
import { fail, ok } from '../../src/core/result.ts';
import { type ActParts, act, NONE_PLANNED, type Session } from '../../src/engine/act.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
import { createOrdersUnderWay } from '../../src/engine/orders-under-way.ts';
import { previewNodes } from '../../src/engine/preview.ts';
import { ACTOR, planOf, specOf, T0 } from '../core/kit.ts';

/** What forbids an order while its plans are made: it stands in no state yet. */

const [one, two, three] = ['node-01', 'node-02', 'node-03'] as const;
const bob = { user: 'bob', from: 'tty2' };

function open(names: readonly string[] = [one, two, three]) {
  const engine = createEngine({
    fleet: emptyFleet(T0),
    journal: { append: () => 0, durable: async () => ok(undefined) },
    effects: { run: () => undefined },
    now: () => T0,
  });
  const nodes = names.map((name) => specOf(name));
  engine.emit({ type: 'inventory.loaded', nodes, site: 'lab', hash: 'h', warnings: [], remembers: true });
  const planned = Promise.withResolvers<void>();
  const shown = { script: '', kernelArgs: [], config: '', warnings: [], image: '' };
  const audited: string[] = [];
  let jobs = 0;
  const parts = {
    engine,
    planner: {
      plan: async ({ name: node }: { name: string }) => {
        await planned.promise;
        return ok({ rendered: { node, plan: planOf('reinstall'), artefactsProven: true }, shown });
      },
    },
    rendered: { put: () => undefined },
    newId: () => `job-${++jobs}`,
    audit: {
      append: async ({ action }: { action: string }) => {
        audited.push(action);
        return ok(undefined);
      },
    },
    readOnly: false,
    underWay: createOrdersUnderWay(),
  } as unknown as ActParts;
  const order = (way: 'arm' | 'wave', of: readonly string[] = [one, two], more: Partial<Session> = {}) => {
    const kind = { kind: 'reinstall', nodes: of, planHashes: {}, confirmed: `ERASE ${of.length}` } as const;
    const size = { canary: 0, width: 1, stopAfterFailures: 1 };
    const action: OperatorAction = way === 'arm' ? { type: 'arm', ...kind } : { type: 'wave', ...kind, ...size };
    return act(parts, action, { actor: ACTOR, mayWrite: true, ...more });
  };
  const ask = (action: OperatorAction, mayWrite = true) => act(parts, action, { actor: bob, mayWrite });
  const armed = () => nodesOf(engine.fleet()).flatMap(({ name, job }) => (job === undefined ? [] : [name]));
  const waves = () => Object.keys(engine.fleet().waves);
  return { parts, order, ask, armed, waves, audited, plan: planned.resolve };
}

const TOLD =
  'reinstall of 2 machines, ordered by ada@tty1, was being planned: it is refused, and nothing of it is armed';

describe.each(['arm', 'wave'] as const)('%s: refused at once, whole and with its reason', (way) => {
  test.each<readonly [string, OperatorAction, string, string]>([
    ['a cancel', { type: 'cancel', nodes: [two] }, 'cancelled', `${two} cancelled; ${TOLD}`],
    ['a hold', { type: 'hold', nodes: [two], why: 'fan' }, 'forbidden (hold)', `${two} on hold; ${TOLD}`],
    ['a protection', { type: 'protect', nodes: [two] }, 'forbidden (protect)', `${two} protected; ${TOLD}`],
    ['PANIC', { type: 'panic', on: true }, 'forbidden (PANIC)', `PANIC: every answer is now \`local\`; ${TOLD}`],
    ['a withdrawal', { type: 'withdraw', nodes: [two] }, 'withdrawn', TOLD],
    ['a withdrawal of all', { type: 'withdraw', nodes: [], all: true }, 'withdrawn', TOLD],
  ])('%s', async (_, action, verb, said) => {
    const { order, ask, armed, waves, plan } = open();
    const asked = order(way);
    expect(await ask(action)).toEqual(ok(said));
    expect(await asked).toEqual(fail(`it was ${verb} by bob@tty2 while it was planned`));
    if (action.type === 'panic') await ask({ type: 'panic', on: false });
    plan();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect([armed(), waves()]).toEqual([[], []]);
  });

  test('whoever ordered it may not order any more', async () => {
    const { order, armed, waves, plan } = open();
    let why: string | undefined;
    const asked = order(way, [one, two], { lost: () => why });
    why = 'bob took the write side';
    plan();
    expect(await asked).toEqual(fail('bob took the write side while it was planned'));
    expect([armed(), waves()]).toEqual([[], []]);
  });

  test('what is meant for another machine leaves it alone, and what is armed is withdrawn no more', async () => {
    const { order, ask, plan, armed, audited } = open();
    const asked = order(way);
    await ask({ type: 'cancel', nodes: [three] });
    expect(await ask({ type: 'withdraw', nodes: [three] })).toEqual(ok(NONE_PLANNED));
    plan();
    expect((await asked).ok).toBe(true);
    expect(armed()).toContain(one);
    expect(await ask({ type: 'withdraw', nodes: [], all: true }, false)).toEqual(ok(NONE_PLANNED));
    expect(audited.filter((action) => action === 'withdraw')).toEqual([]);
  });
});

describe('who has not the write side', () => {
  const session = { actor: bob, mayWrite: false, mayForbid: true };
  test.each<OperatorAction>([
    { type: 'withdraw', nodes: [one] },
    { type: 'cancel', nodes: [one] },
    { type: 'hold', nodes: [one], why: 'fan' },
    { type: 'protect', nodes: [one] },
    { type: 'panic', on: true },
  ])('forbids while a command has it: $type', async (action) => {
    const { parts, order } = open();
    const asked = order('arm');
    expect(await act(parts, action, { ...session, mayForbid: false })).toMatchObject({ ok: false });
    expect(await act(parts, action, session)).toMatchObject({ ok: true });
    expect(await asked).toEqual(fail(expect.stringMatching(/ by bob@tty2 while it was planned$/)));
  });

  test.each<OperatorAction>([
    { type: 'release', nodes: [one] },
    { type: 'unprotect', nodes: [one] },
    { type: 'retry', nodes: [one] },
    { type: 'panic', on: false },
    { type: 'power', nodes: [one], action: 'off' },
    { type: 'arm', kind: 'install', nodes: [one], planHashes: {} },
  ])('lets nothing go: $type', async (action) => {
    const { parts } = open();
    expect(await act(parts, action, session)).toEqual(fail('this screen is read-only'));
  });
});

describe('a command that came before a cancel and orders after it', () => {
  const cancel: OperatorAction = { type: 'withdraw', nodes: [one] };
  test.each<[string, OperatorAction, Partial<Session>, boolean]>([
    ['is refused', cancel, { since: T0 - 1 }, false],
    ['where all were meant too', { ...cancel, nodes: [], all: true }, { since: T0 - 1 }, false],
    ['where another machine was meant it is armed', { ...cancel, nodes: [three] }, { since: T0 - 1 }, true],
    ['as is one that came later', cancel, { since: T0 }, true],
    ['and what a person confirms on a screen', cancel, {}, true],
  ])('%s', async (_, action, more, isArmed) => {
    const { order, ask, armed, plan } = open();
    expect(await ask(action)).toEqual(ok(NONE_PLANNED));
    plan();
    const said = await order('arm', [one, two], more);
    expect([said.ok, armed()]).toEqual(isArmed ? [true, [one, two]] : [false, []]);
    if (!said.ok) expect(said.error).toBe('it was withdrawn by bob@tty2 while it was planned');
  });
});

test('only who has the write side withdraws what there is', async () => {
  const { order, ask, plan } = open();
  const asked = order('arm');
  expect((await ask({ type: 'withdraw', nodes: [one] }, false)).ok).toBe(false);
  expect((await ask({ type: 'withdraw', nodes: [one, 'node-9'] })).ok).toBe(false);
  plan();
  expect((await asked).ok).toBe(true);
});

test('between two turns of the arming of many it ends those that are armed already', async () => {
  const many = Array.from({ length: 70 }, (_, index) => `node-${index + 1}`);
  const { parts, order, ask, armed, plan } = open(many);
  const withdrawn = new Promise((resolve) =>
    parts.engine.follow((event) => {
      if (event.type !== 'operator.armed' || event.node !== 'node-3') return;
      resolve(ask({ type: 'withdraw', nodes: ['node-60'] }));
    }),
  );
  const asked = order('arm', many);
  plan();
  expect(await withdrawn).toMatchObject({ ok: true });
  expect(await asked).toEqual(fail('it was withdrawn by bob@tty2 while it was planned'));
  expect(armed()).toEqual([]);
});

describe('the page that a command looks at before it orders', () => {
  const ADA: Session = { actor: ACTOR, mayWrite: true };

  test('is an order under way', async () => {
    const { parts, ask } = open();
    const seen = previewNodes(parts, [one, two], 'reinstall', { ...ADA, brief: true });
    expect(await ask({ type: 'withdraw', nodes: [], all: true })).toEqual(ok(TOLD));
    expect(await seen).toEqual(fail('it was withdrawn by bob@tty2 while it was planned'));
  });

  test('that of a screen is not, nor that of who may not order', async () => {
    const { parts, ask, plan } = open();
    const seen = [ADA, { ...ADA, brief: true, mayWrite: false }].map((who) =>
      previewNodes(parts, [one], 'reinstall', who),
    );
    expect(await ask({ type: 'withdraw', nodes: [], all: true })).toEqual(ok(NONE_PLANNED));
    plan();
    expect((await Promise.all(seen)).map(({ ok: isSeen }) => isSeen)).toEqual([true, true]);
  });
});
