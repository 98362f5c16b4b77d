import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FileProof, proofOf } from '../../src/servers/file-proof.ts';
import { createFileSender, MOST_AT_ONCE } from '../../src/servers/file-sender.ts';
import { type Libc, loadLibc } from '../../src/servers/libc.ts';

/** Files that the kernel sends by itself: what goes out is what was proven, over the connection that asked for it. */

const libc = loadLibc();
if (libc === undefined && process.env['CI'] === 'true') throw new Error('the package koffi is not installed');
if (libc === undefined) process.stderr.write('skipped: the kernel sends files only with the package koffi\n');

const BYTES = randomBytes(3 * MOST_AT_ONCE);
/** Than two sockets hold together. */
const MORE_THAN_WAITS = 32 * 1024 * 1024;
let folder: string;
let path: string;
let ours: Socket;
let theirs: Socket;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'crashcart-sender-'));
  path = join(folder, 'image');
  writeFileSync(path, BYTES);
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection');
  theirs = connect((server.address() as AddressInfo).port, '127.0.0.1').pause();
  [ours] = (await accepted) as [Socket];
  server.close();
});
afterEach(() => {
  ours.destroy();
  theirs.destroy();
  rmSync(folder, { recursive: true });
});

const proof = (): FileProof => proofOf(statSync(path, { bigint: true }));
const openDescriptors = (): number =>
  readdirSync('/proc/self/fd').filter((name) => {
    try {
      return readlinkSync(`/proc/self/fd/${name}`).startsWith(folder);
    } catch {
      return false;
    }
  }).length;

describe.skipIf(libc === undefined)('a file that the kernel sends', () => {
  const sender = createFileSender(libc);
  const open = (of = proof()) => sender?.open(path, of, ours);

  test('arrives from where it was asked for, as far as there is room; one who is slow has no more', async () => {
    const all = randomBytes(MORE_THAN_WAITS);
    writeFileSync(path, all);
    const sent = open();
    let at = 5;
    let took = sent?.send(at, all.length);
    for (; typeof took === 'number' && took > 0; took = sent?.send(at, all.length)) at += took;
    expect(took).toBe(0);
    expect(at).toBeGreaterThan(5);
    ours.end();
    const got = Buffer.concat(await theirs.toArray());
    expect(got.equals(all.subarray(5, at))).toBe(true);
    sent?.close();
  });

  test('goes out a turn at a time', () => {
    expect(open()?.send(0, 10)).toBe(10);
    theirs.resume();
    expect(open()?.send(0, BYTES.length)).toBeLessThanOrEqual(MOST_AT_ONCE);
  });

  test('is opened once for all who get it, and closed with the last of them', () => {
    const both = [open(), open()];
    expect(openDescriptors()).toBe(1);
    both[0]?.close();
    expect(openDescriptors()).toBe(1);
    expect(both[1]?.send(0, 4)).toBe(4);
    both[1]?.close();
    expect(openDescriptors()).toBe(0);
  });

  test.each<[string, () => void]>([
    ['was changed', () => writeFileSync(path, randomBytes(BYTES.length))],
    ['is another one by this name', () => renameSync(another(), path)],
    ['is not there any more', () => rmSync(path)],
  ])('is not opened where it %s since it was proven', (_, change) => {
    const before = proof();
    change();
    expect(open(before)).toBeUndefined();
    expect(openDescriptors()).toBe(0);
  });

  const another = (): string => {
    const made = join(folder, 'another');
    writeFileSync(made, randomBytes(BYTES.length));
    return made;
  };

  test.each<[string, () => void, string]>([
    ['is overwritten on its way is told as changed', () => writeFileSync(path, BYTES, { flag: 'r+' }), 'changed'],
    ['is cut on its way is told as changed', () => writeFileSync(path, ''), 'changed'],
    ['makes way for another goes on another way', () => renameSync(another(), path), 'cannot'],
    ['only gets other rights goes on another way', () => chmodSync(path, 0o600), 'cannot'],
  ])('and %s', (_, change, expected) => {
    const sent = open();
    expect(sent?.send(0, 10)).toBe(10);
    change();
    expect(sent?.send(10, 20)).toBe(expected);
    sent?.close();
  });

  test('goes over no connection that was closed: another one may have its number', async () => {
    const sent = open();
    ours.destroy();
    expect(sent?.send(0, 10)).toBe('cannot');
    await once(ours, 'close');
    expect(sent?.send(0, 10)).toBe('cannot');
    expect(open()).toBeUndefined();
    sent?.close();
  });
});

describe('there is nobody to send', () => {
  test('without the package', () => expect(createFileSender(undefined)).toBeUndefined());

  test.skipIf(libc === undefined).each<[string, Libc['sendfile']]>([
    ['fails', () => -1],
    ['says that it sent and did not', () => 4],
    [
      'sends from another place',
      (to, _, __, sizeBytes) => {
        writeSync(to, 'crashcart', 0);
        return sizeBytes;
      },
    ],
  ])('where the call %s', (_, sendfile) => {
    expect(libc && createFileSender({ ...libc, sendfile })).toBeUndefined();
  });
});
