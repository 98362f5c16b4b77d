import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { CommandContext } from '../../src/cli/command.ts';
import { imagesCommand } from '../../src/cli/commands/images.ts';
import { statusCommand } from '../../src/cli/commands/status.ts';
import { keepNote, readNotes, sameInventoryText } from '../../src/cli/engine-notes.ts';
import { socketPath } from '../../src/cli/engine-socket.ts';
import { run } from './hosted-engine.ts';

/** An engine is found by the note that it left, whatever `_site.yaml` says or does not say by now. */

let folder = '';
let env: Readonly<Record<string, string>> = {};
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'engine-notes-'));
  vi.stubEnv('TMPDIR', folder);
  env = { XDG_STATE_HOME: join(folder, 'state'), RUNTIME_DIRECTORY: join(folder, 'run') };
  site(SITE);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const SITE = 'site: lab\nstateDir: ../kept\n';
const BROKEN = 'networks:\n  - interface: eth1\n   dhcp: authoritative\n';
const inventory = () => join(folder, 'inv');
const touch = (path: string, text = ''): string => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
};
const site = (text: string) => touch(join(inventory(), '_site.yaml'), text);
const socket = () => join(folder, 'kept', 'control.sock');
const deadPid = spawnSync('true').pid;

function note(pid = process.pid, of = inventory()): () => void {
  const kept = keepNote(env, { pid, inventory: of, socket: touch(socket()), assets: join(folder, 'vault') });
  if (!kept.ok) throw new Error(kept.error);
  return kept.value;
}

const chosen = (named = inventory()): string =>
  socketPath({ options: { inventory: named }, env, words: [] } as unknown as CommandContext);

test.each<readonly [string, () => void]>([
  ['is broken', () => site(BROKEN)],
  ['names another state folder for the next start', () => site('site: lab\nstateDir: ../other\n')],
  [
    'names one where a crash left a socket',
    () => {
      touch(join(folder, 'other', 'control.sock'));
      site('site: lab\nstateDir: ../other\n');
    },
  ],
  ['names none any more', () => site('site: lab\n')],
  ['is gone', () => rmSync(join(inventory(), '_site.yaml'))],
  ['is gone with its folder', () => renameSync(inventory(), join(folder, 'away'))],
])('while the site file %s', (_name, edit) => {
  const forget = note();
  edit();
  expect(chosen()).toBe(socket());
  forget();
  expect(chosen()).not.toBe(socket());
});

test('by whatever name its folder is called, and none that serves another, or is dead', () => {
  site(BROKEN);
  note();
  symlinkSync(inventory(), join(folder, 'link'));
  expect(chosen(join(folder, 'link'))).toBe(socket());
  expect(chosen(join(folder, 'kept'))).not.toBe(socket());
  rmSync(join(folder, 'run'), { recursive: true });
  note(deadPid);
  expect(chosen()).not.toBe(socket());
});

test('is written through no link that lies there', () => {
  const victim = touch(join(folder, 'victim'), 'as it was');
  mkdirSync(join(folder, 'run'));
  for (const name of [`engine-${process.pid}.json`, `engine-${process.pid}.json.new`])
    symlinkSync(victim, join(folder, 'run', name));
  note();
  expect(readFileSync(victim, 'utf8')).toBe('as it was');
  expect(chosen()).toBe(socket());
});

test('the next start takes away what a dead one left, and what no note is counts for nothing', () => {
  note(deadPid);
  note();
  expect(readdirSync(join(folder, 'run'))).toEqual([`engine-${process.pid}.json`]);
  for (const text of ['', '{"pid":', '[]', `{"pid":${process.ppid},"inventory":"${inventory()}"}`])
    touch(join(folder, 'run', `engine-${process.ppid}.json`), text);
  expect(readNotes(env).map(({ pid }) => pid)).toEqual([process.pid]);
});

test('where no note can be left it is said why', () => {
  const kept = keepNote(
    { RUNTIME_DIRECTORY: touch(join(folder, 'file')) },
    { pid: process.pid, inventory: inventory(), socket: socket(), assets: '' },
  );
  expect(kept).toEqual({ ok: false, error: expect.stringContaining(join(folder, 'file')) });
});

test('where none is found the broken file is named with its line, and how an engine is named', async () => {
  site(BROKEN);
  const { code, err } = await run([statusCommand], ['status'], { ...env, CRASHCART_INVENTORY: inventory() });
  expect(code).toBe(3);
  expect(err).toMatch(
    /no engine is running here \(.*control\.sock is not there\): start `crashcart serve` .*inv\/_site\.yaml:3:\d+ is wrong \(.*\), so its `stateDir:` is not known: mend it; .* --socket\n$/,
  );
  rmSync(join(inventory(), '_site.yaml'));
  note(process.pid, join(folder, 'elsewhere'));
  const gone = await run([statusCommand], ['status'], { ...env, CRASHCART_INVENTORY: inventory() });
  expect(gone.err).toContain(`there is no _site.yaml in ${inventory()} that says where`);
  expect(gone.err).toContain(`that of ${join(folder, 'elsewhere')}: --socket ${socket()}\n`);
});

test('who finds a port taken is told of the engine that serves this inventory, and never of himself', () => {
  note();
  expect(sameInventoryText(env, inventory())).toBeUndefined();
  note(process.ppid);
  expect(sameInventoryText(env, inventory())).toBe(
    `a crashcart serves this inventory already (pid ${process.ppid}, ${socket()}): use that one (crashcart attach), or stop it first`,
  );
  expect(sameInventoryText(env, join(folder, 'elsewhere'))).toBeUndefined();
});

test('`images` says where the engine sends from, when that is another vault than it shows', async () => {
  note();
  site('site: lab\nassetsDir: ../vault\n');
  const list = () => run([imagesCommand], ['images', 'list'], { ...env, CRASHCART_INVENTORY: inventory() });
  expect((await list()).err).toBe('');
  site('site: lab\nassetsDir: ../other\n');
  expect((await list()).err).toBe(
    `crashcart: this is the vault ${join(folder, 'other')}; the engine that runs (pid ${process.pid}) sends machines what is in ${join(folder, 'vault')} until its restart: --assets ${join(folder, 'vault')}\n`,
  );
});
