import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openSnapshot } from '../../src/store/open-snapshot.ts';
import { readAudit } from '../../src/store/read-audit.ts';
import { readJournal } from '../../src/store/read-journal.ts';
import { createRandom } from '../seeded-random.ts';
import { addToFold, type Fold, type KillRecord, startFold } from './kill-fold.ts';

const KILLS = 208;
/** Each with its own folder, in which one life follows the other. */
const RACKS = 4;
/** From the first line of the child's work on; the writes of a life are well under way after a few. */
const LONGEST_LIFE_MS = 40;

const CHILD = new URL('kill-child.ts', import.meta.url).pathname;

interface Told {
  readonly acked: readonly string[];
  readonly audited: readonly string[];
  readonly complaint: string;
  readonly signal: string | null;
}

/** Most of a short life would otherwise be spent on stripping types again. */
const childEnv = (top: string) => ({ ...process.env, NODE_COMPILE_CACHE: join(top, 'compiled') });

function liveAndKill(dir: string, life: number, random: () => number): Promise<Told> {
  // One in eight dies while it still starts: opening and cutting the torn end must stand a kill as well.
  const early = random() < 0.125;
  const afterMs = random() * (early ? 70 : LONGEST_LIFE_MS);
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [CHILD, dir, String(life)], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: childEnv(join(dir, '..')),
    });
    let out = '';
    let complaint = '';
    let timer: NodeJS.Timeout | undefined = early ? setTimeout(() => child.kill('SIGKILL'), afterMs) : undefined;
    child.stdout.on('data', (bytes: Buffer) => {
      out += bytes.toString();
      if (out.startsWith('ready')) timer ??= setTimeout(() => child.kill('SIGKILL'), afterMs);
    });
    child.stderr.on('data', (bytes: Buffer) => {
      complaint += bytes.toString();
    });
    child.on('close', (_, signal) => {
      clearTimeout(timer);
      // The last line counts only when it is whole.
      const lines = out.split('\n').slice(0, -1);
      const told = (word: string) =>
        lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
      resolve({ acked: told('ack'), audited: told('audited'), complaint, signal });
    });
  });
}

async function judge(dir: string, acked: readonly string[], audited: readonly string[]): Promise<number> {
  const snapshot = await openSnapshot(dir).load();
  if (!snapshot.ok) throw new Error(snapshot.error);
  const start = snapshot.value;
  let whole = startFold;
  let resumed: Fold = (start?.data as Fold | undefined) ?? startFold;
  let next = 1;
  for await (const item of readJournal<KillRecord>(dir)) {
    if (item.kind === 'torn') break;
    if (item.kind !== 'record' && item.kind !== 'session') throw new Error(JSON.stringify(item));
    expect(item.seq).toBe(next++);
    if (item.kind === 'session') continue;
    whole = addToFold(whole, item.record);
    if (item.seq > (start?.seq ?? 0)) resumed = addToFold(resumed, item.record);
  }
  expect(start?.seq ?? 0).toBeLessThan(next);
  expect(resumed).toEqual(whole);
  const there = new Set(whole.actions);
  expect(there.size).toBe(whole.actions.length);
  expect(acked.filter((action) => !there.has(action))).toEqual([]);
  const audit = await readAudit(dir, 1e6);
  const lines = new Set(audit.ok ? audit.value.map((entry) => entry.action) : []);
  expect(audited.filter((action) => !lines.has(action))).toEqual([]);
  return start?.seq ?? 0;
}

test(`killed at ${KILLS} random points, every acknowledged action is there and nothing is torn`, async () => {
  const top = mkdtempSync(join(tmpdir(), 'crashcart-kill-'));
  spawnSync(process.execPath, [CHILD, join(top, 'once'), 'once'], { env: childEnv(top) });
  const totals = { kills: 0, acked: 0, audited: 0, snapshots: 0 };
  const runRack = async (rack: number): Promise<void> => {
    const random = createRandom(rack + 1);
    for (let life = 0; life < KILLS / RACKS; life++) {
      // A fresh rack now and then keeps the journals short enough to be read after each kill.
      const dir = join(top, `${rack}-${Math.floor(life / 5)}`);
      const known = life % 5 === 0 ? { acked: [], audited: [] } : (history.get(rack) ?? { acked: [], audited: [] });
      const told = await liveAndKill(dir, life, random);
      expect(told).toMatchObject({ complaint: '', signal: 'SIGKILL' });
      const now = { acked: [...known.acked, ...told.acked], audited: [...known.audited, ...told.audited] };
      history.set(rack, now);
      if ((await judge(dir, now.acked, now.audited)) > 0) totals.snapshots += 1;
      totals.kills += 1;
      totals.acked += told.acked.length;
      totals.audited += told.audited.length;
    }
  };
  const history = new Map<number, { readonly acked: readonly string[]; readonly audited: readonly string[] }>();
  try {
    // Two at a time: more would only wait for the two processors.
    await Promise.all(
      [0, 1].map(async (first) => {
        for (let rack = first; rack < RACKS; rack += 2) await runRack(rack);
      }),
    );
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
  expect(totals.kills).toBeGreaterThanOrEqual(200);
  // The test would show nothing if the children died before they promised anything.
  expect(totals.acked).toBeGreaterThan(400);
  expect(totals.audited).toBeGreaterThan(200);
  expect(totals.snapshots).toBeGreaterThan(50);
}, 120_000);
