import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { exportCommand } from '../../src/cli/commands/export.ts';
import { locateCommand } from '../../src/cli/commands/locate.ts';
import { powerCommand } from '../../src/cli/commands/power.ts';
import { provisionCommand } from '../../src/cli/commands/provision.ts';
import { statusCommand } from '../../src/cli/commands/status.ts';
import { nodeOf } from '../../src/core/fleet.ts';
import { defaultBmcTimings, longestOrderMs } from '../../src/drivers/bmc-timings.ts';
import { connectLink, type LinkClient } from '../../src/link/connect-link.ts';
import { closeControl, dialControl, listenControl } from '../../src/link/control-socket.ts';
import { type FromClient, type FromEngine, LINK_VERSION } from '../../src/link/link-protocol.ts';
import { createSocketCarrier } from '../../src/link/socket-carrier.ts';
import { readAudit } from '../../src/store/read-audit.ts';
import { type HostedEngine, hostEngine, type Ran, run, willing } from './hosted-engine.ts';
import { boot, NODES } from './recorded-site.ts';

const COMMANDS = [statusCommand, provisionCommand, powerCommand, locateCommand, exportCommand];
const [one, two, three] = NODES;
if (one === undefined || two === undefined || three === undefined) throw new Error('three machines are needed');

let host: HostedEngine;
beforeEach(async () => {
  host = await hostEngine();
});
afterEach(() => host.stop());

const cli = (...argv: readonly string[]): Promise<Ran> => run(COMMANDS, argv, { CRASHCART_SOCKET: host.socket });

async function connect(user: string, write: boolean): Promise<LinkClient> {
  const socket = await dialControl(host.socket);
  if (!socket.ok) throw new Error(socket.error);
  const carrier = createSocketCarrier<FromClient, FromEngine>(socket.value);
  const client = await connectLink(carrier, { user, from: 'tty9', screen: 'attach', write });
  if (!client.ok) throw new Error(client.error);
  return client.value;
}

describe('status', () => {
  test('is a table for people', async () => {
    const { code, out, err } = await cli('status');
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^NODE +PLACE +PHASE +STATE +POWER +ADDRESS +AGE +NOTE\nr07-u01 +r7 U1 +idle/);
    expect(out.trim().split('\n')).toHaveLength(4);
  });

  test('is JSON with the promised names for scripts', async () => {
    const { code, out } = await cli('status', one.name, '--json');
    const value: unknown = JSON.parse(out);
    expect(code).toBe(0);
    expect(value).toMatchObject({ site: 'lab', simulated: false, saving: { is: 'ok' }, services: {}, problems: [] });
    expect(value).toMatchObject({
      nodes: [{ name: one.name, rack: 'r7', unit: 1, phase: 'idle', health: 'ok', power: 'unknown', lostSight: false }],
    });
  });

  test('of an unknown machine is wrong usage', async () => {
    expect(await cli('status', 'r99-u99')).toEqual({
      code: 2,
      out: '',
      err: 'crashcart: there is no machine named r99-u99\n',
    });
  });

  test('tells why a BMC cannot be read', async () => {
    const problem = { code: 'credentials', message: 'It rejected the password.', advice: 'Check it.' } as const;
    host.live.engine.emit({ type: 'bmc.failed', node: one.name, step: 'poll', problem });
    expect((await cli('status', one.name)).out).toContain(problem.message);
    const json = JSON.parse((await cli('status', one.name, '--json')).out);
    expect(json).toMatchObject({ nodes: [{ bmcProblem: problem.message }] });
  });

  test('of a machine that failed is a no', async () => {
    boot(host.live, one, 'initrd');
    host.live.engine.emit({ type: 'talos.panicked', node: one.name, message: 'Attempted to kill init' });
    const { code, out } = await cli('status', one.name);
    expect(code).toBe(1);
    expect(out).toContain('FAILED KERNEL_PANIC');
  });

  test('without an engine cannot run, and says how to start one', async () => {
    const { code, err } = await run(COMMANDS, ['status', '--socket', join(host.site.dir, 'missing.sock')]);
    expect(code).toBe(3);
    expect(err).toMatch(/^crashcart: no engine is running here .*crashcart serve/);
  });
});

