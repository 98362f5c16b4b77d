import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { EventBody } from '../../src/core/event.ts';
import { endCommand, mustRun, runCommand } from '../firmware/run-command.ts';

/**
 * Clients, relays and a neighbour that are not ours, on real cables: a switch with a machine and an office DHCP server on
 * it, and a second cable to a relay with a machine behind it.
 */

const id = process.pid % 10_000;
const SERVER = `cci${id}s`;
const MACHINE = `cci${id}m`;
const OFFICE = `cci${id}o`;
const RELAY = `cci${id}r`;
const BEHIND = `cci${id}b`;
const ALL = [SERVER, MACHINE, OFFICE, RELAY, BEHIND];
const MACS = ['52:54:00:77:10:01', '52:54:00:77:10:02', '52:54:00:77:10:03'] as const;
const WAIT = { timeout: 50_000, interval: 200 };
const ROM = '/usr/lib/ipxe/qemu/pxe-virtio.rom';

const has = (name: string) => spawnSync('sh', ['-c', `PATH=$PATH:/usr/sbin:/sbin command -v ${name}`]).status === 0;
const CI = process.env['CI'] === 'true';
const works = process.getuid?.() === 0 && spawnSync('ip', ['netns', 'add', SERVER]).status === 0;
if (!works) process.stderr.write('skipped: network namespaces need root and iproute2\n');
const describeHere = works || CI ? describe : describe.skip;

/** In CI a program that is missing is a failure: its test runs and says so. */
function testWith(programs: readonly string[]) {
  const missing = programs.filter((name) => !has(name));
  if (missing.length === 0 || CI) return test;
  process.stderr.write(`skipped: ${missing.join(', ')} not installed\n`);
  return test.skip;
}

const folder = mkdtempSync(join(tmpdir(), 'crashcart-interop-'));
const running: ChildProcess[] = [];
const events: EventBody[] = [];

