import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { prepareSimulation } from '../../src/cli/simulation.ts';

const folder = mkdtempSync(join(tmpdir(), 'keep-folder-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function keptIn(name: string, file: string): string {
  const keep = join(folder, name);
  mkdirSync(keep);
  writeFileSync(join(keep, file), '');
  return keep;
}

const demoKeeping = (keep: string) =>
  prepareSimulation(
    { nodes: 1, seed: 1, speed: 1, faults: 'none', rehearse: false, folder: join(folder, 'demo'), keep },
    '',
  );

test('the journal of an earlier demo is not gone on with, and what shows it is named', async () => {
  const keep = keptIn('killed', 'journal-000000000001.log');
  expect(await demoKeeping(keep)).toEqual({
    ok: false,
    error: `--keep takes an empty folder or a new one, and there is an earlier journal in ${keep}: \`crashcart replay ${keep}\` shows it, \`crashcart export --state ${keep}\` reports it`,
  });
});

test('of other things in a folder nothing is promised', async () => {
  const keep = keptIn('other', 'notes.txt');
  expect(await demoKeeping(keep)).toEqual({
    ok: false,
    error: `--keep takes an empty folder or a new one, and there is something in ${keep}`,
  });
});
