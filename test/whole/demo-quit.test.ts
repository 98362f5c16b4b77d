import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { Event, EventOf } from '../../src/core/event.ts';
import { readJournal } from '../../src/store/read-journal.ts';
import { BUNDLE, run } from './run-program.ts';

/** The machines of a demo go with it, and nothing of that is told as if it had gone wrong. */

const folder = mkdtempSync(join(tmpdir(), 'demo-quit-'));
let demo: ChildProcess | undefined;
afterEach(() => {
  demo?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

async function eventsIn(dir: string): Promise<readonly Event[]> {
  const events: Event[] = [];
  for await (const item of readJournal<Event>(dir)) if (item.kind === 'record') events.push(item.record);
  return events;
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let left = 300; !(await holds()); left--) {
    if (left === 0) throw new Error(`it did not come to that: ${what}`);
    await new Promise((again) => setTimeout(again, 200));
  }
}

test.each(['SIGTERM', 'SIGHUP'] as const)(
  'a demo that ends by %s in the middle of an order to a BMC tells that the order was stopped, and of no BMC that failed',
  { timeout: 180_000 },
  async (signal) => {
    const keep = join(folder, signal);
    const words = ['--nodes', '3', '--speed', '20', '--faults', 'slowBmc:r01-u02', '--keep', keep];
    const child = spawn(process.execPath, [BUNDLE, 'demo', '--plain', ...words], { stdio: 'ignore' });
    demo = child;
    const socket = join(keep, 'control.sock');
    await until('it listens', async () => existsSync(socket));
    // One that runs Talos holds connections to us, which end with it.
    const first = await run(['provision', 'r01-u03', '--take', '--wait', '--socket', socket], {}, 90_000);
    expect(first.code, first.out + first.err).toBe(0);
    const slow = await run(['provision', 'r01-u02', '--take', '--socket', socket]);
    expect(slow.code, slow.out + slow.err).toBe(0);
    await new Promise((later) => setTimeout(later, 1_500));
    child.kill(signal);
    await new Promise((resolve) => child.once('exit', resolve));

    const events = await eventsIn(keep);
    const armed = events.findIndex((event) => event.type === 'operator.armed' && event.node === 'r01-u02');
    expect(armed).toBeGreaterThan(0);
    const late = events.slice(armed);
    const failed = late.filter((event): event is EventOf<'bmc.failed'> => event.type === 'bmc.failed');
    expect(failed.filter(({ problem }) => problem.code !== 'stopped')).toEqual([]);
    expect(failed.some(({ node, job }) => node === 'r01-u02' && job !== undefined)).toBe(true);
    expect(late.filter(({ type }) => type === 'talos.disconnected')).toEqual([]);

    const out = join(folder, `${signal}-report`);
    const exported = await run(['export', '--state', keep, '--out', out]);
    expect(exported.code, exported.err).toBe(0);
    expect(readFileSync(join(out, 'report.md'), 'utf8')).not.toMatch(/BMC_UNREACHABLE|FAILED|Check its cable/);
  },
);