describe('power and locate', () => {
  test.each([
    ['on', 'on', 'on'],
    ['off', 'off', 'off'],
    ['cycle', 'cycle', 'on'],
  ])('power %s waits for the BMC and says what became of it', async (word, action, power) => {
    const { code, out } = await cli('power', one.name, two.name, word);
    expect([code, out]).toEqual([0, `${one.name}: ${power}\n${two.name}: ${power}\n`]);
    expect(host.effects).toContainEqual({ type: 'bmc.power', node: two.name, action, order: expect.any(String) });
  });

  test('power status reads, and answers as JSON', async () => {
    const { code, out } = await cli('power', one.name, 'status', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject([{ name: one.name, power: 'unknown' }]);
  });

  test('locate makes it blink', async () => {
    expect((await cli('locate', one.name, 'on')).code).toBe(0);
    expect(host.effects).toContainEqual({ type: 'bmc.locate', node: one.name, on: true, order: expect.any(String) });
  });

  test('a BMC that refuses is a no with its own words', async () => {
    await host.stop();
    const problem = { code: 'notTaken', message: 'The BMC took it and did nothing.', advice: 'Look at it.' } as const;
    host = await hostEngine((effect) =>
      effect.type === 'bmc.power'
        ? { type: 'bmc.failed', node: effect.node, step: 'power', problem, order: effect.order ?? '' }
        : willing(effect),
    );
    const { code, out } = await cli('power', one.name, 'on');
    expect([code, out]).toEqual([1, `${one.name}: The BMC took it and did nothing. Look at it.\n`]);
  });

  test('what others hear of the same BMC meanwhile is neither its end nor its failure', async () => {
    await host.stop();
    const problem = { code: 'busy', message: 'Of another order.', advice: 'None.' } as const;
    host = await hostEngine((effect) => {
      if (effect.type !== 'bmc.power') return willing(effect);
      const { node } = effect;
      const { emit } = host.live.engine;
      // An identification, the light, a poll that fails and a job's reset: none carries this order.
      emit({ type: 'bmc.failed', node, step: 'poll', problem });
      emit({ type: 'bmc.located', node, on: true, order: 'of another' });
      for (const other of [
        willing({ type: 'bmc.identify', node }),
        willing({ ...withoutOrder(effect), action: 'off' }),
      ])
        if (other !== undefined) emit(other);
      return willing(effect);
    });
    const { code, out } = await cli('power', one.name, 'on');
    expect([code, out]).toEqual([0, `${one.name}: on\n`]);
  });

  test('a BMC that takes its time keeps the write side from nobody', async () => {
    await host.stop();
    host = await hostEngine((effect) =>
      effect.type === 'bmc.power' && effect.node === one.name ? undefined : willing(effect),
    );
    const slow = cli('power', one.name, 'on');
    await until(() => host.effects.length === 1);
    const order = host.effects[0];
    if (order?.type !== 'bmc.power') throw new Error(order?.type);
    let other = await cli('power', two.name, 'on');
    const end = performance.now() + 30_000;
    // Its order is on its way; the connection that gave it closes a moment later.
    while (other.code !== 0 && performance.now() < end) other = await cli('power', two.name, 'on');
    expect(other).toMatchObject({ code: 0, out: `${two.name}: on\n` });
    const answer = willing(order);
    if (answer !== undefined) host.live.engine.emit(answer);
    expect(await slow).toMatchObject({ code: 0, out: `${one.name}: on\n` });
  });

  test('no order is given up before its driver would', () => {
    const { powerWaitMs, offToOnMs, shutdownWaitMs } = defaultBmcTimings;
    expect(longestOrderMs('off')).toBeGreaterThan(shutdownWaitMs);
    expect(longestOrderMs('cycle')).toBeGreaterThan(2 * powerWaitMs + offToOnMs);
  });

  test.each([
    ['no machine', ['power', 'on']],
    ['no action', ['power', one.name]],
    ['an action that is none', ['power', one.name, 'explode']],
    ['no state of the LED', ['locate', one.name]],
  ])('with %s is wrong usage', async (_name, argv) => {
    const { code, err } = await cli(...argv);
    expect(code).toBe(2);
    expect(err).toMatch(/^crashcart: /);
  });

  test('of a machine that is not there is a no, and nothing is ordered', async () => {
    const { code, err } = await cli('power', 'r99-u99', 'on');
    expect([code, err]).toEqual([1, 'crashcart: there is no machine named r99-u99\n']);
    const { out } = await cli('power', 'r99-u99', 'on', '--json');
    expect(JSON.parse(out)).toEqual({ error: 'there is no machine named r99-u99' });
    expect(host.effects).toEqual([]);
  });

  test('of a machine that is named twice is one order', async () => {
    const { out } = await cli('power', one.name, one.name, 'cycle');
    expect(out).toBe(`${one.name}: on\n`);
    expect(host.effects).toHaveLength(1);
  });
});

describe('provision', () => {
  const jobOf = (name: string) => nodeOf(host.live.engine.fleet(), name)?.job;

  test('arms exactly the named machine, who did it stands in the audit', async () => {
    const { code, out } = await cli('provision', one.name, '--json');
    expect([code, JSON.parse(out)]).toEqual([0, { armed: [one.name], kind: 'install' }]);
    expect(jobOf(one.name)?.kind).toBe('install');
    expect(jobOf(two.name)).toBeUndefined();
    const audit = await readAudit(host.site.dir, 1);
    expect(audit).toMatchObject({ ok: true, value: [{ action: 'arm install', nodes: [one.name] }] });
  });

  test('of several is all or none', async () => {
    const { code, err } = await cli('provision', one.name, three.name);
    expect(code).toBe(1);
    expect(err).toContain('its image is not in the vault');
    expect(jobOf(one.name)).toBeUndefined();
  });

  test.each([
    ['no confirmation', []],
    ['another name', ['--confirm', two.name]],
  ])('refuses to erase with %s', async (_name, more) => {
    const { code, err } = await cli('provision', one.name, '--reinstall', ...more);
    expect(code).toBe(2);
    expect(err).toContain(`ERASES the disks of ${one.name}`);
    expect(jobOf(one.name)).toBeUndefined();
  });

  test('erases what was named twice', async () => {
    const confirm = ['--confirm', one.name, '--confirm', two.name];
    expect((await cli('provision', one.name, two.name, '--reinstall', ...confirm)).code).toBe(0);
    expect([jobOf(one.name)?.kind, jobOf(two.name)?.kind]).toEqual(['reinstall', 'reinstall']);
  });

  test('--wait follows to the end and says how it ended', async () => {
    const said: string[] = [];
    const waiting = run(COMMANDS, ['provision', one.name, '--wait'], { CRASHCART_SOCKET: host.socket }, said);
    // Only then does it follow: a boot that is over in a moment would be told as the end that it is.
    await until(() => said.join('').includes('r07-u01: armed'));
    boot(host.live, one);
    const { code, out } = await waiting;
    expect(code).toBe(0);
    expect(out).toMatch(/r07-u01: armed/);
    expect(out).toMatch(/r07-u01 .*ready/);
  });

  test('--wait ends with a no when the machine fails, with the reason in JSON', async () => {
    const waiting = cli('provision', one.name, '--wait', '--json');
    await until(() => jobOf(one.name) !== undefined);
    boot(host.live, one, 'initrd');
    host.live.engine.emit({ type: 'talos.panicked', node: one.name, message: 'Attempted to kill init' });
    const { code, out } = await waiting;
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ timedOut: false, nodes: [{ health: 'failed', code: 'KERNEL_PANIC' }] });
  });

  test('--wait gives up in time', async () => {
    const { code, out } = await cli('provision', one.name, '--wait', '--timeout', '1', '--json');
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ timedOut: true });
  });
});

