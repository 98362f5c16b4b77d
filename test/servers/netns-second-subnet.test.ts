import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { mustRun, runCommand } from '../firmware/run-command.ts';

/** Two subnets on one interface, and a relay there: whom a machine or a relay asks, that address has to answer. */

const id = process.pid % 10_000;
const SERVER = `ccy${id}s`;
const CLIENT = `ccy${id}c`;
const MAC = '52:54:00:77:20:01';
const WAIT = { timeout: 30_000, interval: 100 };

const CI = process.env['CI'] === 'true';
const works = process.getuid?.() === 0 && spawnSync('ip', ['netns', 'add', SERVER]).status === 0;
if (!works) process.stderr.write('skipped: network namespaces need root and iproute2\n');
const describeHere = works || CI ? describe : describe.skip;

const told: { readonly listens?: readonly { readonly address: string }[] }[] = [];
let server: ChildProcess | undefined;

async function startServer(port: number, runner: readonly string[]): Promise<void> {
  told.length = 0;
  const script = new URL('second-subnet-server.ts', import.meta.url).pathname;
  const child = spawn('ip', ['netns', 'exec', SERVER, ...runner, script, MAC, String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  server = child;
  createInterface({ input: child.stdout }).on('line', (line) => told.push(JSON.parse(line)));
  await vi.waitFor(() => expect(told).toHaveLength(1), WAIT);
}

async function ask(port: number, ...tasks: readonly string[]): Promise<readonly unknown[]> {
  const script = new URL('second-subnet-client.ts', import.meta.url).pathname;
  const args = ['netns', 'exec', CLIENT, process.execPath, script, MAC, String(port), ...tasks];
  const lines = (await mustRun('ip', args)).trim().split('\n');
  return lines.map((line): unknown => JSON.parse(line));
}

const addressesOf = ({ listens }: (typeof told)[number] = {}) => listens?.map(({ address }) => address);

beforeEach(async () => {
  if (!works) return;
  const ip = (...args: string[]) => mustRun('ip', args);
  await ip('netns', 'add', CLIENT);
  await ip('link', 'add', 's0', 'netns', SERVER, 'type', 'veth', 'peer', 'name', 'c0', 'netns', CLIENT);
  for (const address of ['10.9.0.1', '10.9.0.3', '10.9.0.4', '10.9.10.1'])
    await ip('-n', SERVER, 'addr', 'add', `${address}/24`, 'dev', 's0');
  await ip('-n', SERVER, 'link', 'set', 's0', 'up');
  await ip('-n', SERVER, 'route', 'add', '10.20.0.0/24', 'via', '10.9.0.2');
  await ip('-n', CLIENT, 'link', 'set', 'c0', 'address', MAC, 'up');
  await ip('-n', CLIENT, 'link', 'set', 'lo', 'up');
  await ip('-n', CLIENT, 'route', 'add', '255.255.255.255', 'dev', 'c0');
});

afterEach(async () => {
  if (server !== undefined && server.exitCode === null) {
    server.kill('SIGKILL');
    await once(server, 'exit');
  }
  server = undefined;
  await runCommand('ip', ['-n', SERVER, 'link', 'del', 's0']);
  await runCommand('ip', ['netns', 'del', CLIENT]);
  await runCommand('ip', ['netns', 'exec', SERVER, 'sysctl', '-qw', 'net.ipv6.ip_nonlocal_bind=0']);
});
afterAll(() => runCommand('ip', ['netns', 'del', SERVER]));

// A machine believes only what comes back by where it would answer; nobody of the first subnet is there.
const MOVE_IN = 'sysctl -qw net.ipv4.conf.all.rp_filter=1 && ip addr add 10.9.10.100/24 dev c0';
const BE_RELAY =
  'ip addr add 10.9.0.2/24 dev c0 && ip addr add 10.20.0.1/24 dev lo && ip route add 10.9.10.0/24 dev c0';

const UNTOLD = 'sysctl -qw net.ipv6.ip_nonlocal_bind=1 && exec "$0" "$@"';

describeHere('two subnets on one interface', { timeout: 60_000 }, () => {
  test.each<readonly [string, number, readonly string[]]>([
    ['as whole packets', 67, [process.execPath]],
    ['by the kernel', 67, ['setpriv', '--bounding-set=-net_raw', process.execPath]],
    ['at a high port', 6767, ['setpriv', '--bounding-set=-net_raw', process.execPath]],
    ['by Node', 67, [process.execPath, '--no-addons']],
    ['by Node at a high port', 6767, [process.execPath, '--no-addons']],
    ['by Node where interfaces cannot be told apart', 67, ['sh', '-c', UNTOLD, process.execPath, '--no-addons']],
  ])('each is answered from its own address, broadcasts %s', async (_, port, runner) => {
    await startServer(port, runner);
    const own = { address: '10.9.10.100', from: `10.9.10.1:${port}`, serverId: '10.9.10.1', times: 1 };
    expect(await ask(port, 'discover', 'request', MOVE_IN, 'renew')).toEqual([
      { ...own, type: 'offer' },
      { ...own, type: 'ack' },
      { ...own, type: 'ack' },
    ]);
    expect(addressesOf(told[0])).toEqual(['10.9.0.1', '10.9.10.1', '10.9.0.3']);
  });

  test.each<readonly [string, readonly string[]]>([
    ['past Node', [process.execPath]],
    ['by Node', [process.execPath, '--no-addons']],
  ])('a relay is answered from the address that it asked, %s', async (_, runner) => {
    await startServer(67, runner);
    const asks = ['10.9.10.1', '10.9.0.1', '10.9.0.3'].map((address) => `relay=${address}`);
    const from = (address: string) => ({ type: 'offer', from: `${address}:67`, serverId: '10.9.0.3' });
    expect(await ask(67, BE_RELAY, ...asks)).toMatchObject([from('10.9.10.1'), from('10.9.0.1'), from('10.9.0.3')]);
    // One of ours that no network names: no socket has it, and the network's own answers.
    expect(await ask(67, 'relay=10.9.0.4')).toMatchObject([from('10.9.0.3')]);
  });

  test('the second goes on when the first is taken out of the inventory', async () => {
    await startServer(67, [process.execPath]);
    // `ip` has become the program itself.
    server?.kill('SIGHUP');
    await vi.waitFor(() => expect(addressesOf(told.at(-1))?.toSorted()).toEqual(['10.9.0.3', '10.9.10.1']), WAIT);
    const own = { address: '10.9.10.100', from: '10.9.10.1:67' };
    expect(await ask(67, 'discover', 'request', MOVE_IN, 'renew')).toMatchObject([own, own, own]);
    // One for each road, and none left behind.
    const open = await mustRun('ip', ['netns', 'exec', SERVER, 'ss', '-Huln', 'src', '10.9.10.1']);
    expect(open.trim().split('\n')).toHaveLength(3);
  });

  test.each([
    ['of the second as of the first', false],
    ['while a disk hangs, too', true],
  ])('an address that goes is told of, %s', async (_, isFrozen) => {
    await startServer(67, [process.execPath]);
    if (isFrozen) {
      server?.kill('SIGUSR2');
      await vi.waitFor(() => expect(told).toHaveLength(2), WAIT);
    }
    await mustRun('ip', ['-n', SERVER, 'addr', 'del', '10.9.10.1/24', 'dev', 's0']);
    const why = 's0 has no longer the address 10.9.10.1, machines of 10.9.10.0/24 are not answered';
    await vi.waitFor(() => expect(told.at(-1)).toMatchObject({ warning: expect.stringContaining(why) }), WAIT);
  });
});
