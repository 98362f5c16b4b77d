import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir, totalmem } from 'node:os';
import { basename, join } from 'node:path';
import { verdictsOf } from './bench-aims.ts';
import type { BenchRow } from './bench-figures.ts';
import { renderRow, TABLE_HEAD } from './bench-row.ts';
import { runSeries, seriesLimitMs } from './run-series.ts';

/**
 * `npm run bench [SERIES…]`: every series once, one after the other, and one table of the ratios at the end. A series is a
 * file *.bench.ts and its name is the file's: dhcp, tftp, http, storm, store, core… Aims that are missed are
 * told at the end, which is 1 then, as where something is broken: machines without an answer, a figure or a named peer
 * that is missing.
 */

const FOLDER = import.meta.dirname;

const series = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.bench.ts'))
  .map((path) => ({ name: basename(path, '.bench.ts'), path: join(FOLDER, path) }))
  .sort((a, b) => a.name.localeCompare(b.name));
const asked = process.argv.slice(2);
const unknown = asked.find((name) => !series.some((one) => one.name === name));
if (unknown !== undefined) {
  console.error(`there is no series "${unknown}"; there are ${series.map((one) => one.name).join(', ')}`);
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), 'crashcart-bench-'));
const rows = join(folder, 'rows.jsonl');
writeFileSync(rows, '');
const failed: string[] = [];
try {
  for (const one of series.filter(({ name }) => asked.length === 0 || asked.includes(name))) {
    console.log(`\n## ${one.name}\n`);
    const why = await runSeries(one.path, rows, seriesLimitMs(one.name));
    if (why !== undefined) failed.push(`${one.name} ${why}`);
  }
  printTable(readFileSync(rows, 'utf8'));
} finally {
  rmSync(folder, { recursive: true });
}
if (failed.length > 0) {
  console.error(`\n${failed.join('\n')}`);
  process.exit(1);
}

function printTable(text: string): void {
  const measured = text.split('\n').filter((line) => line !== '');
  if (measured.length === 0) return;
  const machine = `${cpus().length} cores (${cpus()[0]?.model ?? '?'}), ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.version}, load ${loadavg()[0]?.toFixed(1)}`;
  console.log(`\n## Ratios, all from this run\n\n${machine}\n\n${TABLE_HEAD}`);
  const table = measured.map((line) => JSON.parse(line) as BenchRow);
  for (const row of table) console.log(renderRow(row));
  const verdicts = table.flatMap((row) =>
    verdictsOf(row).map((one) => ({ ...one, text: `${row.series}, ${row.what}: ${one.text}` })),
  );
  const wanting = verdicts.filter(({ is }) => is !== 'met');
  console.log(
    `\n${verdicts.length - wanting.length} of ${verdicts.length} aims are met${wanting.length > 0 ? '; not these:' : ''}`,
  );
  for (const { text } of wanting) console.log(`- ${text}`);
}
