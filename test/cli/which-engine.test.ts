import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { CommandContext } from '../../src/cli/command.ts';
import { listDemoFolders } from '../../src/cli/demo-folders.ts';
import { attachCommandFor, ownSocket, socketPath } from '../../src/cli/engine-socket.ts';

/** Which engine a command means that names none. */

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'which-engine-'));
  vi.stubEnv('TMPDIR', folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const touch = (path: string): string => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, '');
  return path;
};

const own = () => join(folder, 'state', 'crashcart', 'control.sock');
const demo = (pid: number) => join(folder, `crashcart-demo-${pid}`, 'state', 'control.sock');
const deadPid = spawnSync('true').pid;

function chosen(options: CommandContext['options'] = {}): string {
  const env = { XDG_STATE_HOME: join(folder, 'state') };
  return socketPath({
    options: { inventory: join(folder, 'inv'), ...options },
    env,
    words: [],
  } as unknown as CommandContext);
}

test('without any it is the place where one of this user would be', () => {
  expect(chosen()).toBe(own());
});

test('a demo that runs, and none that was killed', () => {
  touch(demo(deadPid));
  expect(chosen()).toBe(own());
  const running = touch(demo(process.pid));
  expect(chosen()).toBe(running);
});

test('before it the engine of this user, before that the one of the inventory here, and before all what is named', () => {
  touch(demo(process.pid));
  touch(own());
  expect(chosen()).toBe(own());
  writeFileSync(touch(join(folder, 'inv', '_site.yaml')), 'site: lab\nstateDir: ../kept\n');
  expect(chosen()).toBe(own());
  const kept = touch(join(folder, 'kept', 'control.sock'));
  expect(chosen()).toBe(kept);
  expect(chosen({ socket: '/named.sock' })).toBe('/named.sock');
});

test('folders of demos are folders of this user with the number of a process; links and files are not', () => {
  touch(demo(process.pid));
  touch(demo(deadPid));
  touch(join(folder, 'crashcart-demo-77'));
  symlinkSync(join(folder, `crashcart-demo-${deadPid}`), join(folder, 'crashcart-demo-78'));
  mkdirSync(join(folder, 'crashcart-demo-x'));
  const found = listDemoFolders().map(({ path, isAlive }) => [path.slice(folder.length + 1), isAlive]);
  expect(found.sort()).toEqual(
    [
      [`crashcart-demo-${process.pid}`, true],
      [`crashcart-demo-${deadPid}`, false],
    ].sort(),
  );
});

test('the command that an `up` names comes back to it from any folder, wherever its state is', () => {
  const context = (options: CommandContext['options']) =>
    ({ options, env: { XDG_STATE_HOME: join(folder, 'state') }, words: [] }) as unknown as CommandContext;
  const inventory = join(folder, 'inv');
  expect(ownSocket(context({}), inventory)).toBe(own());
  writeFileSync(touch(join(inventory, '_site.yaml')), 'site: lab\nstateDir: ../kept\n');
  expect(ownSocket(context({}), inventory)).toBe(join(folder, 'kept', 'control.sock'));
  const named = ownSocket(context({ state: join(folder, 'here') }), inventory);
  expect(named).toBe(join(folder, 'here', 'control.sock'));
  expect(attachCommandFor(named ?? '')).toBe(`crashcart attach --socket ${named}`);
  expect(attachCommandFor("/tmp/my site's/control.sock")).toBe(
    "crashcart attach --socket '/tmp/my site'\\''s/control.sock'",
  );
});
