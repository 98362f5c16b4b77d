import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { acquireLock } from '../../src/store/acquire-lock.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'crashcart-lock-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const SCRIPT = `
  import { acquireLock } from ${JSON.stringify(new URL('../../src/store/acquire-lock.ts', import.meta.url).href)};
  const lock = acquireLock(process.argv[1], { what: 'crashcart serve' });
  process.stdout.write(lock.ok ? 'held\\n' : lock.error + '\\n');
  if (process.argv[2] === 'leave' && lock.ok) lock.value.leave();
  if (process.argv[2] === 'stay' && lock.ok) setInterval(() => undefined, 1000);
`;

function start(mode: 'stay' | 'leave' | 'go'): {
  child: ReturnType<typeof spawn>;
  said: Promise<string>;
  gone: Promise<unknown>;
} {
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', SCRIPT, dir, mode], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said = new Promise<string>((resolve) => {
    child.stdout.once('data', (bytes: Buffer) => resolve(bytes.toString().trim()));
  });
  return { child, said, gone: new Promise((resolve) => child.once('close', resolve)) };
}

describe('the lock of a state folder', () => {
  test('is held by one, names the holder to others, and is free after release', () => {
    const first = acquireLock(dir, { what: 'crashcart up' });
    if (!first.ok) throw new Error(first.error);
    expect(statSync(join(dir, 'lock')).mode & 0o777).toBe(0o600);
    const second = acquireLock(dir);
    expect(second).toMatchObject({ ok: false, error: expect.stringMatching(/^crashcart up \(pid \d+, since 20/) });
    first.value.release();
    expect(readdirSync(dir)).toEqual([]);
    const third = acquireLock(dir);
    expect(third.ok).toBe(true);
    // Released twice, the first lock must not take the third one's name away.
    first.value.release();
    expect(readdirSync(dir)).toEqual(['lock']);
    if (third.ok) third.value.release();
  });

  test('of another process is respected while it lives, taken when it was killed, and gone when it ends by itself', async () => {
    const holder = start('stay');
    expect(await holder.said).toBe('held');
    const refused = acquireLock(dir);
    expect(refused).toMatchObject({
      ok: false,
      error: expect.stringContaining(`crashcart serve (pid ${holder.child.pid}`),
    });
    holder.child.kill('SIGKILL');
    await holder.gone;
    expect(readdirSync(dir)).toEqual(['lock']);
    const mine = acquireLock(dir);
    expect(mine.ok).toBe(true);
    if (mine.ok) mine.value.release();
    const brief = start('go');
    expect(await brief.said).toBe('held');
    await brief.gone;
    expect(readdirSync(dir)).toEqual([]);
  });

  test('that is left is not touched by the end of its process, and is taken after that', async () => {
    const holder = start('leave');
    expect(await holder.said).toBe('held');
    await holder.gone;
    expect(readdirSync(dir)).toEqual(['lock']);
    const mine = acquireLock(dir);
    expect(mine.ok).toBe(true);
    if (mine.ok) mine.value.release();
  });

  test('whose number belongs to another process by now is stale', () => {
    const lock = acquireLock(dir, { pid: 4_242, startedOf: () => 'boot-1 100' });
    expect(lock.ok).toBe(true);
    expect(acquireLock(dir, { startedOf: () => 'boot-1 100' }).ok).toBe(false);
    expect(acquireLock(dir, { startedOf: () => 'boot-1 200' }).ok).toBe(true);
    expect(JSON.parse(readFileSync(join(dir, 'lock'), 'utf8'))).toMatchObject({
      pid: process.pid,
      started: 'boot-1 200',
    });
  });

  test('that is a file of someone else is left alone', () => {
    writeFileSync(join(dir, 'lock'), 'not ours');
    expect(acquireLock(dir)).toMatchObject({ ok: false, error: expect.stringContaining('is not a lock of crashcart') });
    expect(readFileSync(join(dir, 'lock'), 'utf8')).toBe('not ours');
  });

  test('left behind is taken by exactly one of several that start at once', async () => {
    acquireLock(dir, { pid: 4_242, startedOf: () => 'long ago' });
    const racers = Array.from({ length: 6 }, () => start('stay'));
    const said = await Promise.all(racers.map((racer) => racer.said));
    expect(said.filter((text) => text === 'held').length).toBe(1);
    for (const racer of racers) racer.child.kill('SIGKILL');
    await Promise.all(racers.map((racer) => racer.gone));
  });
});
