import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { CommandContext } from '../../src/cli/command.ts';
import { attachCommand } from '../../src/cli/commands/attach.ts';
import { cancelCommand } from '../../src/cli/commands/cancel.ts';
import { doctorCommand } from '../../src/cli/commands/doctor.ts';
import { driftCommand } from '../../src/cli/commands/drift.ts';
import { holdCommand, unholdCommand } from '../../src/cli/commands/hold.ts';
import { planCommand } from '../../src/cli/commands/plan.ts';
import { powerCommand } from '../../src/cli/commands/power.ts';
import { protectCommand } from '../../src/cli/commands/protect.ts';
import { provisionCommand } from '../../src/cli/commands/provision.ts';
import { statusCommand } from '../../src/cli/commands/status.ts';
import { waveCommand } from '../../src/cli/commands/wave.ts';
import { listDemoFolders, noteRehearsed } from '../../src/cli/demo-folders.ts';
import { keepNote } from '../../src/cli/engine-notes.ts';
import { attachCommandFor, ownSocket, socketPath } from '../../src/cli/engine-socket.ts';
import { hostEngine, run } from './hosted-engine.ts';

/** Which engine a command means that names none. */

/** Node's own does not read TMPDIR while the user is one for a while that the process was not started by. */
vi.mock('node:os', async (original) => ({
  ...(await original<typeof import('node:os')>()),
  tmpdir: () => process.env['TMPDIR'] ?? '/tmp',
}));

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

/** The kernel counts births by its own tick: two folders in one of them are as old as each other. */
async function nextTick(since: string): Promise<void> {
  const born = (path: string) => statSync(path).birthtimeMs;
  await vi.waitUntil(() => born(mkdtempSync(join(folder, 'tick-'))) > born(since), { timeout: 20_000, interval: 1 });
}

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

describe('where the engine of another inventory has the state folder of this user', () => {
  const all = [attachCommand, holdCommand, planCommand, provisionCommand, statusCommand];
  const other = () => join(folder, 'a', 'inventory');
  const here = () => join(folder, 'b', 'inventory');
  const env = () => ({
    XDG_STATE_HOME: join(folder, 'state'),
    RUNTIME_DIRECTORY: join(folder, 'run'),
    CRASHCART_INVENTORY: here(),
  });
  const say = (...argv: readonly string[]) => run(all, argv, env());
  const site = (path: string, text = 'site: lab\n') => writeFileSync(touch(join(path, '_site.yaml')), text);
  beforeEach(() => {
    for (const path of [other(), here()]) site(path);
    const kept = keepNote(env(), { pid: process.pid, inventory: other(), socket: touch(own()), assets: '' });
    if (!kept.ok) throw new Error(kept.error);
  });

  const ORDERS = [
    ['provision', 'n01', '--reinstall', '--confirm', 'n01'],
    ['hold', 'n01', '--why', 'a DIMM'],
    ['attach'],
  ];

  test.each(ORDERS)('%s is refused, and told how that one is named', async (...argv) => {
    const { code, err } = await say(...argv);
    expect(code).toBe(3);
    expect(err).toContain(`no engine of ${here()} is running here`);
    expect(err).toContain(`the engine of ${other()} runs`);
    expect(err).toContain(`--socket ${own()}\n`);
  });

  test.each([...ORDERS, ['status']])('%s goes nowhere where the site names its own', async (...argv) => {
    site(here(), 'site: paris\nstateDir: ../state\n');
    const { code, err } = await say(...argv);
    expect(code).toBe(3);
    expect(err).toContain(`${join(folder, 'b', 'state', 'control.sock')} is not there`);
    expect(err).toContain(`that of ${other()}: --socket ${own()}\n`);
  });

  test('who looks on is told whose it is', async () => {
    expect((await say('status')).err).toContain(`this is the engine of ${other()}, and not of ${here()}\n`);
  });

  test('doctor does not take it for the engine of this inventory', async () => {
    const hosted = await hostEngine();
    rmSync(dirname(own()), { recursive: true });
    symlinkSync(dirname(hosted.socket), dirname(own()));
    const look = async (inventory: string): Promise<string> => {
      const found = await run([doctorCommand], ['doctor', '--quiet-wire', '--inventory', inventory], env());
      return found.out
        .split('\n')
        .filter((line) => / engine: /.test(line))
        .join('\n');
    };
    const [theirs, ours] = [await look(other()), await look(here())];
    await hosted.stop();
    expect(ours).toMatch(/none runs|not running|no engine/);
    expect(theirs).not.toBe(ours);
  });

  test('it is meant where it is named, or its inventory is', async () => {
    const [command, ...words] = ['hold', 'n01', '--why', 'a DIMM'] as const;
    for (const more of [{ CRASHCART_INVENTORY: other() }, { CRASHCART_SOCKET: own() }]) {
      const { err } = await run(all, [command, ...words], { ...env(), ...more });
      expect(err).not.toContain('no engine of');
      expect(err).toContain(own());
    }
  });
});