async function until(isTrue: () => boolean): Promise<void> {
  const end = performance.now() + 30_000;
  while (!isTrue() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(isTrue()).toBe(true);
}

describe('export', () => {
  test('writes a machine’s packets beside the report of a running engine', async () => {
    const out = join(host.site.dir, '..', `${host.site.dir.split('/').at(-1)}-report`);
    const argv = ['export', '--state', host.site.dir, '--out', out];
    const ran = await cli(...argv, '--pcapng', one.name);
    expect(ran.code).toBe(0);
    expect(statSync(join(out, `${one.name}.pcapng`)).size).toBe('packets'.length);
    expect(statSync(join(out, 'report.md')).size).toBeGreaterThan(100);
    const again = await cli(...argv);
    expect([again.code, again.err]).toEqual([3, expect.stringContaining('exists already')]);
    expect(await cli(...argv, '--force', '--pcapng', two.name)).toMatchObject({
      code: 1,
      err: expect.stringContaining(`${two.name}: no packets of this machine are kept`),
    });
    rmSync(join(out, `${one.name}.pcapng`));
    expect(await cli(...argv, '--force', '--pcapng', one.name, two.name)).toMatchObject({
      code: 1,
      err: expect.stringContaining(`${two.name}: no packets of this machine are kept`),
    });
    expect(statSync(join(out, `${one.name}.pcapng`)).size).toBe('packets'.length);
    rmSync(out, { recursive: true });
  });
});

describe('the write side', () => {
  test('belongs to one; a second one is told who holds it, and can take it over', async () => {
    const maria = await connect('maria', true);
    expect(maria.write()).toEqual({ mine: true });
    const told: boolean[] = [];
    maria.onWrite((side) => told.push(side.mine));
    const refused = await cli('power', one.name, 'on');
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('maria@tty9 (')]);
    expect(host.effects).toEqual([]);
    expect((await cli('power', one.name, 'on', '--take')).code).toBe(0);
    // Taken for the order alone, and hers again when that was given.
    await until(() => told.length === 2);
    expect(told).toEqual([false, true]);
    maria.close();
  });

  test('is not needed to look, and is free again when its holder leaves', async () => {
    const maria = await connect('maria', true);
    expect((await cli('status')).code).toBe(0);
    expect((await cli('power', one.name, 'on')).code).toBe(1);
    maria.close();
    const end = performance.now() + 30_000;
    let { code } = await cli('power', one.name, 'on');
    // The engine hears of it a moment later.
    while (code !== 0 && performance.now() < end) ({ code } = await cli('power', one.name, 'on'));
    expect(code).toBe(0);
  });
});

