import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { mustRun, runCommand } from '../firmware/run-command.ts';

/** Two networks, each on an interface that the site names: what this host has, and where, is not what the site says. */

const id = process.pid % 10_000;
const SERVER = `ccw${id}s`;
const [NEAR, FAR] = [`ccw${id}n`, `ccw${id}f`];
const MAC = '52:54:00:77:30:01';
const WAIT = { timeout: 30_000, interval: 100 };

const works = process.getuid?.() === 0 && spawnSync('ip', ['netns', 'add', SERVER]).status === 0;
if (!works) process.stderr.write('skipped: network namespaces need root and iproute2\n');
const describeHere = works || process.env['CI'] === 'true' ? describe : describe.skip;

interface Told {
  readonly warning?: string;
  readonly cutOff?: readonly object[];
}
const told: Told[] = [];
let server: ChildProcess | undefined;

const host = (line: string) => mustRun('ip', ['-n', SERVER, ...line.split(' ')]);

async function startServer(): Promise<void> {
  told.length = 0;
  const script = new URL('other-wire-server.ts', import.meta.url).pathname;
  const child = spawn('ip', ['netns', 'exec', SERVER, process.execPath, script, MAC], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  server = child;
  createInterface({ input: child.stdout }).on('line', (line) => told.push(JSON.parse(line)));
  await vi.waitFor(() => expect(told).toHaveLength(1), WAIT);
}

function offered(client: string, asked = '255.255.255.255'): Promise<string> {
  const script = new URL('other-wire-client.ts', import.meta.url).pathname;
  return mustRun('ip', ['netns', 'exec', client, process.execPath, script, MAC, asked]);
}

const says = (warning: string | undefined) =>
  vi.waitFor(() => {
    const now = told.at(-1)?.warning;
    if (warning === undefined) expect([told.length > 1, now]).toEqual([true, undefined]);
    else expect(now).toContain(warning);
  }, WAIT);

beforeEach(async () => {
  if (!works) return;
  for (const [index, client] of [NEAR, FAR].entries()) {
    await mustRun('ip', ['netns', 'add', client]);
    const veth = ['link', 'add', `s${index}`, 'netns', SERVER, 'type', 'veth', 'peer', 'name', 'c0', 'netns', client];
    await mustRun('ip', veth);
    // The label says nothing of the interface that an address is on.
    await host(`addr add 10.9.${index}.1/24 dev s${index} label s${index}:pxe`);
    await host(`link set s${index} up`);
    for (const line of ['addr add 10.20.0.1/32 dev lo', `link set c0 address ${MAC} up`, 'link set lo up'])
      await mustRun('ip', ['-n', client, ...line.split(' ')]);
    await mustRun('ip', ['-n', client, 'route', 'add', '255.255.255.255', 'dev', 'c0']);
  }
});

afterEach(async () => {
  if (server !== undefined && server.exitCode === null) {
    server.kill('SIGKILL');
    await once(server, 'exit');
  }
  server = undefined;
  for (const name of ['s0', 's1', 'prov0']) await runCommand('ip', ['-n', SERVER, 'link', 'del', name]);
  for (const client of [NEAR, FAR]) await runCommand('ip', ['netns', 'del', client]);
});
afterAll(() => runCommand('ip', ['netns', 'del', SERVER]));

const [OWN_NEAR, OWN_FAR] = ['10.9.0.100 by 10.9.0.1', '10.9.1.100 by 10.9.1.1'];

describeHere('a network that is not where the site says', { timeout: 90_000 }, () => {
  test('its address moved to another interface: nobody is answered from it, until it is back; relays are', async () => {
    await mustRun('ip', ['-n', NEAR, 'addr', 'add', '10.9.0.9/24', 'dev', 'c0']);
    await mustRun('ip', ['-n', NEAR, 'route', 'add', '10.9.1.1', 'dev', 'c0']);
    await host('route add 10.20.0.0/24 via 10.9.0.9');
    await startServer();
    expect([await offered(NEAR), await offered(FAR)]).toEqual([OWN_NEAR, OWN_FAR]);
    await host('addr del 10.9.1.1/24 dev s1');
    await host('addr add 10.9.1.1/24 dev s0');
    await says('s1 has no longer the address 10.9.1.1, machines of 10.9.1.0/24 are not answered: it is on s0; write');
    expect(told.at(-1)?.cutOff).toEqual([
      { subnet: '10.9.1.0/24', why: 's1 has no longer the address 10.9.1.1', since: expect.any(Number) },
    ]);
    expect([await offered(NEAR), await offered(FAR)]).toEqual([OWN_NEAR, 'nothing']);
    expect(await offered(NEAR, '10.9.1.1')).toBe('10.20.0.100 by 10.9.1.1');
    await host('addr del 10.9.1.1/24 dev s0');
    await host('addr add 10.9.1.1/24 dev s1');
    await says(undefined);
    expect([await offered(NEAR), await offered(FAR)]).toEqual([OWN_NEAR, OWN_FAR]);
  });

  test('its interface has another name now', async () => {
    await startServer();
    for (const line of ['set s1 down', 'set s1 name prov0', 'set prov0 up']) await host(`link ${line}`);
    await says(
      's1 has no longer the address 10.9.1.1, machines of 10.9.1.0/24 are not answered: it is on prov0; write',
    );
    expect([await offered(NEAR), await offered(FAR)]).toEqual([OWN_NEAR, 'nothing']);
    for (const line of ['set prov0 down', 'set prov0 name s1', 'set s1 up']) await host(`link ${line}`);
    await says(undefined);
    expect(await offered(FAR)).toBe(OWN_FAR);
  });

  test('the site is read again and says it the wrong way round: not one offer goes out', async () => {
    await startServer();
    expect(await offered(FAR)).toBe(OWN_FAR);
    // `ip` has become the program itself.
    server?.kill('SIGHUP');
    expect([await offered(NEAR), await offered(FAR)]).toEqual(['nothing', 'nothing']);
    await says('s0 has no longer the address 10.9.1.1');
    expect([await offered(NEAR), await offered(FAR)]).toEqual(['nothing', 'nothing']);
  });

  test('a link that is down or without a cable is told, and that it is back', async () => {
    await host('link set s1 down');
    await startServer();
    await says('s1 is switched off (ip link set s1 up), machines of 10.9.1.0/24 are not reached');
    await mustRun('ip', ['-n', FAR, 'link', 'set', 'c0', 'down']);
    await host('link set s1 up');
    await says('s1 has no link (is the cable in?), machines of 10.9.1.0/24 are not reached');
    expect(await offered(NEAR)).toBe(OWN_NEAR);
    await mustRun('ip', ['-n', FAR, 'link', 'set', 'c0', 'up']);
    await says(undefined);
    await mustRun('ip', ['-n', FAR, 'route', 'add', '255.255.255.255', 'dev', 'c0']);
    expect(await offered(FAR)).toBe(OWN_FAR);
  });
});
