import { expect, test } from 'vitest';
import type { Effect } from '../../src/core/effect.ts';
import type { Event, EventBody } from '../../src/core/event.ts';
import { emptyFleet } from '../../src/core/fleet.ts';
import type { OperatorAction } from '../../src/core/operator-action.ts';
import { ok } from '../../src/core/result.ts';
import { type ActParts, act } from '../../src/engine/act.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
import { createOrdersUnderWay } from '../../src/engine/orders-under-way.ts';
import { watchSaving } from '../../src/engine/watch-saving.ts';
import { openJournal } from '../../src/store/open-journal.ts';
import { bodiesOf } from '../core/bodies.ts';
import { armed, ACTOR as by, planOf, specOf, stateOf, stored, T0 } from '../core/kit.ts';
import { waitFor } from '../store/journal-kit.ts';
import { createMemoryDisk } from '../store/memory-disk.ts';

/** Power, a reset and the wipe wait for the disk: an order that is refused has done nothing, then and later. */

const names = ['node-01', 'node-02'];

async function open(limits: { readonly maxWaitingRecords?: number } = {}) {
  const disk = createMemoryDisk();
  const opened = await openJournal<Event>('/state', { disk, retryMinMs: 1, retryMaxMs: 5, ...limits });
  if (!opened.ok) throw new Error(opened.error);
  const snapshot = { seq: 0 };
  const journal = { ...opened.value, savedSeq: () => snapshot.seq };
  const sent: string[] = [];
  const run = (effect: Effect) => void sent.push(`${effect.type} ${effect.node}`);
  let nowMs = T0;
  const now = () => (nowMs += 1);
  const engine = createEngine({ fleet: emptyFleet(T0), journal, effects: { run }, now });
  const unwatch = watchSaving(engine, journal);
  const nodes = names.map((name) => specOf(name));
  await engine.emitDurably([{ type: 'inventory.loaded', nodes, site: 'lab', hash: 'h', warnings: [] }]);
  let jobs = 0;
  const planner = {
    plan: async ({ name: node }: { name: string }) => ok({ rendered: { node, plan: planOf('reinstall') } }),
  };
  const parts = {
    engine,
    planner,
    rendered: { put: () => undefined },
    newId: () => `id-${++jobs}`,
    audit: { append: async () => ok(undefined) },
    readOnly: false,
    underWay: createOrdersUnderWay(),
  } as unknown as ActParts;
  const wave = (extra: object = {}): OperatorAction => ({
    type: 'wave',
    kind: 'reinstall',
    nodes: names,
    planHashes: {},
    confirmed: 'ERASE 2',
    canary: 1,
    width: 1,
    stopAfterFailures: 1,
    ...extra,
  });
  const ask = (action: OperatorAction) => act(parts, action, { actor: by, mayWrite: true });
  let tries = 0;
  const fill = () => {
    disk.fault = (operation) => {
      if (operation !== 'write') return undefined;
      tries += 1;
      return 'ENOSPC';
    };
  };
  /** What was being written as the memory ran full is let go only when it comes back. */
  const failTwice = async () => {
    const before = tries;
    await waitFor('two more tries', () => tries >= before + 2);
  };
  const mend = async () => {
    disk.fault = () => undefined;
    await waitFor('saving', () => engine.fleet().saving.is === 'ok' && journal.state().kind === 'saving');
  };
  const end = async () => {
    unwatch();
    engine.letGo();
    await journal.close();
  };
  return { engine, journal, snapshot, sent, wave, ask, fill, failTwice, mend, end };
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 700));
const orders = (sent: readonly string[]) => sent.filter((one) => !/^(probe.stop|job.ended)/.test(one));

test('a wave ordered in the moment in which the disk is full orders nothing, and nothing later', async () => {
  const { engine, sent, wave, ask, fill, mend, end } = await open();
  fill();
  const done = await ask(wave());
  expect(done.ok ? done.value : done.error).toMatch(/^it could not be stored: .*the next start ends it\)$/);
  expect(Object.values(engine.fleet().waves)).toMatchObject([{ state: 'cancelled', started: [] }]);
  await mend();
  await pause();
  expect([orders(sent), names.map((name) => stateOf(engine.fleet(), name).job)]).toEqual([[], [undefined, undefined]]);
  await end();
});