describe('where an engine and a rehearsal of its inventory run', () => {
  const inventory = () => join(folder, 'inv');
  const env = () => ({
    XDG_STATE_HOME: join(folder, 'state'),
    RUNTIME_DIRECTORY: join(folder, 'run'),
    CRASHCART_INVENTORY: inventory(),
  });
  const all = [
    attachCommand,
    cancelCommand,
    holdCommand,
    protectCommand,
    provisionCommand,
    statusCommand,
    unholdCommand,
  ];
  const say = (...argv: readonly string[]) => run([...all, waveCommand], argv, env());
  beforeEach(() => {
    writeFileSync(touch(join(inventory(), '_site.yaml')), 'site: lab\n');
    const kept = keepNote(env(), { pid: process.pid, inventory: inventory(), socket: touch(own()), assets: '' });
    if (!kept.ok) throw new Error(kept.error);
    touch(demo(process.pid));
  });

  test.each([['provision', 'n01'], ['attach'], ['unhold', 'n01'], ['protect', 'n01', '--release'], ['wave', 'resume']])(
    '%s asks which is meant',
    async (...argv) => {
      noteRehearsed(join(folder, `crashcart-demo-${process.pid}`), inventory());
      const { code, err } = await say(...argv);
      expect(code).toBe(2);
      expect(err).toContain(`  --socket ${own()}   (the engine)\n`);
      expect(err).toContain(`  --socket ${demo(process.pid)}   (a rehearsal)\n`);
      expect((await say(...argv, '--socket', own())).code).toBe(3);
    },
  );

  test.each([
    ['cancel', 'n01'],
    ['cancel', '--all'],
    ['hold', 'n01', '--why', 'a DIMM'],
    ['protect', 'n01'],
    ['wave', 'pause'],
    ['wave', 'cancel'],
  ])('%s forbids, and goes to the engine, which is told', async (...argv) => {
    noteRehearsed(join(folder, `crashcart-demo-${process.pid}`), inventory());
    const { code, err } = await say(...argv);
    // Nothing listens there.
    expect([code, err]).toEqual([3, expect.stringContaining(own())]);
    expect(err).toContain(`this is the engine of ${inventory()}, not its rehearsal\n`);
  });

  test('who looks on is told that it is the engine', async () => {
    noteRehearsed(join(folder, `crashcart-demo-${process.pid}`), inventory());
    expect((await say('status')).err).toContain(`this is the engine of ${inventory()}, not its rehearsal\n`);
  });

  test('a demo of other machines is in nobody’s way', async () => {
    noteRehearsed(join(folder, `crashcart-demo-${process.pid}`), join(folder, 'elsewhere'));
    expect((await say('provision', 'n01')).code).toBe(3);
  });
});

const FORBIDDING: readonly (readonly string[])[] = [
  ['cancel', 'n01'],
  ['cancel', '--all'],
  ['hold', 'n01', '--why', 'a DIMM'],
  ['protect', 'n01'],
  ['wave', 'pause'],
  ['wave', 'cancel'],
];
const ANY = [cancelCommand, holdCommand, protectCommand, provisionCommand, statusCommand, waveCommand];

describe('where an engine runs that this user does not see', () => {
  const inventory = () => join(folder, 'inv');
  const kept = () => join(folder, 'roots', 'control.sock');
  const env = () => ({
    XDG_STATE_HOME: join(folder, 'state'),
    RUNTIME_DIRECTORY: join(folder, 'run'),
    CRASHCART_INVENTORY: inventory(),
  });
  const rehearse = (): string => {
    const path = touch(demo(process.pid));
    noteRehearsed(join(folder, `crashcart-demo-${process.pid}`), inventory());
    return path;
  };
  const leaveNote = () => {
    const noted = keepNote(env(), { pid: process.pid, inventory: inventory(), socket: kept(), assets: '' });
    if (!noted.ok) throw new Error(noted.error);
  };
  /** As somebody for whom the folder of that engine is closed, which is nothing to root. */
  const sayBarred = async (...argv: readonly string[]) => {
    touch(kept());
    for (const open of [folder, join(folder, 'run')]) if (existsSync(open)) chmodSync(open, 0o755);
    chmodSync(dirname(kept()), 0);
    if (process.getuid?.() === 0) process.seteuid?.(65534);
    try {
      return await run(ANY, argv, env());
    } finally {
      process.seteuid?.(process.getuid?.() ?? 0);
      chmodSync(dirname(kept()), 0o700);
    }
  };
  beforeEach(() => {
    writeFileSync(touch(join(inventory(), '_site.yaml')), 'site: lab\n');
  });

  test.each([...FORBIDDING, ['status'], ['provision', 'n01']])(
    '%s tells him so, and takes no demo in its place',
    async (...argv) => {
      leaveNote();
      const told = `the engine of ${inventory()} runs here (pid ${process.pid}), and this user may not reach it: sudo crashcart …, with --socket ${kept()}\n`;
      expect(await sayBarred(...argv)).toEqual({ code: 3, out: '', err: `crashcart: ${told}` });
      const rehearsal = rehearse();
      const beside = await sayBarred(...argv);
      expect(beside).toEqual({ code: 3, out: '', err: `crashcart: ${told}  --socket ${rehearsal}   (a demo)\n` });
    },
  );

  test('that its site names its folder is enough', async () => {
    writeFileSync(join(inventory(), '_site.yaml'), 'site: lab\nstateDir: ../roots\n');
    touch(demo(process.pid));
    const { code, err } = await sayBarred('cancel', 'n01');
    expect([code, err]).toEqual([
      3,
      expect.stringContaining(`may not reach it: sudo crashcart …, with --socket ${kept()}`),
    ]);
  });

  test('one that starts or ends has no socket: it is not told to be started, and no demo is taken', async () => {
    leaveNote();
    rehearse();
    const { code, err } = await run(ANY, ['cancel', 'n01'], env());
    expect([code, err]).toEqual([3, expect.stringContaining(`starts or ends just now (pid ${process.pid})`)]);
    expect(err).not.toContain('crashcart serve');
  });
});

