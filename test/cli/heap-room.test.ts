import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../firmware/run-command.ts';

const MODULE = join(import.meta.dirname, '../../src/cli/heap-room.ts');

test('V8 knows what it is told: what it does not know it would pass over in silence', async () => {
  const program = `
    const { default: v8 } = await import('node:v8');
    const tell = v8.setFlagsFromString;
    const said = [];
    v8.setFlagsFromString = (flag) => said.push(flag);
    (await import('node:module')).syncBuiltinESMExports();
    (await import(process.argv[1])).giveHeapRoom();
    console.log(said.map((flag) => flag.replace(/^--(no-)?|=.*/g, '')).join(' '));`;
  const timeoutMs = 30_000;
  const args = ['--input-type=module', '-e', program, MODULE];
  const { out } = await runCommand(process.execPath, args, { timeoutMs });
  const told = out.trim().split(' ');
  expect(told).toEqual(['heap-growing-percent', 'memory-reducer']);
  const known = await runCommand(process.execPath, ['--v8-options'], { timeoutMs });
  expect(told.filter((flag) => !new RegExp(`--(\\[no-\\])?${flag} `).test(known.out))).toEqual([]);
});
