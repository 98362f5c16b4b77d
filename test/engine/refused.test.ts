import { expect, test } from 'vitest';
import type { Effect } from '../../src/core/effect.ts';
import type { Event } from '../../src/core/event.ts';
import { emptyFleet, type Fleet } from '../../src/core/fleet.ts';
import { lackedOrders } from '../../src/core/noted-order.ts';
import type { OperatorAction } from '../../src/core/operator-action.ts';
import { reduce } from '../../src/core/reduce.ts';
import { ok } from '../../src/core/result.ts';
import { type ActParts, act } from '../../src/engine/act.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
import { keepOrders } from '../../src/engine/keep-orders.ts';
import { createOrdersUnderWay } from '../../src/engine/orders-under-way.ts';
import { watchSaving } from '../../src/engine/watch-saving.ts';
import { openJournal } from '../../src/store/open-journal.ts';
import { openOrderReserve } from '../../src/store/order-reserve.ts';
import { readJournal } from '../../src/store/read-journal.ts';
import { ACTOR as by, planOf, specOf, stateOf, T0 } from '../core/kit.ts';
import { waitFor } from '../store/journal-kit.ts';
import { createMemoryDisk } from '../store/memory-disk.ts';

/** What was answered as refused is armed by no later start, also where what says that it is stored reached the disk. */

async function open(names: readonly string[], room: 'reserve' | 'none' = 'reserve') {
  const disk = createMemoryDisk();
  const opened = await openJournal<Event>('/state', { disk, retryMinMs: 1, retryMaxMs: 5 });
  if (!opened.ok) throw new Error(opened.error);
  const journal = opened.value;
  const sent: string[] = [];
  const run = (effect: Effect) => void sent.push(`${effect.type} ${effect.node}`);
  let nowMs = T0;
  const engine = createEngine({ fleet: emptyFleet(T0), journal, effects: { run }, now: () => (nowMs += 1) });
  const reserve = await openOrderReserve<Event>('/state', disk);
  if (!reserve.ok) throw new Error(reserve.error);
  const notes = room === 'reserve' ? reserve.value : { keep: async () => ({ ok: false as const, error: 'full' }) };
  const keeper = keepOrders(engine, { ...journal, coveredSeq: () => 0 }, notes);
  const stops = [watchSaving(engine, journal), keeper.follow()];
  const nodes = names.map((name) => specOf(name));
  await engine.emitDurably([{ type: 'inventory.loaded', nodes, site: 'lab', hash: 'h', warnings: [] }]);
  let jobs = 0;
  const parts = {
    engine,
    planner: {
      plan: async ({ name: node }: { name: string }) => ok({ rendered: { node, plan: planOf('reinstall') } }),
    },
    rendered: { put: () => undefined },
    newId: () => `id-${++jobs}`,
    areNoted: keeper.areNoted,
    audit: { append: async () => ok(undefined) },
    readOnly: false,
    underWay: createOrdersUnderWay(),
  } as unknown as ActParts;
  const ask = async (action: OperatorAction) => {
    const done = await act(parts, action, { actor: by, mayWrite: true });
    return done.ok ? done.value : done.error;
  };
  const confirmed = names.length === 1 ? (names[0] ?? '') : `ERASE ${names.length}`;
  const arm = () => ask({ type: 'arm', kind: 'reinstall', nodes: names, planHashes: {}, confirmed, together: true });
  const sizes = { canary: 1, width: 1, stopAfterFailures: 1 };
  const wave = () => ask({ type: 'wave', kind: 'reinstall', nodes: names, planHashes: {}, confirmed, ...sizes });
  /** Only of the journal: the bytes of the reserve are taken already. */
  const breakAt = (type: Event['type'], nth: number, operation: 'write' | 'datasync', code: string) => {
    let left = nth;
    engine.follow((event) => {
      if (event.type !== type || --left !== 0) return;
      disk.fault = (op, path) => (op === operation && path.includes('journal-') ? code : undefined);
    });
  };
  const end = async () => {
    disk.fault = () => undefined;
    await waitFor('saving', () => journal.state().kind === 'saving');
    for (const stop of stops) stop();
    engine.letGo();
    await journal.close();
  };
  /** Killed here: what the files hold now, and the start after it. */
  const startAgain = async (): Promise<Fleet> => {
    const found = await openOrderReserve<Event>('/state', disk);
    if (!found.ok) throw new Error(found.error);
    const lacked = lackedOrders(found.value.found, 0);
    let fleet = emptyFleet(0);
    for await (const item of readJournal<Event>('/state', 1, disk)) {
      if (item.kind !== 'record') continue;
      [fleet] = reduce(fleet, item.record);
      lacked.see(item.seq, item.record, fleet);
    }
    const started = { type: 'engine.started', version: '1', simulated: false, endsUnsaved: true } as const;
    [fleet] = reduce(fleet, { ...started, time: T0 + 60_000 });
    for (const { record } of lacked.left()) [fleet] = reduce(fleet, { ...record, time: T0 + 60_001 });
    return fleet;
  };
  return { engine, sent, arm, wave, breakAt, end, startAgain };
}