/** What the engine says to whoever sends these bytes, until it hangs up or falls silent. */
function tellRaw(bytes: string | Buffer, waitMs: number): Promise<{ readonly text: string; readonly closed: boolean }> {
  return new Promise((resolve) => {
    const socket: Socket = createConnection(host.socket);
    let text = '';
    const timer = setTimeout(() => {
      socket.destroy();
      resolve({ text, closed: false });
    }, waitMs);
    socket.on('data', (chunk) => {
      text += chunk.toString('utf8');
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve({ text, closed: true });
    });
    socket.write(bytes);
  });
}

const HELLO = { t: 'hello', version: LINK_VERSION, user: 'eve', from: 'tty1', screen: 'attach', write: false };
const lines = (...messages: readonly unknown[]): string => messages.map((one) => `${JSON.stringify(one)}\n`).join('');

describe('the control socket', () => {
  test('is private to its user', () => {
    expect(statSync(host.socket).mode & 0o777).toBe(0o600);
    expect(statSync(host.site.dir).mode & 0o077).toBe(0);
  });

  test('that cannot be looked at is told, and is no fault of the program', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'crashcart-loop-'));
    symlinkSync('loop', join(folder, 'loop'));
    const path = join(folder, 'loop', 'control.sock');
    expect(await dialControl(path)).toEqual({ ok: false, error: `${path} cannot be reached (ELOOP)` });
    rmSync(folder, { recursive: true });
  });

  test('is not trusted when others may write to it', async () => {
    chmodSync(host.socket, 0o666);
    const { code, err } = await cli('status');
    expect([code, err]).toEqual([3, expect.stringMatching(/is not a private socket \(mode 666\); not trusted/)]);
  });

  test('is not trusted when it is a plain file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'crashcart-file-'));
    const path = join(folder, 'control.sock');
    writeFileSync(path, '', { mode: 0o600 });
    expect(await dialControl(path)).toMatchObject({
      ok: false,
      error: expect.stringContaining('not a private socket'),
    });
    expect(await listenControl(path, () => undefined)).toMatchObject({ ok: false });
    rmSync(folder, { recursive: true });
  });

  test('goes with its engine, and a disk that hangs over that holds nobody', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'crashcart-close-'));
    const path = join(folder, 'control.sock');
    let taken = 0;
    const listen = async () => {
      const server = await listenControl(path, () => {
        taken += 1;
      });
      if (!server.ok) throw new Error(server.error);
      return server.value;
    };
    await closeControl(await listen(), path);
    expect(existsSync(path)).toBe(false);

    const server = await listen();
    await closeControl(server, path, { unlink: () => new Promise<never>(() => undefined) });
    expect(existsSync(path)).toBe(true);
    const late = createConnection(path);
    await new Promise((closed) => late.once('close', closed));
    expect(taken).toBe(0);
    server.close();
    rmSync(folder, { recursive: true });
  });

  test('is not taken away from an engine that lives', async () => {
    expect(await listenControl(host.socket, () => undefined)).toMatchObject({
      ok: false,
      error: expect.stringContaining('another crashcart already listens'),
    });
  });

  test('refuses another version of the link in words', async () => {
    const { text, closed } = await tellRaw(lines({ ...HELLO, version: 999 }), 30_000);
    expect(closed).toBe(true);
    expect(text).toMatch(/"t":"refused".*link version \d+, this program 999: use the same release/);
  });

  test.each<readonly [string, string | Buffer]>([
    ['no JSON', 'GET / HTTP/1.1\r\n\r\n'],
    ['null', 'null\n'],
    ['a number', '42\n'],
    ['an empty object', '{}\n'],
    ['a question before the greeting', lines({ t: 'ask', id: 1, ask: { type: 'services' } })],
    ['bytes that are no text', Buffer.from([0xff, 0xfe, 0x00, 0x0a, 0x80, 0x0a])],
    ['a deep nest', `${'['.repeat(20_000)}\n`],
    ['a line without end', 'x'.repeat(200_000)],
    ['an order that is none', lines(HELLO, { t: 'ask', id: 1, ask: { type: 'act', action: { type: 'explode' } } })],
    ['an order without its machines', lines(HELLO, { t: 'ask', id: 1, ask: { type: 'act', action: { type: 'arm' } } })],
    [
      'a greeting of no shape',
      lines(
        { t: 'hello', version: LINK_VERSION },
        { t: 'ask', id: 1, ask: { type: 'act', action: { type: 'panic', on: true } } },
      ),
    ],
    ['a wish for state at no speed', lines(HELLO, { t: 'follow', everyMs: 'fast' })],
  ])('survives %s', async (_name, bytes) => {
    await tellRaw(bytes, 60);
    expect((await cli('status')).code).toBe(0);
    expect(host.effects).toEqual([]);
  });
});

function withoutOrder({ node }: { readonly node: string }) {
  return { type: 'bmc.power', node } as const;
}
