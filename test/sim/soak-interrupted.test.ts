import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { BUNDLE } from '../whole/run-program.ts';

const BENCH = new URL('../bench/soak.bench.ts', import.meta.url).pathname;

const folder = mkdtempSync(join(tmpdir(), 'soak-test-'));
const started: number[] = [];
afterEach(() => {
  for (const pid of started.splice(0)) {
    rmSync(join(BENCH, `../../../.bench/soak-${pid}.mjs`), { force: true });
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended, as it should.
    }
  }
  rmSync(folder, { recursive: true, force: true });
});

/** Processes that were started for this folder. */
const living = (): readonly string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder);
      } catch {
        return false;
      }
    });

async function until(holds: () => boolean): Promise<void> {
  for (let left = 480; left > 0 && !holds(); left--) await new Promise((again) => setTimeout(again, 250));
}

test.each<readonly [NodeJS.Signals, readonly string[]]>([
  ['SIGTERM', []],
  // It cannot take its folder along; the next one does.
  ['SIGKILL', [expect.stringMatching(/^crashcart-soak-\d+-/)]],
])('a soak that is ended by %s takes its program along', { timeout: 300_000 }, async (signal, left) => {
  mkdirSync(folder, { recursive: true });
  const env = { ...process.env, TMPDIR: folder, CRASHCART_BUILD: process.env['CRASHCART_BUILD'] ?? BUNDLE };
  const soak = spawn(process.execPath, [BENCH, '12', '1', '20'], { env, stdio: 'ignore' });
  started.push(soak.pid ?? 0);
  await until(() => living().length > 0);
  expect(living()).not.toEqual([]);
  started.push(...living().map(Number));
  const ended = new Promise((resolve) => soak.once('exit', resolve));
  soak.kill(signal);
  await ended;
  await until(() => living().length === 0);
  expect(living()).toEqual([]);
  expect(readdirSync(folder)).toEqual(left);
});
