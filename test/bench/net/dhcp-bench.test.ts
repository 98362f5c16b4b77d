import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../../firmware/run-command.ts';
import { BUNDLE } from '../../whole/run-program.ts';
import { brokenIn, verdictsOf } from '../bench-aims.ts';
import type { BenchRow } from '../bench-figures.ts';

/** DHCP's series of `npm run bench` with a few machines and one round: it comes to its rows, beside the peers that are here. */

const MACHINES = '20';
const has = (name: string) => spawnSync('sh', ['-c', `PATH=$PATH:/usr/sbin:/sbin command -v ${name}`]).status === 0;
const needed = ['gcc', 'ip', 'sysctl', 'nft'];
const probe = `crashcart-dhcp-${process.pid}`;
const works = process.getuid?.() === 0 && needed.every(has) && spawnSync('ip', ['netns', 'add', probe]).status === 0;
if (works) spawnSync('ip', ['netns', 'del', probe]);
else process.stderr.write(`skipped: the DHCP bench needs root, network namespaces and ${needed.join(', ')}\n`);

test.skipIf(!works && process.env['CI'] !== 'true')(
  'the DHCP bench comes to its rows, and fails only where a peer of its aim is missing or an aim is missed',
  { timeout: 120_000 },
  async () => {
    if (!existsSync(BUNDLE)) throw new Error('dist/crashcart.mjs is not built: run `npm test`, which builds it first');
    const folder = mkdtempSync(join(tmpdir(), 'dhcp-bench-'));
    const file = join(folder, 'rows.jsonl');
    const series = new URL('dhcp.bench.ts', import.meta.url).pathname;
    try {
      const done = await runCommand(process.execPath, [series, '1', MACHINES, '1,000'], {
        env: { BENCH_ROWS: file },
        timeoutMs: 100_000,
      });
      const said = `${done.out}${done.err}`;
      expect(existsSync(file), said).toBe(true);
      const rows = readFileSync(file, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as BenchRow);
      expect(
        rows.map(({ unit }) => unit),
        said,
      ).toEqual(['DORA/s', 's']);
      for (const row of rows) {
        expect(row.ours, said).toBeGreaterThan(0);
        expect(row.broken).toEqual([]);
        expect(row.note).toMatch(new RegExp(`^${MACHINES} served, `));
      }
      // CI installs them: without its peers the row would be compared with nothing.
      const isHere = process.env['CI'] === 'true' || (has('dnsmasq') && has('kea-dhcp4'));
      if (isHere) expect(rows.flatMap(brokenIn)).toEqual([]);
      // A busy host may miss an aim, which ends with 1 too.
      const isMissed = rows.flatMap(verdictsOf).some(({ is }) => is === 'missed');
      expect(done.code, said).toBe(isHere && !isMissed ? 0 : 1);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);