test('so does the arming of one machine', async () => {
  const { engine, sent, ask, fill, mend, end } = await open();
  fill();
  const arm = { type: 'arm', kind: 'reinstall', nodes: ['node-01'], planHashes: {}, confirmed: 'node-01' } as const;
  expect((await ask(arm)).ok).toBe(false);
  await mend();
  await pause();
  expect([orders(sent), stateOf(engine.fleet()).job]).toEqual([[], undefined]);
  await end();
});

test('on a disk that saves, a wave orders its first machine', async () => {
  const { sent, wave, ask, end } = await open();
  expect(await ask(wave())).toEqual({ ok: true, value: 'wave of 2 started: 1 first, then 1 at a time' });
  await waitFor('its order', () => sent.includes('bmc.bootFromNetwork node-01'));
  expect(orders(sent)).toEqual(['bmc.bootFromNetwork node-01']);
  await end();
});

test('the machine that comes next while the disk is full is ordered when that saves again, unless it was cancelled', async () => {
  for (const cancels of [false, true]) {
    const { engine, sent, wave, ask, fill, mend, end } = await open();
    await ask(wave());
    await waitFor('its order', () => sent.includes('bmc.bootFromNetwork node-01'));
    const e = bodiesOf('node-01');
    const job = stateOf(engine.fleet()).job?.id ?? '';
    const install: readonly EventBody[] = [e.script('install', job), e.phase('install'), e.up()];
    await engine.emitDurably(install);
    fill();
    engine.emit(e.stage('running'));
    await waitFor('the failure', () => engine.fleet().saving.is === 'failing');
    await pause();
    expect(stateOf(engine.fleet(), 'node-02').job?.stored).toBe(false);
    expect(sent).not.toContain('bmc.bootFromNetwork node-02');
    if (cancels) engine.emit({ type: 'operator.cancelled', node: 'node-02', by });
    await mend();
    if (cancels) await pause();
    else await waitFor('its order', () => sent.includes('bmc.bootFromNetwork node-02'));
    expect(orders(sent).filter((one) => one.endsWith('02'))).toEqual(cancels ? [] : ['bmc.bootFromNetwork node-02']);
    await end();
  }
});

test('nothing leaves before it is on disk that an arming is, nor for a job that is over by then or a boot by hand', async () => {
  const e = bodiesOf('node-01');
  const cases: readonly (readonly [readonly EventBody[], readonly string[]])[] = [
    [[], ['bmc.bootFromNetwork node-01']],
    [[{ type: 'operator.cancelled', node: 'node-01', by }], ['bmc.clearOverride node-01']],
    [[e.script('install', 'job-1'), e.phase('install')], []],
  ];
  for (const [meanwhile, want] of cases) {
    const { engine, sent, fill, mend, end } = await open();
    await engine.emitDurably([armed('install', { expiresAt: T0 + 600_000 })]);
    fill();
    for (const body of [stored(), ...meanwhile]) engine.emit(body);
    await waitFor('the failure', () => engine.fleet().saving.is === 'failing');
    expect(orders(sent).filter((one) => one.startsWith('bmc.boot'))).toEqual([]);
    await mend();
    await pause();
    expect(orders(sent)).toEqual(want);
    await end();
  }
});

test('a machine whose arming the full memory had to let go is ordered when a snapshot has it, and a retry before that is refused', async () => {
  const { engine, journal, snapshot, sent, wave, ask, fill, failTwice, mend, end } = await open({
    maxWaitingRecords: 20,
  });
  await ask(wave());
  await waitFor('its order', () => sent.includes('bmc.bootFromNetwork node-01'));
  const e = bodiesOf('node-01');
  const job = stateOf(engine.fleet()).job?.id ?? '';
  await engine.emitDurably([e.script('install', job), e.phase('install'), e.up()]);
  fill();
  engine.emit(e.stage('running'));
  await waitFor('the failure', () => engine.fleet().saving.is === 'failing');
  for (let n = 0; n < 100; n++) engine.emit({ type: 'stranger.seen', mac: '02:00:00:00:00:01', asked: 'os' });
  await failTwice();
  await mend();
  await pause();
  expect([stateOf(engine.fleet(), 'node-02').job?.stored, journal.state()]).toMatchObject([false, { kind: 'saving' }]);
  const retried = await ask({ type: 'retry', nodes: ['node-02'] });
  expect(retried.ok ? retried.value : retried.error).toMatch(/^the arming of node-02 is not on disk yet: .* by itself/);
  expect(sent).not.toContain('bmc.bootFromNetwork node-02');
  snapshot.seq = journal.lastSeq();
  await waitFor('its order', () => sent.includes('bmc.bootFromNetwork node-02'));
  await end();
});
