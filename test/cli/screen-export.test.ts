import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createScreenExport } from '../../src/cli/screen-export.ts';
import { fail, ok, type Result } from '../../src/core/result.ts';
import type { Ask } from '../../src/link/link-protocol.ts';
import { type Bundle, bundleProgram } from './bundle.ts';
import { arm, boot, createRecordedSite, load, NODES, type RecordedSite } from './recorded-site.ts';

vi.setConfig({ testTimeout: 60_000 });

let program: Bundle;
let site: RecordedSite;
beforeAll(async () => {
  program = await bundleProgram();
  site = createRecordedSite();
  const run = await site.run('crashcart up');
  run.engine.emit(load(...NODES));
  const [node] = NODES;
  if (node === undefined) throw new Error('a machine is needed');
  arm(run, node);
  boot(run, node);
  await run.end();
}, 60_000);
afterAll(() => {
  site.remove();
  program.remove();
});

let count = 0;
/** An engine whose journal is here and which keeps packets of one machine. */
function openExport(state = site.dir) {
  const folder = join(program.folder, `export-${count++}`);
  mkdirSync(folder);
  const ask = async (question: Ask): Promise<Result<unknown>> => {
    if (question.type === 'services') return ok([{ name: 'journal', listens: state }]);
    if (question.type !== 'pcapng') return fail('not asked for here');
    const bytes = Buffer.from([0x0a, 0x0d, 0x0d, 0x0a]).toString('base64');
    return question.node === 'node-01' ? ok(bytes) : fail(`no packets of ${question.node} are kept`);
  };
  const parts = {
    client: { ask: ask as never },
    program: [process.execPath, program.file],
    folder,
    now: () => new Date(2026, 10, 21, 19, 5, 3),
  };
  return { folder, exportTo: createScreenExport(parts) };
}
const OWN = 'crashcart-export-2026-11-21-190503';

test('the report of the run goes into a new folder where the screen was started', async () => {
  const { folder, exportTo } = openExport();
  const done = await exportTo({ is: 'run' });
  expect(done).toEqual(ok(`report.md, report.json and timeline.jsonl are in ${join(folder, OWN)}`));
  expect(readdirSync(join(folder, OWN)).sort()).toEqual(['report.json', 'report.md', 'timeline.jsonl']);
  expect(readFileSync(join(folder, OWN, 'report.md'), 'utf8')).toContain(NODES[0]?.name);
});

test('a wave that the journal does not know is said in its words, and no empty folder is left', async () => {
  const { folder, exportTo } = openExport();
  const done = await exportTo({ is: 'wave', wave: 'deadbeef' });
  expect(done.ok ? '' : done.error).toMatch(/^no report was written: "deadbeef" is no run and no wave of this journal/);
  expect(readdirSync(folder)).toEqual([]);
});

test('a journal that cannot be read is said', async () => {
  const { folder, exportTo } = openExport('/nowhere/at/all');
  const done = await exportTo({ is: 'run' });
  expect(done.ok ? '' : done.error).toMatch(/^no report was written: .*\/nowhere\/at\/all/);
  expect(readdirSync(folder)).toEqual([]);
});

test('packets of those that have some, and of how many there are none', async () => {
  const { folder, exportTo } = openExport();
  const done = await exportTo({ is: 'packets', nodes: ['node-01', 'node-02'] });
  expect(done).toEqual(ok(`packets of node-01 are in ${join(folder, OWN)} (no packets of node-02 are kept)`));
  expect([...readFileSync(join(folder, OWN, 'node-01.pcapng'))]).toEqual([0x0a, 0x0d, 0x0d, 0x0a]);
  expect(await openExport().exportTo({ is: 'packets', nodes: ['node-02'] })).toEqual(
    fail('no packets of node-02 are kept'),
  );
});

test('the same second gets no second folder', async () => {
  const { exportTo } = openExport();
  await exportTo({ is: 'packets', nodes: ['node-01'] });
  const again = await exportTo({ is: 'packets', nodes: ['node-01'] });
  expect(again.ok ? '' : again.error).toMatch(/was made this very second: try again$/);
});
