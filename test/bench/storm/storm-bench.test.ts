import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../../firmware/run-command.ts';
import { BUNDLE } from '../../whole/run-program.ts';
import { brokenIn, verdictsOf } from '../bench-aims.ts';
import type { BenchRow } from '../bench-figures.ts';

/** The storm of `npm run bench` with one machine: every part of it runs once, beside the peers that are here. */

const has = (name: string) => spawnSync('sh', ['-c', `PATH=$PATH:/usr/sbin:/sbin command -v ${name}`]).status === 0;
const needed = ['gcc', 'ip', 'sysctl', 'curl'];
const probe = `crashcart-storm-${process.pid}`;
const works = process.getuid?.() === 0 && needed.every(has) && spawnSync('ip', ['netns', 'add', probe]).status === 0;
if (works) spawnSync('ip', ['netns', 'del', probe]);
else process.stderr.write(`skipped: the storm bench needs root, network namespaces and ${needed.join(', ')}\n`);

test.skipIf(!works && process.env['CI'] !== 'true')(
  'the storm bench comes to its row, and fails only where a peer of its aim is missing or an aim is missed',
  { timeout: 240_000 },
  async () => {
    if (!existsSync(BUNDLE)) throw new Error('dist/crashcart.mjs is not built: run `npm test`, which builds it first');
    const folder = mkdtempSync(join(tmpdir(), 'storm-bench-'));
    const rows = join(folder, 'rows.jsonl');
    const series = new URL('../storm.bench.ts', import.meta.url).pathname;
    try {
      const done = await runCommand(process.execPath, [series, '1', 'at once', '30'], {
        env: { BENCH_ROWS: rows },
        timeoutMs: 200_000,
      });
      const row = JSON.parse(readFileSync(rows, 'utf8')) as BenchRow;
      expect(row.ours, `${done.out}${done.err}`).toBeGreaterThan(0);
      expect(row.own).toEqual([
        expect.objectContaining({ what: 'DHCP p99', value: expect.any(Number) }),
        expect.objectContaining({ what: "the engine's longest stall", value: expect.any(Number) }),
      ]);
      // CI installs them: without its peer the row would be compared with nothing.
      const isHere = process.env['CI'] === 'true' || (has('dnsmasq') && has('nginx'));
      // Where it failed, nobody would see it: the test runs as root, who may have such a thread.
      expect(row.note).toMatch(/real-time thread up to \d+ ms late/);
      expect(brokenIn(row)).toEqual(isHere ? [] : ['dnsmasq + nginx is not here to compare with']);
      // A busy host may miss an aim, which ends with 1 too.
      const isMissed = verdictsOf(row).some(({ is }) => is === 'missed');
      expect(done.code).toBe(isHere && !isMissed ? 0 : 1);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);
