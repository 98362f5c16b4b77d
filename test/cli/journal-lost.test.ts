import { cpSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { watchLoss } from '../../src/cli/journal-loss.ts';
import { openWorld } from '../../src/cli/open-world.ts';
import type { World } from '../../src/cli/world.ts';
import type { EventBody } from '../../src/core/event.ts';
import { nodeOf } from '../../src/core/fleet.ts';
import { openJournal } from '../../src/store/open-journal.ts';
import { openSnapshot } from '../../src/store/open-snapshot.ts';
import { readAudit } from '../../src/store/read-audit.ts';
import { ACTOR, planOf } from '../core/kit.ts';
import { waitFor } from '../store/journal-kit.ts';
import { loopbackSite, makeFolder } from '../whole/run-program.ts';

/** A state folder that has a snapshot, and not the journal behind it: who was cancelled since would be armed again. */

let world: World | undefined;
afterEach(async () => {
  await world?.stop();
  world = undefined;
});

const nodeFile = (n: number): string => `macs: [52:54:00:0a:21:0${n}]\nserial: CZJ214${n}\nip: 127.77.0.3${n}\n`;

async function openSite() {
  const folder = makeFolder({
    '_site.yaml': await loopbackSite(),
    'n01.yaml': nodeFile(1),
    'n02.yaml': nodeFile(2),
    'n03.yaml': nodeFile(3),
  });
  const state = join(folder, '.state');
  const start = async (): Promise<World> => {
    const opened = await openWorld({
      inventory: folder,
      stateDir: state,
      assetsDir: join(folder, '.assets'),
      simulated: false,
      env: {},
      onLog: () => undefined,
    });
    if (!opened.ok) throw new Error(opened.error.message);
    world = opened.value;
    return opened.value;
  };
  const stop = async (): Promise<void> => {
    await world?.stop();
    world = undefined;
  };
  const removeJournal = (): void => {
    for (const name of readdirSync(state)) if (name.startsWith('journal-')) rmSync(join(state, name));
  };
  /** As a kill leaves it: the folder as it was, without what a stop saves. */
  const kill = async (): Promise<void> => {
    const at = join(folder, '.killed');
    await world?.state.journal.durable(world.state.journal.lastSeq());
    cpSync(state, at, { recursive: true, filter: (path) => !path.endsWith('.sock') });
    await stop();
    rmSync(state, { recursive: true });
    renameSync(at, state);
    for (const name of readdirSync(state)) if (name.startsWith('lock')) rmSync(join(state, name));
  };
  const emptyLast = (): string => {
    const last =
      readdirSync(state)
        .filter((name) => /^journal-\d+\.log$/.test(name))
        .sort()
        .at(-1) ?? '';
    truncateSync(join(state, last));
    return last;
  };
  const removeSnapshots = (): void => {
    for (const name of readdirSync(state)) if (name.startsWith('snapshot.json')) rmSync(join(state, name));
  };
  /** The file that is written is emptied, and a new one and a snapshot take its place. */
  const loseFirstFile = async (running: World): Promise<void> => {
    await running.run();
    await running.state.journal.durable(running.state.journal.lastSeq());
    const saving: string[] = [];
    running.engine.follow(({ type }, fleet) => {
      if (type.startsWith('store.')) saving.push(fleet.saving.is);
    });
    emptyLast();
    await waitFor('that it is mended', () => saving.includes('failing') && saving.at(-1) === 'ok', 10_000);
  };
  return { state, start, stop, removeJournal, removeSnapshots, kill, emptyLast, loseFirstFile };
}

const arm = ({ engine }: World, node: string): void => {
  const expiresAt = engine.now() + 3_600_000;
  const plan = planOf('wipe');
  const event = {
    type: 'operator.armed',
    node,
    job: `job-${node}`,
    kind: 'wipe',
    plan,
    confirmed: node,
    expiresAt,
  } as const;
  engine.emit({ ...event, letsEnd: true, savesFirst: true, by: ACTOR } as EventBody);
  engine.emit({ type: 'job.stored', node, job: `job-${node}` });
};
const waveOf = (...nodes: readonly string[]): EventBody => ({
  type: 'site.waveStarted',
  wave: 'w1',
  kind: 'wipe',
  nodes: nodes.map((node) => ({ node, job: `w-${node}`, plan: planOf('wipe'), confirmed: node })),
  canary: 0,
  width: 1,
  stopAfterFailures: 1,
  letsEnd: true,
  by: ACTOR,
});
const jobOf = ({ engine }: World, node: string) => nodeOf(engine.fleet(), node)?.job?.kind;
const told = ({ notes }: World) => notes.filter((note) => note.includes('the journal in the state folder is gone'));

test('a start without the journal behind its snapshot says so, and nothing of the snapshot is armed', async () => {
  const { state, start, stop, removeJournal } = await openSite();
  const first = await start();
  expect(told(first)).toEqual([]);
  arm(first, 'n01');
  first.engine.emit(waveOf('n02', 'n03'));
  await stop();
  const second = await start();
  expect([told(second), jobOf(second, 'n01')]).toEqual([[], 'wipe']);
  await stop();
  removeJournal();
  // A start that finds it so and fails before it has ended anything, as on a port that is taken.
  const snapshot = await openSnapshot(state).load();
  const afterSeq = snapshot.ok ? (snapshot.value?.seq ?? 0) : 0;
  const failed = await openJournal(state, { afterSeq, session: { what: 'crashcart', pid: 1 } });
  if (failed.ok) await failed.value.close();
  const third = await start();
  expect(told(third)).toEqual([
    expect.stringMatching(/has ended, .*waves are cancelled; PANIC, holds .* give them again/),
  ]);
  expect([jobOf(third, 'n01'), jobOf(third, 'n02')]).toEqual([undefined, undefined]);
  expect(third.engine.fleet().waves['w1']?.state).toBe('cancelled');
  expect(nodeOf(third.engine.fleet(), 'n01')?.endedJobs.at(-1)?.outcome).toBe('expired');
  arm(third, 'n01');
  await stop();
  const fourth = await start();
  expect([told(fourth), jobOf(fourth, 'n01')]).toEqual([[], 'wipe']);
});

test('also where some of it is left', async () => {
  const { state, start, stop } = await openSite();
  const first = await start();
  arm(first, 'n01');
  await stop();
  // A journal that ends before the snapshot.
  const [name = ''] = readdirSync(state).filter((one) => one.startsWith('journal-'));
  const lines = readFileSync(join(state, name), 'utf8').split('\n');
  writeFileSync(join(state, name), `${lines.slice(0, 3).join('\n')}\n`);
  const second = await start();
  expect(told(second)).toHaveLength(1);
  expect(jobOf(second, 'n01')).toBeUndefined();
});

const protect = ({ engine }: World, node: string): void =>
  engine.emit({ type: 'operator.protected', node, why: 'mine', by: ACTOR } as EventBody);

test('a start that was killed while the new journal was still empty knows of the loss', async () => {
  const { state, start, stop, removeJournal } = await openSite();
  arm(await start(), 'n01');
  await stop();
  removeJournal();
  const snapshot = await openSnapshot(state).load();
  const after = (snapshot.ok ? (snapshot.value?.seq ?? 0) : 0) + 1;
  writeFileSync(join(state, `journal-${String(after).padStart(12, '0')}.log`), '');
  const next = await start();
  expect([told(next).length, jobOf(next, 'n01')]).toEqual([1, undefined]);
});

test('the journal of a start that told the loss is emptied: it is told again', async () => {
  const { start, stop, removeJournal, kill, emptyLast } = await openSite();
  arm(await start(), 'n01');
  await stop();
  removeJournal();
  const second = await start();
  protect(second, 'n01');
  await kill();
  emptyLast();
  const third = await start();
  expect([told(third).length, jobOf(third, 'n01')]).toEqual([1, undefined]);
});

test('a crash right after a new segment was made in the order of things is no loss', async () => {
  const { state, start, kill } = await openSite();
  const first = await start();
  arm(first, 'n01');
  const next = first.state.journal.lastSeq() + 1;
  await kill();
  writeFileSync(join(state, `journal-${String(next).padStart(12, '0')}.log`), '');
  const second = await start();
  expect([told(second), jobOf(second, 'n01')]).toEqual([[], 'wipe']);
});

test('a journal that goes before the first snapshot is told by what lies beside it', async () => {
  const { start, kill, removeJournal, emptyLast } = await openSite();
  const first = await start();
  expect(told(first)).toEqual([]);
  protect(first, 'n01');
  await kill();
  removeJournal();
  expect(told(await start())).toHaveLength(1);
  await kill();
  expect(told(await start())).toEqual([]);
  await kill();
  emptyLast();
  expect(told(await start())).toHaveLength(1);
});

test('the last file of a journal set aside by hand is known to be missing, by its name', async () => {
  const { state, start, stop, kill } = await openSite();
  const first = await start();
  const before = first.state.journal.lastSeq();
  arm(first, 'n01');
  await kill();
  // Two segments, the second of which holds what was ordered.
  const [name = ''] = readdirSync(state).filter((one) => one.startsWith('journal-'));
  const lines = readFileSync(join(state, name), 'utf8').split('\n');
  writeFileSync(join(state, name), `${lines.slice(0, before + 1).join('\n')}\n`);
  writeFileSync(join(state, `journal-${String(before + 1).padStart(12, '0')}.log.aside`), 'what was damaged');
  expect(told(await start())).toHaveLength(1);
  await stop();
  const third = await start();
  expect(told(third)).toEqual([]);
});

test.each(['emptied', 'removed'] as const)(
  'a journal that is %s under a running engine is saved anew, with all it knew',
  async (how) => {
    const { start, stop, kill, emptyLast, removeJournal } = await openSite();
    const first = await start();
    await first.run();
    protect(first, 'n01');
    await first.state.journal.durable(first.state.journal.lastSeq());
    const saving: string[] = [];
    first.engine.follow(({ type }, fleet) => {
      if (type.startsWith('store.')) saving.push(fleet.saving.is);
    });
    if (how === 'emptied') emptyLast();
    else removeJournal();
    await waitFor('that it is told and mended', () => saving.includes('failing') && saving.at(-1) === 'ok', 10_000);
    await kill();
    const second = await start();
    expect([told(second), nodeOf(second.engine.fleet(), 'n01')?.guard?.why]).toEqual([[], 'mine']);
    await stop();
  },
);

test('a journal that was cut behind its snapshot, where a record ends, is told by the last order in the audit', async () => {
  const { state, start, kill, stop } = await openSite();
  arm(await start(), 'n01');
  await stop();
  const second = await start();
  const before = second.state.journal.lastSeq();
  second.engine.emit({ type: 'operator.cancelled', node: 'n01', by: ACTOR } as EventBody);
  await second.state.journal.durable(second.state.journal.lastSeq());
  const line = { atMs: Date.now(), who: 'a', from: 'b', action: 'cancel', nodes: ['n01'], outcome: 'n01: cancelled' };
  expect((await second.state.audit.append(line)).ok).toBe(true);
  await kill();
  const [name = ''] = readdirSync(state).filter((one) => one.startsWith('journal-'));
  const lines = readFileSync(join(state, name), 'utf8').split('\n');
  writeFileSync(join(state, name), `${lines.slice(0, before + 1).join('\n')}\n`);
  const third = await start();
  expect([told(third).length, jobOf(third, 'n01')]).toEqual([1, undefined]);
  await stop();
  expect(told(await start())).toEqual([]);
});

test('what a later start had from a snapshot is lost with that, and told, though that start missed nothing', async () => {
  const { start, stop, removeSnapshots, loseFirstFile } = await openSite();
  const first = await start();
  protect(first, 'n01');
  await loseFirstFile(first);
  await stop();
  const second = await start();
  expect([told(second), nodeOf(second.engine.fleet(), 'n01')?.guard?.why]).toEqual([[], 'mine']);
  arm(second, 'n02');
  await stop();
  removeSnapshots();
  const third = await start();
  expect([told(third).length, jobOf(third, 'n02')]).toEqual([1, undefined]);
  await stop();
  removeSnapshots();
  // Settled by the word of the start before, which had no snapshot either.
  expect(told(await start())).toEqual([]);
});

test('a start that told a loss settles what its snapshot did not know, and not what that knew', async () => {
  const { start, stop, kill, removeJournal, removeSnapshots } = await openSite();
  protect(await start(), 'n01');
  await stop();
  removeJournal();
  const second = await start();
  expect([told(second).length, nodeOf(second.engine.fleet(), 'n01')?.guard?.why]).toEqual([1, 'mine']);
  arm(second, 'n02');
  await kill();
  removeSnapshots();
  const third = await start();
  expect([told(third).length, jobOf(third, 'n02')]).toEqual([1, undefined]);
});

test('a stop whose folder was taken away leaves one that knows all, though its journal begins behind a loss', async () => {
  const { state, start, stop, loseFirstFile } = await openSite();
  const first = await start();
  protect(first, 'n01');
  await loseFirstFile(first);
  await stop();
  const second = await start();
  await second.run();
  renameSync(state, `${state}.moved`);
  await waitFor('that it is missed', () => second.engine.fleet().saving.is === 'failing', 10_000);
  const loss = await second.stop();
  world = undefined;
  expect(loss).toBeUndefined();
  const third = await start();
  expect([told(third), nodeOf(third.engine.fleet(), 'n01')?.guard?.why]).toEqual([[], 'mine']);
});

test('records that a full memory let go, and no snapshot knows, are lost too', () => {
  const loss = watchLoss(0);
  loss.see({ kind: 'dropped', seq: 4, count: 9, others: 0 });
  expect(loss.isLost()).toBe(false);
  loss.see({ kind: 'dropped', seq: 13, count: 2, others: 1 });
  expect(loss.isLost()).toBe(true);
});

test('a journal that was cut behind the order and before the wipe is told by the mark of the wipe', async () => {
  const { state, start, stop, kill } = await openSite();
  const first = await start();
  const { engine } = first;
  arm(first, 'n01');
  const before = first.state.journal.lastSeq();
  const asked = { type: 'http.scriptAsked', node: 'n01', address: '127.77.0.31', answer: 'wipe' } as const;
  engine.emit({ ...asked, job: 'job-n01', reason: 'armed', noted: true, hardware: {} } as EventBody);
  const job = nodeOf(engine.fleet(), 'n01')?.job;
  const askedAt = job?.wipeSentAt ?? 0;
  expect(askedAt).toBeGreaterThan(0);
  expect(await first.beforeLeaving({ node: 'n01', job: 'job-n01', what: 'script', askedAt })).toMatchObject({
    ok: true,
  });
  const marks = await readAudit(state, 9);
  expect(marks).toMatchObject({ value: [{ action: 'send wipe', nodes: ['n01'], journalSeq: before + 1 }] });
  await kill();
  const [name = ''] = readdirSync(state).filter((one) => one.startsWith('journal-'));
  const lines = readFileSync(join(state, name), 'utf8').split('\n');
  writeFileSync(join(state, name), `${lines.slice(0, before + 1).join('\n')}\n${lines[before + 1]?.slice(0, 20)}`);
  const second = await start();
  expect([told(second).length, jobOf(second, 'n01')]).toEqual([1, undefined]);
  expect(second.notes.join()).not.toContain('acknowledged');
  await stop();
});
