import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { acquireLock } from '../../src/store/acquire-lock.ts';
import { handOver } from '../../src/store/hand-over.ts';
import { openAudit } from '../../src/store/open-audit.ts';
import { openJournal } from '../../src/store/open-journal.ts';
import { openSnapshot } from '../../src/store/open-snapshot.ts';
import { readAudit } from '../../src/store/read-audit.ts';
import { prepareStateDir } from '../../src/store/state-dir.ts';
import { renderStoreState, type StoreState } from '../../src/store/store-state.ts';
import { notesOf, openOrThrow, readAll, waitFor, writeNotes } from './journal-kit.ts';
import { createMemoryDisk } from './memory-disk.ts';

const DIR = '/state';
const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

describe('a failing disk', () => {
  const faults = ['open', 'write', 'datasync', 'syncFolder', 'truncate'] as const;
  test.each(faults)('that fails at %s is told, and nothing is lost or doubled when it recovers', async (operation) => {
    const disk = createMemoryDisk();
    const journal = await openOrThrow(DIR, { disk, segmentBytes: 200 });
    const told: StoreState[] = [];
    journal.onState((state) => told.push(state));
    await writeNotes(journal, 0, 5);
    let failures = 0;
    disk.fault = (asked) => {
      // A truncate happens only after another failure.
      if (operation === 'truncate' && asked === 'datasync' && failures === 0) return 'EIO';
      return asked === operation && failures++ < 4 ? 'EIO' : undefined;
    };
    const pending: ReturnType<typeof journal.durable>[] = [];
    for (let n = 5; n < 60; n++) {
      pending.push(journal.durable(journal.append({ n })));
      if (n % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const results = await Promise.all(pending);
    expect(results.filter((result) => !result.ok).length).toBeGreaterThan(0);
    await waitFor('all on disk', () => journal.durableSeq() === 60);
    expect(told[0]).toMatchObject({ kind: 'failing', reason: expect.stringContaining('I/O error') });
    expect(told.at(-1)).toEqual({ kind: 'saving', droppedRates: 0, lostRecords: 0 });
    await journal.close();
    expect(notesOf(await readAll(DIR, undefined, disk))).toEqual(upTo(60));
  });

  test('a full disk refuses operator actions with the reason and takes them again when there is room', async () => {
    const disk = createMemoryDisk();
    const journal = await openOrThrow(DIR, { disk });
    disk.capacityBytes = 400;
    for (let n = 0; n < 40; n++) journal.append({ n });
    const refused = await journal.durable(40);
    expect(refused).toMatchObject({ ok: false, error: expect.stringContaining('no space is left') });
    expect(await journal.durable(40)).toEqual(refused);
    expect(renderStoreState(journal.state())).toMatch(
      /^NOT SAVING: .*no space is left.*; 40 records wait in memory\.$/,
    );
    disk.capacityBytes = 1e9;
    await waitFor('recovery', () => journal.state().kind === 'saving');
    expect(await journal.durable(40)).toEqual({ ok: true, value: undefined });
    await journal.close();
    expect(notesOf(await readAll(DIR, undefined, disk))).toEqual(upTo(40));
  });

  test('lets rates go first, counts them, and leaves their place in the journal', async () => {
    const disk = createMemoryDisk();
    const journal = await openOrThrow(DIR, { disk, maxWaitingRecords: 100 });
    disk.fault = (operation) => (operation === 'write' ? 'ENOSPC' : undefined);
    for (let n = 0; n < 180; n++) {
      journal.append({ n }, n % 2 === 0 ? 'rate' : 'event');
      if (n === 50) await waitFor('failing', () => journal.state().kind !== 'saving');
    }
    const state = journal.state();
    expect(state).toMatchObject({ kind: 'overflow', lostRecords: 0 });
    expect(state.kind === 'overflow' && state.count).toBe(state.droppedRates);
    disk.fault = () => undefined;
    await waitFor('recovery', () => journal.state().kind === 'saving');
    await journal.close();
    const items = await readAll(DIR, undefined, disk);
    const kept = notesOf(items);
    expect(kept.filter((n) => n % 2 === 1)).toEqual(upTo(180).filter((n) => n % 2 === 1));
    const dropped = items.reduce((sum, item) => sum + (item.kind === 'dropped' ? item.count : 0), 0);
    expect(dropped).toBe(state.droppedRates);
    expect(kept.length + dropped).toBe(180);
    expect(journal.state()).toMatchObject({ kind: 'saving', droppedRates: dropped });
  });

  test('when even events have to go, says so for good and keeps no promise about them', async () => {
    const disk = createMemoryDisk();
    const journal = await openOrThrow(DIR, { disk, maxWaitingBytes: 2_000 });
    disk.fault = (operation) => (operation === 'write' ? 'ENOSPC' : undefined);
    for (let n = 0; n < 200; n++) journal.append({ n });
    await waitFor('failing', () => journal.state().kind === 'overflow');
    disk.fault = () => undefined;
    await waitFor('recovery', () => journal.state().kind === 'saving');
    const { lostRecords } = journal.state();
    expect(lostRecords).toBeGreaterThan(100);
    expect(renderStoreState(journal.state())).toBe(`saving. ${lostRecords} records were lost: take a snapshot.`);
    expect(await journal.durable(1)).toMatchObject({ ok: false, error: expect.stringContaining('was lost') });
    expect(await journal.durable(200)).toMatchObject({ ok: true });
    await journal.close();
    const items = await readAll(DIR, undefined, disk);
    expect(items.find((item) => item.kind === 'dropped')).toMatchObject({ seq: 1, others: lostRecords });
    expect(notesOf(items)).toEqual(upTo(200).slice(lostRecords));
  });

  test('a disk that hangs is told as failing, and the record is kept when it answers', async () => {
    const disk = createMemoryDisk();
    const release: (() => void)[] = [];
    const hung = {
      ...disk,
      syncFolder: () => new Promise<void>((resolve) => release.push(resolve)),
    };
    const end = openOrThrow(DIR, { disk: hung, stallMs: 20 });
    const journal = await end;
    const seq = journal.append({ n: 0 });
    expect(await journal.durable(seq)).toMatchObject({ ok: false, error: expect.stringContaining('has not finished') });
    await waitFor('the sync', () => release.length > 0);
    for (const answer of release) answer();
    await waitFor('recovery', () => journal.state().kind === 'saving');
    expect(journal.durableSeq()).toBe(seq);
    await journal.close();
  });

  test('what one can do about a full disk is another thing at a start than later', async () => {
    const disk = createMemoryDisk();
    const journal = await openOrThrow(DIR, { disk });
    await writeNotes(journal, 0, 1);
    disk.fault = () => 'ENOSPC';
    expect(await journal.durable(journal.append({ n: 1 }))).toMatchObject({
      error: expect.stringMatching(/: free some and saving goes on by itself \(ENOSPC\)$/),
    });
    for (const opened of [await openJournal(DIR, { disk }), await openAudit(DIR, { disk })])
      expect(opened).toMatchObject({
        ok: false,
        error: expect.stringMatching(/: free some, then start again \(ENOSPC\)$/),
      });
    disk.fault = () => undefined;
    await journal.close();
  });

  test('closing tells what is not on disk', async () => {
    const disk = createMemoryDisk();
    const journal = await openOrThrow(DIR, { disk, retryMinMs: 60_000 });
    disk.fault = (operation) => (operation === 'write' ? 'EROFS' : undefined);
    journal.append({ n: 0 });
    await journal.durable(1);
    expect(await journal.close()).toMatchObject({
      ok: false,
      error: expect.stringContaining('1 records are not on disk'),
    });
  });
});

describe('a real full disk', () => {
  const mounts: string[] = [];
  afterEach(() => {
    for (const dir of mounts.splice(0)) {
      execFileSync('umount', [dir]);
      rmSync(dir, { recursive: true });
    }
  });

  const mountSmall = (sizeKiB: number): string | undefined => {
    if (process.getuid?.() !== 0) return giveReason('it needs root to mount a small tmpfs');
    const dir = mkdtempSync(join(tmpdir(), 'crashcart-full-'));
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeKiB}k`, 'tmpfs', dir], { stdio: 'pipe' });
    } catch (error) {
      rmSync(dir, { recursive: true });
      return giveReason(`mount says: ${String(error)}`);
    }
    mounts.push(dir);
    return dir;
  };

  const giveReason = (reason: string): undefined => {
    if (process.env.CI === 'true') throw new Error(`the test of a full disk must run here, but ${reason}`);
    process.stderr.write(`skipped, a real full disk: ${reason}\n`);
    return undefined;
  };

  test('is told at a start as what it is: nothing goes on by itself, and nothing is left behind', async (context) => {
    const mount = mountSmall(64);
    if (mount === undefined) return context.skip();
    const dir = join(mount, 'state');
    expect(await prepareStateDir(dir, 0)).toMatchObject({ ok: true });
    try {
      for (let n = 0; ; n++) writeFileSync(join(mount, `${n}`), Buffer.alloc(4_096));
    } catch {
      // Full now.
    }
    expect(acquireLock(dir)).toEqual({
      ok: false,
      error: `cannot lock ${dir}: no space is left on that disk: free some, then start again (ENOSPC)`,
    });
    expect(readdirSync(dir)).toEqual([]);
  });

  test('and a read-only one is no folder that is gone, however deep the new one would be', async (context) => {
    const mount = mountSmall(64);
    if (mount === undefined) return context.skip();
    execFileSync('mount', ['-o', 'remount,ro', mount], { stdio: 'pipe' });
    const words = 'that file system is read-only: see dmesg for why and remount it, or choose another folder (EROFS)';
    for (const dir of [join(mount, 'state'), join(mount, 'a', 'b', 'state')]) {
      expect(await prepareStateDir(dir, 0)).toEqual({ ok: false, error: `cannot use ${dir} for the state: ${words}` });
      expect(await handOver(dir, { name: 'kim', uid: 1000, gid: 1000 })).toEqual({
        ok: false,
        error: `cannot give ${dir} to kim: ${words}`,
      });
    }
  });

  test('stops promising, keeps everything in memory, and saves it all when space returns', async (context) => {
    const mount = mountSmall(1_024);
    if (mount === undefined) return context.skip();
    const dir = join(mount, 'state');
    const journal = await openOrThrow(dir, { segmentBytes: 100_000, retryMaxMs: 20 });
    const snapshot = openSnapshot(dir, { awaitDurable: (seq) => journal.durable(seq) });
    const audit = await openAudit(dir, { retryMinMs: 1, retryMaxMs: 20 });
    if (!audit.ok) throw new Error(audit.error);
    await writeNotes(journal, 0, 100);
    expect(await snapshot.save(journal.lastSeq(), { count: 100 })).toMatchObject({ ok: true });
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    expect(statSync(join(dir, 'snapshot.json')).mode & 0o777).toBe(0o600);
    expect(statSync(join(dir, 'journal-000000000001.log')).mode & 0o777).toBe(0o600);

    mkdirSync(join(mount, 'other'));
    let ballast = 0;
    try {
      for (; ; ballast++) writeFileSync(join(mount, 'other', `${ballast}`), Buffer.alloc(8_192));
    } catch (error) {
      expect(error).toMatchObject({ code: 'ENOSPC' });
    }
    let n = 100;
    while (journal.state().kind === 'saving' && n < 20_000) {
      for (let index = 0; index < 50; index++) journal.append({ n: n++, text: 'x'.repeat(100) });
      await new Promise((resolve) => setImmediate(resolve));
    }
    const seq = journal.append({ n: n++ });
    expect(await journal.durable(seq)).toMatchObject({ ok: false, error: expect.stringContaining('ENOSPC') });
    const noSnapshot = await snapshot.save(seq, { count: n, text: 'y'.repeat(50_000) });
    expect(noSnapshot).toMatchObject({ ok: false, error: expect.stringMatching(/ENOSPC|not on disk/) });
    expect(await snapshot.load()).toMatchObject({ ok: true, value: { data: { count: 100 } } });
    const entry = { atMs: 0, who: 'kim', from: 'test', action: 'power', nodes: ['node-1'], outcome: 'x'.repeat(900) };
    const lines = await Promise.all(Array.from({ length: 20 }, () => audit.value.append(entry)));
    expect(lines.some((line) => !line.ok)).toBe(true);
    for (let index = 0; index < 500; index++) journal.append({ n: n++, text: 'x'.repeat(100) });

    rmSync(join(mount, 'other'), { recursive: true });
    await waitFor('recovery', () => journal.state().kind === 'saving' && audit.value.state().kind === 'saving');
    expect(await journal.durable(journal.lastSeq())).toMatchObject({ ok: true });
    expect(await snapshot.save(journal.lastSeq(), { count: n })).toMatchObject({ ok: true });
    await journal.close();
    await audit.value.close();
    expect(notesOf(await readAll(dir))).toEqual(upTo(n));
    const audited = await readAudit(dir, 100);
    expect(audited.ok && audited.value.length).toBe(20);
  });
});