function start(namespace: string, ...args: string[]): { readonly child: ChildProcess; readonly said: () => string } {
  const child = spawn('ip', ['netns', 'exec', namespace, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  running.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (bytes) => {
      text += String(bytes);
    });
  return { child, said: () => text };
}

async function startServer(mode: 'authoritative' | 'proxy'): Promise<() => string> {
  events.length = 0;
  const script = new URL('netns-server.ts', import.meta.url).pathname;
  const { child, said } = start(SERVER, process.execPath, script, mode, ...MACS);
  let at = 0;
  child.stdout?.on('data', () => {
    const lines = said().split('\n');
    for (; at < lines.length - 1; at += 1)
      if (lines[at]?.startsWith('{') === true) events.push(JSON.parse(lines[at] ?? '') as EventBody);
  });
  await vi.waitFor(() => expect(said()).toContain('"type":"ready"'), WAIT);
  return said;
}

const inside = (namespace: string, ...args: string[]) =>
  mustRun('ip', ['netns', 'exec', namespace, ...args], { timeoutMs: 60_000 });
const of = (type: EventBody['type']) => events.filter((event) => event.type === type);
const leases = () => events.filter((event) => 'leasedUntil' in event || event.type === 'lease.granted');

async function cable(a: readonly [string, string], b: readonly [string, string]): Promise<void> {
  await mustRun('ip', ['link', 'add', a[1], 'netns', a[0], 'type', 'veth', 'peer', 'name', b[1], 'netns', b[0]]);
  for (const [namespace, device] of [a, b]) await mustRun('ip', ['-n', namespace, 'link', 'set', device, 'up']);
}

async function address(namespace: string, device: string, text: string): Promise<void> {
  await mustRun('ip', ['-n', namespace, 'addr', 'add', text, 'dev', device]);
}

beforeAll(async () => {
  if (!works) return;
  for (const name of ALL.slice(1)) await mustRun('ip', ['netns', 'add', name]);
  for (const name of ALL) await mustRun('ip', ['-n', name, 'link', 'set', 'lo', 'up']);
  const bridge = ['type', 'bridge', 'stp_state', '0', 'forward_delay', '0', 'mcast_snooping', '0'];
  await mustRun('ip', ['-n', SERVER, 'link', 'add', 's0', ...bridge]);
  await cable([SERVER, 'p0'], [MACHINE, 'c0']);
  await cable([SERVER, 'p1'], [OFFICE, 'o0']);
  await mustRun('ip', ['-n', SERVER, 'tuntap', 'add', 'q0', 'mode', 'tap']);
  for (const port of ['p0', 'p1', 'q0']) await mustRun('ip', ['-n', SERVER, 'link', 'set', port, 'master', 's0', 'up']);
  await mustRun('ip', ['-n', SERVER, 'link', 'set', 's0', 'up']);
  await cable([SERVER, 's1'], [RELAY, 'r0']);
  await cable([RELAY, 'r1'], [BEHIND, 'd0']);
  await address(SERVER, 's0', '10.9.0.1/24');
  await address(SERVER, 's1', '10.9.1.1/24');
  await address(SERVER, 's1', '10.9.1.3/24');
  await address(OFFICE, 'o0', '10.9.0.2/24');
  await address(RELAY, 'r0', '10.9.1.2/24');
  await address(RELAY, 'r1', '10.20.0.1/24');
  await mustRun('ip', ['-n', SERVER, 'route', 'add', '10.20.0.0/24', 'via', '10.9.1.2']);
  await inside(RELAY, 'sysctl', '-qw', 'net.ipv4.ip_forward=1');
  await mustRun('ip', ['-n', MACHINE, 'link', 'set', 'c0', 'address', MACS[0]]);
  await mustRun('ip', ['-n', BEHIND, 'link', 'set', 'd0', 'address', MACS[1]]);
}, 60_000);

afterEach(async () => {
  for (const child of running.splice(0)) await endCommand(child);
});
afterAll(async () => {
  for (const name of ALL) await runCommand('ip', ['netns', 'del', name]);
  rmSync(folder, { recursive: true, force: true });
});

const udhcpc = (namespace: string, device: string, ...more: string[]) =>
  runCommand(
    'ip',
    [
      'netns',
      'exec',
      namespace,
      'udhcpc',
      '-f',
      '-n',
      '-q',
      '-t',
      '8',
      '-T',
      '1',
      '-i',
      device,
      '-s',
      '/bin/true',
      ...more,
    ],
    { timeoutMs: 60_000 },
  ).then(({ out, err }) => out + err);

describeHere('beside what others wrote', { timeout: 120_000 }, () => {
  testWith(['dhcpcd'])('dhcpcd takes the address with its options, and gives it back', async () => {
    await startServer('authoritative');
    const hook = join(folder, 'hook.sh');
    writeFileSync(hook, `#!/bin/sh\n[ "$reason" = BOUND ] && env > ${folder}/env\nexit 0\n`, { mode: 0o755 });
    // Its files are where nobody else's dhcpcd looks for them.
    const alone =
      'mount -t tmpfs none /run && mkdir -p /var/lib/dhcpcd && mount -t tmpfs none /var/lib/dhcpcd && exec "$@"';
    const args = ['-4', '-A', '-B', '-d', '-f', '/dev/null', '-o', 'domain_name,routers,ntp_servers', '-c', hook, 'c0'];
    const { child, said } = start(MACHINE, 'sh', '-c', alone, 'sh', 'dhcpcd', ...args);
    await vi.waitFor(() => expect(said()).toMatch(/leased 10\.9\.0\.1\d\d for 3600 seconds/), WAIT);
    await vi.waitFor(() => expect(existsSync(join(folder, 'env'))).toBe(true), WAIT);
    const { out } = await runCommand('cat', [join(folder, 'env')]);
    expect(out).toContain('new_domain_name=lab.example');
    expect(out).toContain('new_routers=10.9.0.1');
    expect(out).toContain('new_dhcp_server_identifier=10.9.0.1');
    expect(leases()).toMatchObject([{ mac: MACS[0], node: 'n1' }]);
    const over = once(child, 'exit');
    // One that comes while it waits for its script was lost once, on a busy host.
    const again = setInterval(() => child.kill('SIGALRM'), 5_000);
    child.kill('SIGALRM');
    await over.finally(() => clearInterval(again));
    await vi.waitFor(() => expect(of('lease.ended')).toMatchObject([{ mac: MACS[0], why: 'released' }]), WAIT);
  });

  const RELAYS: readonly (readonly [string, readonly string[]])[] = [
    [
      'dnsmasq',
      ['-k', '--port=0', '--conf-file=/dev/null', '--pid-file', '--dhcp-relay=10.20.0.1,10.9.1.3', '--user=root'],
    ],
    // -a: with option 82, of which it checks in every answer that it came back as it was sent.
    ['dhcrelay', ['-4', '-d', '-a', '--no-pid', '-iu', 'r0', '-id', 'r1', '10.9.1.3']],
  ];
  for (const [relay, args] of RELAYS) {
    testWith([relay, 'udhcpc'])(`a machine behind ${relay} gets an address of its own network`, async () => {
      await startServer('authoritative');
      const { child } = start(RELAY, relay, ...args);
      const hook = join(folder, 'udhcpc.sh');
      writeFileSync(hook, `#!/bin/sh\n[ "$1" = bound ] && env > ${folder}/udhcpc-env\nexit 0\n`, { mode: 0o755 });
      const asked = await udhcpc(BEHIND, 'd0', '-O', 'staticroutes', '-O', '224', '-s', hook);
      expect(asked).toMatch(/lease of 10\.20\.0\.1\d\d obtained from 10\.9\.1\.3/);
      // Of the network: classless routes with the default one in them; of the machine itself: DNS and an option by code.
      const env = readFileSync(join(folder, 'udhcpc-env'), 'utf8');
      expect(env).toContain('staticroutes=0.0.0.0/0 10.20.0.1 10.80.0.0/16 10.20.0.9');
      expect(env).toContain('dns=10.9.0.51');
      expect(env).toContain(`opt224=${Buffer.from('of the machine').toString('hex')}`);
      expect(leases()).toMatchObject([{ mac: MACS[1], node: 'n2' }]);
      expect(child.exitCode).toBeNull();
    });
  }

  testWith(['dnsmasq', 'udhcpc'])(
    'behind a relay an address that somebody took by himself is not offered',
    async () => {
      await address(BEHIND, 'd0', '10.20.0.100/24');
      await inside(BEHIND, 'ip', 'route', 'add', 'default', 'via', '10.20.0.1');
      try {
        const said = await startServer('authoritative');
        await vi.waitFor(() => expect(said()).toContain('10.20.0.100 is used by a machine behind its relay'), WAIT);
        expect(said()).not.toContain('10.20.0.101 is used');
        const [relay, args] = RELAYS[0] ?? expect.fail('no relay');
        start(RELAY, relay, ...args);
        const asked = await udhcpc(BEHIND, 'd0', '-s', '/bin/true');
        expect(asked).toMatch(/lease of 10\.20\.0\.101 obtained from 10\.9\.1\.3/);
      } finally {
        await mustRun('ip', ['-n', BEHIND, 'addr', 'flush', 'dev', 'd0']);
      }
    },
  );

  const office = () =>
    start(
      OFFICE,
      'dnsmasq',
      ...[
        '-k',
        '--port=0',
        '--conf-file=/dev/null',
        '--pid-file',
        '--user=root',
        '--interface=o0',
        '--bind-interfaces',
      ],
      ...['--dhcp-range=10.9.0.200,10.9.0.220,10m', '--no-ping', `--dhcp-leasefile=${folder}/leases`, '--log-dhcp'],
      '--log-facility=-',
    );

  testWith(['dnsmasq', 'udhcpc'])('in proxy mode a system gets its address of dnsmasq, and we learn it', async () => {
    await startServer('proxy');
    const { said } = office();
    await vi.waitFor(() => expect(said()).toContain('DHCP, IP range'), WAIT);
    expect(await udhcpc(MACHINE, 'c0')).toMatch(/lease of 10\.9\.0\.2[012]\d obtained from 10\.9\.0\.2/);
    expect(leases()).toEqual([]);
    await vi.waitFor(() => expect(of('dhcp.osAsked').at(-1)).toMatchObject({ node: 'n1' }), WAIT);
  });

  testWith(['dnsmasq', 'qemu-system-x86_64'])(
    'in proxy mode the iPXE of a NIC takes its address from dnsmasq and its script from us',
    async () => {
      if (!existsSync(ROM)) throw new Error(`${ROM} is not there: apt-get install ipxe-qemu`);
      await startServer('proxy');
      const { said } = office();
      await vi.waitFor(() => expect(said()).toContain('DHCP, IP range'), WAIT);
      const nic = `tap,ifname=q0,script=no,downscript=no,model=virtio-net-pci,mac=${MACS[2]}`;
      start(SERVER, 'qemu-system-x86_64', '-accel', 'tcg', '-m', '128', '-display', 'none', '-nic', nic, '-boot', 'n');
      const asked = () =>
        expect(of('http.scriptAsked')[0]).toMatchObject({ node: 'n3', mac: MACS[2], answer: 'local' });
      await vi.waitFor(asked, { timeout: 100_000, interval: 500 });
      const [script] = of('http.scriptAsked');
      expect(script?.type === 'http.scriptAsked' ? script.address : '').toMatch(/^10\.9\.0\.2[012]\d$/);
      expect(of('dhcp.ipxeAsked').at(-1)).toMatchObject({ node: 'n3' });
      expect(leases()).toEqual([]);
    },
  );
});
