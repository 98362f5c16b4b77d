import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { loadLibc } from '../../src/servers/libc.ts';
import { explainTransfer } from '../../src/servers/transfer-problem.ts';

/** A machine to which this host has no route, as with a wrong mask: its transfer ends, with the truth, and no other. */

const works = spawnSync('unshare', ['-n', 'true']).status === 0;
if (!works) process.stderr.write('skipped: a network namespace needs root and unshare(1)\n');
const hasLibc = loadLibc() !== undefined;
if (!hasLibc) process.stderr.write('skipped: sockets past Node need the package koffi\n');
const ci = process.env['CI'] === 'true';

test.skipIf(!works && !ci).each([
  ["by Node's sockets", 'node', 'lockstep'],
  ["by Node's sockets, in windows", 'node', 'windowed'],
  ['by a port that others share', 'libc', 'lockstep'],
  ['by a socket past Node, in windows', 'libc', 'windowed'],
])('a machine without a route ends its own transfer alone, sent %s', { timeout: 60_000 }, async (_, road, manner) => {
  if (road === 'libc' && !hasLibc && !ci) return;
  const probe = join(import.meta.dirname, 'no-route-probe.ts');
  const words = ['-n', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh', process.execPath, probe, road, manner];
  const { stdout } = await promisify(execFile)('unshare', words, { timeout: 50_000 });
  expect(JSON.parse(stdout)).toEqual([
    'there is no route from this host to 192.0.2.9 (a wrong mask, here or there?)',
    'done',
  ]);
});

test.each([
  ['EMFILE', 'the server has too many files open; try again'],
  ['EADDRNOTAVAIL', '10.0.0.1 is no address of this host any more'],
  ['EACCES', '10.0.0.255 is no address that one machine can have here'],
  ['ENETDOWN', 'the server cannot send to 10.0.0.255: ENETDOWN'],
])('%s in words', (code, words) => {
  expect(explainTransfer(code, '10.0.0.255', '10.0.0.1')).toBe(words);
});
