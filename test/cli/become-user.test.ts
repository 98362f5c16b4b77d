import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { optionWords, privilegeWords } from '../../src/cli/become-user.ts';
import { createHostView } from '../../src/cli/doctor-proc.ts';
import { keptCapabilities } from '../../src/cli/kept-capabilities.ts';
import { findUser, parsePasswd } from '../../src/cli/service-user.ts';
import { connectLink, type LinkClient } from '../../src/link/connect-link.ts';
import { dialControl } from '../../src/link/control-socket.ts';
import type { FromClient, FromEngine } from '../../src/link/link-protocol.ts';
import { createSocketCarrier } from '../../src/link/socket-carrier.ts';
import { handOver } from '../../src/store/hand-over.ts';
import { type Bundle, bundleProgram } from './bundle.ts';

const NOBODY = { name: 'nobody', uid: 65_534, gid: 65_534 };
const isRoot = process.getuid?.() === 0;

/** For machines without root it is said why, and in CI it is a failure. */
function needsRoot(what: string): boolean {
  if (isRoot) return true;
  if (process.env['CI'] === 'true') throw new Error(`${what} needs root`);
  process.stderr.write(`${what}: not tested, it needs root\n`);
  return false;
}

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'crashcart-user-'));
  chmodSync(folder, 0o755);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('words', () => {
  test('of a user of the system, by name and by number', () => {
    expect(findUser('nobody', process.env['PATH'])).toMatchObject({ ok: true, value: { uid: 65_534 } });
    expect(findUser('65534', process.env['PATH'])).toMatchObject({ ok: true, value: { name: 'nobody' } });
  });

  test.each<readonly [string, string, RegExp]>([
    ['nobody of this name', 'no-such-user', /there is no user no-such-user here: useradd/],
    ['root', 'root', /gives nothing up/],
    ['root by its number', '0', /gives nothing up/],
    ['an option', '--help', /is no name of a user/],
    ['two words', 'a b', /is no name of a user/],
  ])('that name %s are refused', (_name, name, why) => {
    const found = findUser(name, process.env['PATH']);
    expect(found).toMatchObject({ ok: false, error: expect.stringMatching(why) });
  });

  test.each(['', 'root', 'x:y:z:1', 'x::a:b:::', '::::::'])('of a broken line "%s" are nobody', (line) => {
    expect(parsePasswd(line)).toBeUndefined();
  });

  test('for setpriv name ids, the rights that are kept, and that none comes back', () => {
    const words = privilegeWords({ ...NOBODY, home: '/' }, ['CAP_NET_BIND_SERVICE', 'CAP_NET_RAW']);
    expect(words.join(' ')).toBe(
      '--reuid 65534 --regid 65534 --init-groups --inh-caps -all,+net_bind_service,+net_raw --ambient-caps -all,+net_bind_service,+net_raw --bounding-set -all,+net_bind_service,+net_raw --no-new-privs --',
    );
  });

  test('of options are those that were typed', () => {
    const words = optionWords({ state: '/a b', json: true, user: undefined, confirm: ['x', '-y'], off: false });
    expect(words).toEqual(['--state=/a b', '--json', '--confirm=x', '--confirm=-y']);
  });

  test.each<readonly [string, string, readonly string[]]>([
    ['a small receive buffer', '212992', ['CAP_NET_BIND_SERVICE', 'CAP_NET_RAW', 'CAP_NET_ADMIN']],
    ['a large one', '4194304', ['CAP_NET_BIND_SERVICE', 'CAP_NET_RAW']],
  ])('of rights with %s', (_name, most, kept) => {
    const root = mkdtempSync(join(folder, 'host-'));
    mkdirSync(join(root, 'proc/sys/net/core'), { recursive: true });
    mkdirSync(join(root, 'proc/self'));
    writeFileSync(join(root, 'proc/sys/net/core/rmem_max'), `${most}\n`);
    writeFileSync(join(root, 'proc/self/status'), 'CapEff:\t000001ffffffffff\n');
    expect(keptCapabilities(createHostView(root))).toEqual(kept);
    writeFileSync(join(root, 'proc/self/status'), 'CapEff:\t0000000000000400\n');
    expect(keptCapabilities(createHostView(root))).toEqual(['CAP_NET_BIND_SERVICE']);
  });
});