const armedIn = (fleet: Fleet, names: readonly string[]) =>
  names.filter((name) => stateOf(fleet, name).job !== undefined);

test('of many that are armed while the disk fills, those on disk are armed and told as such, and the others never', async () => {
  const names = Array.from({ length: 320 }, (_, at) => `node-${String(at + 1).padStart(3, '0')}`);
  const { engine, sent, arm, breakAt, end, startAgain } = await open(names);
  breakAt('job.stored', 300, 'write', 'ENOSPC');
  const said = await arm();
  const live = armedIn(engine.fleet(), names);
  expect(said).toContain(`${live.length} of 320 are armed: reinstall: node-001, node-002`);
  expect(said).toMatch(/NOT armed: .*: it could not be stored: .*the next start ends it\)$/);
  expect(live.length).toBeGreaterThan(0);
  expect(live.length).toBeLessThan(300);
  const ordered = sent.filter((one) => one.startsWith('bmc.bootFromNetwork'));
  expect(ordered.filter((one) => !live.some((name) => one.endsWith(name)))).toEqual([]);
  expect(armedIn(await startAgain(), names)).toEqual(live);
  await end();
});

for (const what of ['arm', 'wave'] as const)
  test(`${what}: where what says that it is stored reached the disk, and its sync failed, the next start ends it`, async () => {
    const names = what === 'arm' ? ['node-01'] : ['node-01', 'node-02'];
    const parts = await open(names);
    parts.breakAt(what === 'arm' ? 'job.stored' : 'site.waveSaved', 1, 'datasync', 'EIO');
    expect(await parts[what]()).toMatch(/^it could not be stored: .*the next start ends it\)$/);
    const next = await parts.startAgain();
    expect(armedIn(next, names)).toEqual([]);
    expect(Object.values(next.waves).map(({ state }) => state)).toEqual(what === 'arm' ? [] : ['cancelled']);
    expect(parts.sent.filter((one) => one.startsWith('bmc.bootFromNetwork'))).toEqual([]);
    await parts.end();
  });

test('where the arming itself reached the disk, and its sync failed, the next start ends it without any note', async () => {
  const parts = await open(['node-01'], 'none');
  parts.breakAt('operator.armed', 1, 'datasync', 'EIO');
  expect(await parts.arm()).toMatch(/^it could not be stored: .*the next start ends it\)$/);
  expect(armedIn(await parts.startAgain(), ['node-01'])).toEqual([]);
  await parts.end();
});

test('where nothing keeps the refusal, no start is promised to know of it', async () => {
  for (const what of ['arm', 'wave'] as const) {
    const parts = await open(['node-01'], 'none');
    parts.breakAt(what === 'arm' ? 'job.stored' : 'site.waveSaved', 1, 'datasync', 'EIO');
    expect(await parts[what]()).toMatch(
      /that it is refused is NOT SAVED: .*the next start may have it armed: look then/,
    );
    await parts.end();
  }
});
