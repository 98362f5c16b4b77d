import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runSeries, seriesLimitMs } from './run-series.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'run-series-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function series(text: string): readonly [path: string, rows: string] {
  const path = join(folder, 'one.bench.mjs');
  writeFileSync(path, text);
  return [path, join(folder, 'rows')];
}

const MINUTE_MS = 60_000;

test('the soak, of which 45 minutes were seen, comes to its verdict; what hangs elsewhere ends after half an hour', () => {
  expect(seriesLimitMs('soak')).toBeGreaterThan(60 * MINUTE_MS);
  expect(seriesLimitMs('storm')).toBe(30 * MINUTE_MS);
});

test('a series that ends well wrote its rows where it was told', async () => {
  const [path, rows] = series("import { writeFileSync } from 'node:fs'; writeFileSync(process.env.BENCH_ROWS, 'row');");
  expect(await runSeries(path, rows, MINUTE_MS)).toBeUndefined();
  expect(readFileSync(rows, 'utf8')).toBe('row');
});

test('a series that ends with an error is told with its code', async () => {
  expect(await runSeries(...series('process.exit(3);'), MINUTE_MS)).toBe('ended with 3');
});

test('one that is ended by its limit is told so, and not as an error of its own', async () => {
  const why = await runSeries(...series('setInterval(() => {}, 1000);'), 300);
  expect(why).toMatch(/limit of 0\.005 minutes, before its verdict/);
});