describe.runIf(needsRoot('a state folder for another user'))('a state folder is handed over', () => {
  const ownerOf = (path: string) => statSync(path).uid;
  let dir = '';
  const make = (...files: readonly string[]) => {
    dir = join(mkdtempSync(join(folder, 'state-')), 'state');
    mkdirSync(join(dir, 'configs'), { recursive: true, mode: 0o700 });
    chmodSync(dir, 0o700);
    for (const file of files) writeFileSync(join(dir, file), 'x', { mode: 0o600 });
  };

  test('with all that the program put into it', async () => {
    make('journal-1.jsonl', 'snapshot.json', 'site.secret', 'audit-2026.jsonl', 'configs/n1');
    expect(await handOver(dir, NOBODY)).toEqual({ ok: true });
    for (const name of ['.', 'journal-1.jsonl', 'site.secret', 'configs', 'configs/n1'])
      expect([name, ownerOf(join(dir, name))]).toEqual([name, NOBODY.uid]);
    expect(await handOver(dir, NOBODY)).toEqual({ ok: true });
  });

  test('when it is not there yet, private to its owner', async () => {
    const fresh = join(folder, 'new/below/state');
    expect(await handOver(fresh, NOBODY)).toEqual({ ok: true });
    expect([ownerOf(fresh), statSync(fresh).mode & 0o777]).toEqual([NOBODY.uid, 0o700]);
    expect(statSync(join(folder, 'new')).uid).toBe(0);
  });

  test('but not with anything else in it: `--state /root` gives no home away', async () => {
    make('journal-1.jsonl', '.ssh');
    expect(await handOver(dir, NOBODY)).toMatchObject({ ok: false, error: expect.stringContaining('holds ".ssh"') });
    expect(ownerOf(join(dir, 'journal-1.jsonl'))).toBe(0);
  });

  test('but not while a program writes in it', async () => {
    make();
    const { acquireLock } = await import('../../src/store/acquire-lock.ts');
    const lock = acquireLock(dir, { what: 'crashcart serve' });
    expect(await handOver(dir, NOBODY)).toMatchObject({
      ok: false,
      error: expect.stringContaining('already writes in this state folder'),
    });
    if (lock.ok) lock.value.release();
    expect(ownerOf(dir)).toBe(0);
  });

  test('but not where others may write, nor what is of a third one, nor root’s files in that user’s folder', async () => {
    make('journal-1.jsonl');
    chmodSync(dir, 0o777);
    expect(await handOver(dir, NOBODY)).toMatchObject({ error: expect.stringContaining('written by other users') });
    chmodSync(dir, 0o700);
    chownSync(dir, 1, 1);
    expect(await handOver(dir, NOBODY)).toMatchObject({ error: expect.stringContaining('belongs to user 1') });
    chownSync(dir, NOBODY.uid, NOBODY.gid);
    expect(await handOver(dir, NOBODY)).toMatchObject({ error: expect.stringContaining('chown -R nobody:') });
    expect(ownerOf(join(dir, 'journal-1.jsonl'))).toBe(0);
  });
});

const NS = `cc-user-${randomUUID().slice(0, 6)}`;
const hasNamespace = needsRoot('a program that gives root up') && spawnSync('ip', ['netns', 'add', NS]).status === 0;
if (isRoot && !hasNamespace && process.env['CI'] === 'true') throw new Error('network namespaces are needed');

