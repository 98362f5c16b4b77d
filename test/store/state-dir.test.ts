import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { prepareStateDir, resolveStateDir } from '../../src/store/state-dir.ts';

describe('the state folder', () => {
  const cases: [string, Record<string, string>, number, string | RegExp][] = [
    ['is the one of systemd', { STATE_DIRECTORY: '/var/lib/cc', XDG_STATE_HOME: '/x' }, 0, '/var/lib/cc'],
    ['is the first of several of systemd', { STATE_DIRECTORY: '/a:/b' }, 0, '/a'],
    ['is below XDG_STATE_HOME', { XDG_STATE_HOME: '/home/kim/st', HOME: '/h' }, 1000, '/home/kim/st/crashcart'],
    [
      'ignores an XDG_STATE_HOME that is relative',
      { XDG_STATE_HOME: 'st', HOME: '/h' },
      1000,
      '/h/.local/state/crashcart',
    ],
    ['is the system’s for root', { HOME: '/root' }, 0, '/var/lib/crashcart'],
    ['is below HOME for others', { HOME: '/home/kim' }, 1000, '/home/kim/.local/state/crashcart'],
    ['cannot be relative', { STATE_DIRECTORY: 'state' }, 0, /no absolute path/],
    ['needs some place', {}, 1000, /set XDG_STATE_HOME or HOME/],
  ];
  test.each(cases)('%s', (_, env, uid, expected) => {
    const found = resolveStateDir(env, uid);
    if (typeof expected === 'string') expect(found).toEqual({ ok: true, value: expected });
    else expect(found).toMatchObject({ ok: false, error: expect.stringMatching(expected) });
  });
});

describe('preparing it', () => {
  const uid = process.getuid?.() ?? -1;
  let top = '';
  beforeEach(() => {
    top = mkdtempSync(join(tmpdir(), 'crashcart-dir-'));
  });
  afterEach(() => rmSync(top, { recursive: true }));
  const modeOf = (path: string): number => statSync(path).mode & 0o777;

  test('makes it for its owner alone', async () => {
    const dir = join(top, 'a', 'b');
    expect(await prepareStateDir(dir, uid)).toMatchObject({ ok: true });
    expect(modeOf(dir)).toBe(0o700);
  });

  test('closes one that was open', async () => {
    const dir = join(top, 'open');
    mkdirSync(dir);
    chmodSync(dir, 0o755);
    writeFileSync(join(dir, 'snapshot.json'), '');
    expect(await prepareStateDir(dir, uid)).toMatchObject({ ok: true });
    expect(modeOf(dir)).toBe(0o700);
  });

  test('does not take over a folder with other things in it', async () => {
    const dir = join(top, 'etc');
    mkdirSync(dir);
    chmodSync(dir, 0o755);
    writeFileSync(join(dir, 'passwd'), '');
    expect(await prepareStateDir(dir, uid)).toMatchObject({
      ok: false,
      error: expect.stringContaining('holds "passwd"'),
    });
    expect(modeOf(dir)).toBe(0o755);
  });

  test('refuses one of another user, a link and a file', async () => {
    expect(await prepareStateDir(top, uid + 1)).toMatchObject({
      ok: false,
      error: expect.stringContaining('belongs to user'),
    });
    symlinkSync(top, join(top, 'link'));
    expect(await prepareStateDir(join(top, 'link'), uid)).toMatchObject({
      ok: false,
      error: expect.stringContaining('not a folder'),
    });
    writeFileSync(join(top, 'file'), '');
    expect(await prepareStateDir(join(top, 'file'), uid)).toMatchObject({
      ok: false,
      error: expect.stringContaining('is a file'),
    });
  });
});