describe('where an engine was killed, and only a demo runs', () => {
  const env = { RUNTIME_DIRECTORY: '/nowhere' };
  const say = (argv: readonly string[], more: Readonly<Record<string, string>> = {}) =>
    run(ANY, argv, { ...env, XDG_STATE_HOME: join(folder, 'state'), ...more });

  test.each(FORBIDDING)('%s goes to a rehearsal only where that is named', async (...argv) => {
    const rehearsal = touch(demo(process.pid));
    noteRehearsed(join(folder, `crashcart-demo-${process.pid}`), join(folder, 'inv'));
    const { code, err } = await say(argv);
    expect(code).toBe(3);
    expect(err).toContain(`only a rehearsal of ${join(folder, 'inv')}`);
    expect(err).toContain(`\n  --socket ${rehearsal}   (a rehearsal of ${join(folder, 'inv')})\n`);
    // Nothing listens there.
    expect((await say([...argv, '--socket', rehearsal])).err).toMatch(
      /^crashcart: \S+control\.sock is not a private socket/,
    );
  });

  test('nor to a demo of made-up machines where an inventory is named', async () => {
    const path = touch(demo(process.pid));
    const named = { CRASHCART_INVENTORY: join(folder, 'inv') };
    const { code, err } = await say(['cancel', '--all'], named);
    expect(code).toBe(3);
    expect(err).toContain(`no engine of ${join(folder, 'inv')} is found from here, only a demo`);
    expect(err).toContain(`  --socket ${path}   (a demo)\n`);
    for (const argv of [['status'], ['provision', 'n01']])
      expect((await say(argv, named)).err).toContain(`this is the demo, ${path}\n`);
  });

  test.each(FORBIDDING)('%s goes to a demo of made-up machines where no inventory is named', async (...argv) => {
    const path = touch(demo(process.pid));
    expect((await say(argv)).err).toContain(`this is the demo, ${path}\n`);
  });
});

describe('where only demos run', () => {
  const all = [attachCommand, driftCommand, holdCommand, planCommand, powerCommand, provisionCommand, statusCommand];
  const say = (...argv: readonly string[]) => run(all, argv, { XDG_STATE_HOME: join(folder, 'state') });

  test.each([
    ['provision', 'r01-u01'],
    ['hold', 'r01-u01', '--why', 'a DIMM'],
    ['power', 'r01-u01', 'off'],
    ['attach'],
  ])('several, %s asks which is meant, and lists them', async (...argv) => {
    const demos = [touch(demo(process.pid)), touch(demo(process.ppid))];
    const { code, err } = await say(...argv);
    expect(code).toBe(2);
    expect(err).toContain('2 demos run here');
    for (const path of demos) expect(err).toContain(`--socket ${path}\n`);
  });

  test.each([['status'], ['drift'], ['plan', 'r01-u01'], ['power', 'r01-u01', 'status'], ['attach', '--read-only']])(
    'several, %s reads of the newest, and names it',
    async (...argv) => {
      const first = touch(demo(process.pid));
      await nextTick(join(first, '../..'));
      const newest = touch(demo(process.ppid));
      // Nothing listens there: that it is named is all that is seen here.
      expect((await say(...argv)).err).toContain(`the newest of 2 demos, ${newest}\n`);
    },
  );

  test('one, an order goes to it, which is told once', async () => {
    const only = touch(demo(process.pid));
    const { code, err } = await say('provision', 'r01-u01');
    expect(code).toBe(3);
    expect(err.split(`crashcart: this is the demo, ${only}\n`)).toHaveLength(2);
  });

  test('a demo beside a real engine is in nobody’s way', async () => {
    touch(demo(process.pid));
    touch(demo(process.ppid));
    touch(own());
    const { code, err } = await say('hold', 'r01-u01', '--why', 'a DIMM');
    expect([code, err]).toEqual([3, expect.not.stringContaining('demo')]);
  });

  test('one that is named is meant', async () => {
    const named = touch(demo(process.pid));
    touch(demo(process.ppid));
    const { code, err } = await say('hold', 'r01-u01', '--why', 'a DIMM', '--socket', named);
    expect([code, err]).toEqual([3, expect.not.stringContaining('demos')]);
  });
});