describe.runIf(hasNamespace)('serve in a network of its own, on the real ports', { timeout: 120_000 }, () => {
  let program: Bundle;
  let inventory = '';
  let child: ChildProcess | undefined;
  let out = '';
  let err = '';

  beforeAll(async () => {
    program = await bundleProgram();
    // Whoever is not root has to get at it.
    chmodSync(program.folder, 0o755);
    spawnSync('ip', ['-n', NS, 'link', 'set', 'lo', 'up']);
    inventory = join(folder, 'inventory');
    mkdirSync(inventory);
    writeFileSync(
      join(inventory, '_site.yaml'),
      'networks: [{ relay: 10.77.0.2, address: 127.0.0.1, subnet: 10.77.0.0/24 }]\nthreads: 1\ntalos: { version: v1.13.9 }\n',
    );
    writeFileSync(join(inventory, 'n1.yaml'), 'macs: [52:54:00:00:00:01]\nserial: S1\nip: 10.77.0.31\n');
  }, 60_000);
  afterEach(() => end());
  afterAll(async () => {
    spawnSync('ip', ['netns', 'del', NS]);
    program.remove();
  });

  async function end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const one = child;
    child = undefined;
    if (one === undefined || one.exitCode !== null || one.signalCode !== null) return;
    const gone = new Promise((resolve) => one.once('exit', resolve));
    one.kill(signal);
    const hard = setTimeout(() => one.kill('SIGKILL'), 30_000);
    await gone;
    clearTimeout(hard);
  }

  function start(state: string, words: readonly string[], before: readonly string[] = []): ChildProcess {
    out = '';
    err = '';
    const argv = [
      program.file,
      'serve',
      '--inventory',
      inventory,
      '--state',
      state,
      '--assets',
      join(folder, 'assets'),
      ...words,
    ];
    const env = { PATH: process.env['PATH'] ?? '', HOME: '/root', SUDO_USER: 'ada' };
    // `ip netns exec` becomes the program, and so does setpriv: one process from the beginning to the end.
    const made = spawn('ip', ['netns', 'exec', NS, ...before, process.execPath, ...argv], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    made.stdout?.on('data', (part: Buffer) => {
      out += part.toString();
    });
    made.stderr?.on('data', (part: Buffer) => {
      err += part.toString();
    });
    child = made;
    return made;
  }

  async function ready(one: ChildProcess): Promise<void> {
    const deadline = performance.now() + 60_000;
    while (!out.includes('"ready"') && one.exitCode === null && performance.now() < deadline) await wait(20);
    expect(out, err).toContain('"ready"');
  }

  async function attach(state: string): Promise<LinkClient> {
    const socket = await dialControl(join(state, 'control.sock'));
    if (!socket.ok) throw new Error(socket.error);
    const carrier = createSocketCarrier<FromClient, FromEngine>(socket.value);
    const client = await connectLink(carrier, { user: 'ada', from: 'tty1', screen: 'test', write: true });
    if (!client.ok) throw new Error(client.error);
    return client.value;
  }

  const ended = (one: ChildProcess): Promise<number | null> =>
    one.exitCode === null ? new Promise((resolve) => one.once('exit', resolve)) : Promise.resolve(one.exitCode);

  const threadsOf = (pid: number | undefined): readonly string[] =>
    readdirSync(`/proc/${pid}/task`).map((id) => readFileSync(`/proc/${pid}/task/${id}/status`, 'latin1'));
  const fieldOf = (status: string, name: string): string =>
    new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? '';
  const stateOf = (name: string) => join(folder, name);

  test('--user: every thread is that user, with the rights for ports and raw sockets and no others', async () => {
    const one = start(stateOf('as-nobody'), ['--user', 'nobody']);
    await ready(one);
    const threads = threadsOf(one.pid);
    expect(threads.length).toBeGreaterThan(4);
    for (const status of threads) {
      expect(fieldOf(status, 'Uid').split(/\s+/)).toEqual(Array(4).fill('65534'));
      expect(fieldOf(status, 'Gid').split(/\s+/)).toEqual(Array(4).fill('65534'));
      expect(fieldOf(status, 'Groups').trim()).toMatch(/^(65534)?$/);
      expect(fieldOf(status, 'NoNewPrivs')).toBe('1');
      for (const set of ['CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
        expect([set, Number.parseInt(fieldOf(status, set), 16) & ~0x1000]).toEqual([set, 0x2400]);
    }
    const listening = spawnSync('ip', ['netns', 'exec', NS, 'ss', '-lntuH'], { encoding: 'utf8' }).stdout;
    for (const port of [67, 69, 80, 4001, 4002, 4011]) expect(listening).toMatch(new RegExp(`:${port}\\b`));
    // Low ports are bound again later, too.
    const client = await attach(stateOf('as-nobody'));
    for (const service of ['DHCP', 'TFTP', 'HTTP'])
      expect(await client.ask({ type: 'act', action: { type: 'restartService', service } })).toMatchObject({
        ok: true,
      });
    client.close();
    await end();
    for (const name of readdirSync(stateOf('as-nobody')))
      expect([name, statSync(join(stateOf('as-nobody'), name)).uid]).toEqual([name, NOBODY.uid]);
  });

  test('what root wrote before is that user’s afterwards, and goes on', async () => {
    const state = stateOf('once-root');
    await ready(start(state, []));
    await end();
    expect(statSync(join(state, 'site.secret')).uid).toBe(0);
    const secret = readFileSync(join(state, 'site.secret'));
    await ready(start(state, ['--user', 'nobody']));
    await end('SIGKILL');
    // A lock is left behind, and a socket: it starts again all the same.
    await ready(start(state, ['--user', 'nobody']));
    await end();
    expect(readFileSync(join(state, 'site.secret'))).toEqual(secret);
    expect(statSync(join(state, 'site.secret')).uid).toBe(NOBODY.uid);
  });

  test('a folder of that user is not written by root without a word', async () => {
    const state = stateOf('of-nobody');
    await handOver(state, NOBODY);
    const one = start(state, []);
    expect([await ended(one), err]).toEqual([3, expect.stringContaining('start it with --user 65534')]);
    await ready(start(state, ['--user', '65534']));
  });

  test('without root it says which right is missing and how to give it', async () => {
    const state = stateOf('no-rights');
    await handOver(state, NOBODY);
    const one = start(state, [], ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups']);
    expect(await ended(one)).toBe(3);
    expect(err).toMatch(
      /DHCP: no permission for UDP 127\.0\.0\.1:67\n +ports below 1024 need a capability: sudo setcap/,
    );
    expect(err).toMatch(/systemd unit|high ports/);
  });

  test('without root and with the rights it runs', async () => {
    const state = stateOf('with-rights');
    await handOver(state, NOBODY);
    const caps = '-all,+net_bind_service,+net_raw';
    const words = ['--inh-caps', caps, '--ambient-caps', caps, '--bounding-set', caps];
    await ready(start(state, [], ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', ...words]));
  });

  test.each<readonly [string, readonly string[], number, RegExp]>([
    ['a user who is not there', ['--user', 'no-such-user'], 2, /there is no user no-such-user/],
    ['root', ['--user', 'root'], 2, /gives nothing up/],
  ])('--user with %s is refused', async (_name, words, code, why) => {
    const one = start(stateOf('never'), words);
    expect([await ended(one), err]).toEqual([code, expect.stringMatching(why)]);
  });

  test('--user is for root alone', async () => {
    const one = start(
      stateOf('never'),
      ['--user', 'daemon'],
      ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'],
    );
    expect([await ended(one), err]).toEqual([2, expect.stringContaining('only root can become another user')]);
  });

  test('a password that the user may not read is told with its file, before anything changes', async () => {
    const state = stateOf('unreadable');
    const secrets = join(inventory, 'secrets');
    mkdirSync(secrets, { mode: 0o755 });
    writeFileSync(join(secrets, 'bmc'), 'x', { mode: 0o600 });
    const node = (ref: string) =>
      `macs: [52:54:00:00:00:02]\nip: 10.77.0.32\nbmc: { url: "https://10.77.0.232", username: u, password: "file:${ref}" }\n`;
    writeFileSync(join(inventory, 'n2.yaml'), node('secrets/bmc'));
    try {
      const refused = start(state, ['--user', 'nobody']);
      const told = `that user cannot read ${join(secrets, 'bmc')} (password for the BMC of n2): give it to the group`;
      expect([await ended(refused), err]).toEqual([3, expect.stringContaining(told)]);
      expect(() => statSync(state)).toThrow();
      // A folder that lets nobody through is the same to him.
      chmodSync(join(secrets, 'bmc'), 0o644);
      chmodSync(secrets, 0o700);
      const again = start(state, ['--user', 'nobody']);
      expect([await ended(again), err]).toEqual([3, expect.stringContaining(told)]);
      chmodSync(secrets, 0o755);
      await ready(start(state, ['--user', 'nobody']));
    } finally {
      await end();
      rmSync(secrets, { recursive: true });
      rmSync(join(inventory, 'n2.yaml'));
    }
  });

  test('a program that the user cannot reach is told before anything changes', async () => {
    chmodSync(program.folder, 0o700);
    try {
      const one = start(stateOf('unreachable'), ['--user', 'nobody']);
      expect([await ended(one), err]).toEqual([3, expect.stringMatching(/this program cannot run as that user: .+/)]);
    } finally {
      chmodSync(program.folder, 0o755);
    }
  });
});
