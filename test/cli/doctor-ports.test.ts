import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { Finding } from '../../src/cli/doctor-line.ts';
import { checkPorts, wantedPorts } from '../../src/cli/doctor-ports.ts';
import { createHostView } from '../../src/cli/doctor-proc.ts';
import type { DoctorEngine, DoctorSite } from '../../src/cli/doctor-site.ts';
import { emptyFleet } from '../../src/core/fleet.ts';
import type { SiteSpec, SubnetSpec } from '../../src/core/spec.ts';
import { T0 } from '../core/kit.ts';
import { siteSpec } from '../netboot/boot-fixture.ts';
import { localSubnet } from '../netboot/dhcp-bench.ts';

/** Other programs at our ports: what keeps `serve` from starting is a FAIL, and nothing else is. */

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const NONE = { dhcp: 0, proxy: 0, tftp: 0, http: 0, events: 0, kernelLog: 0 };
const LOOPBACK = localSubnet({ interface: 'lo', address: '127.0.0.1', subnet: '127.0.0.0/8' });

function doctorOf(ports: Partial<SiteSpec['ports']>, net: SubnetSpec, engine?: DoctorEngine): DoctorSite {
  const site = siteSpec([net], { ports: { ...NONE, ...ports } });
  return {
    host: createHostView(),
    env: {},
    folder: '/none',
    inventory: { site, profiles: {}, nodes: [] },
    inventoryFolders: 1,
    stateDir: '/none',
    assetsDir: '/none',
    nowMs: T0,
    ...(engine === undefined ? {} : { engine }),
  };
}

async function look(doctor: DoctorSite): Promise<readonly string[]> {
  const lines: string[] = [];
  await checkPorts(doctor, ({ state, what, advice = '' }: Finding) => lines.push(`${state} ${what} | ${advice}`));
  return lines;
}

type Kind = 'udp' | 'tcp';

interface Held {
  readonly address: string;
  readonly reuse?: boolean;
  readonly ipv6Only?: boolean;
  readonly port?: number;
}

/** Somebody else's socket; `port` 0: one that is free. */
async function hold(kind: Kind, { address, reuse = false, ipv6Only = false, port = 0 }: Held): Promise<number> {
  const type = address.includes(':') ? 'udp6' : 'udp4';
  const script =
    kind === 'udp'
      ? `const s = require('dgram').createSocket({ type: '${type}', reuseAddr: ${reuse}, ipv6Only: ${ipv6Only} });
         s.bind(${port}, '${address}', () => console.log(s.address().port));`
      : `const s = require('net').createServer();
         s.listen({ port: ${port}, host: '${address}', ipv6Only: ${ipv6Only} }, () => console.log(s.address().port));`;
  const child: ChildProcess = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  closers.push(async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  });
  if (child.stdout === null) throw new Error('no output');
  const [text] = await once(child.stdout, 'data');
  return Number(String(text));
}

/** That of an engine which is this process. */
function engineHere(): DoctorEngine {
  const client = new Proxy({} as DoctorEngine['client'], {
    get: () => () => {
      throw new Error('not asked');
    },
  });
  return { client, fleet: emptyFleet(T0), pid: process.pid };
}

const IPV6 = existsSync('/proc/net/if_inet6');

describe('a port that somebody else holds', () => {
  const CASES: readonly (readonly [string, Kind, Held, 'fail' | 'ok'])[] = [
    ['at another address is free', 'tcp', { address: '127.0.0.53' }, 'ok'],
    ['at another address is free', 'udp', { address: '127.0.0.53' }, 'ok'],
    ['at ours is taken', 'tcp', { address: '127.0.0.1' }, 'fail'],
    ['at ours is taken', 'udp', { address: '127.0.0.1' }, 'fail'],
    ['everywhere is taken', 'tcp', { address: '0.0.0.0' }, 'fail'],
    ['everywhere is taken', 'udp', { address: '0.0.0.0' }, 'fail'],
    ['everywhere is taken, though he would share it', 'udp', { address: '0.0.0.0', reuse: true }, 'fail'],
    ...(IPV6
      ? ([
          ['everywhere by IPv6 too is taken', 'tcp', { address: '::' }, 'fail'],
          ['everywhere by IPv6 too is taken', 'udp', { address: '::' }, 'fail'],
          ['everywhere by IPv6 alone is free', 'tcp', { address: '::', ipv6Only: true }, 'ok'],
          ['everywhere by IPv6 alone is free', 'udp', { address: '::', ipv6Only: true }, 'ok'],
        ] as const)
      : []),
  ];
  test.each(CASES)('%s: %s %o', async (_name, kind, held, expected) => {
    const port = await hold(kind, held);
    const [service, ports] = kind === 'tcp' ? ['HTTP', { http: port }] : ['TFTP', { tftp: port }];
    const lines = await look(doctorOf(ports, LOOPBACK));
    const name = `${service} ${kind.toUpperCase()} ${port}`;
    expect(lines).toEqual(
      expected === 'ok'
        ? [`ok free: ${name} | `]
        : [
            expect.stringMatching(
              new RegExp(`^fail ${name} is taken by \\w+ \\(pid \\d+\\) on .* \\| stop it \\(kill`),
            ),
          ],
    );
  });

  test('at another address is in the way of DHCP, which hears all of them', async () => {
    const port = await hold('udp', { address: '127.0.0.53' });
    expect(await look(doctorOf({ dhcp: port }, LOOPBACK))).toEqual([
      expect.stringMatching(`^fail DHCP UDP ${port} is taken by .* on 127\\.0\\.0\\.53 \\| stop it`),
    ]);
    expect(await look(doctorOf({ proxy: port }, LOOPBACK))).toEqual([`ok free: proxyDHCP UDP ${port} | `]);
  });

  test('beside a DHCP server of this host is worth knowing, where machines have their addresses from it', async () => {
    const port = await hold('udp', { address: '0.0.0.0' });
    expect(await look(doctorOf({ dhcp: port }, { ...LOOPBACK, dhcp: 'proxy' }))).toEqual([
      expect.stringMatching(
        `^warn DHCP UDP ${port} is taken by .* on 0\\.0\\.0\\.0; ours stays off \\| UDP ${port} is the DHCP server's on this host: .* option 60 PXEClient`,
      ),
    ]);
  });

  test('everywhere is in the way of an address that is not there yet, and one elsewhere is not', async () => {
    const later = { ...LOOPBACK, address: '10.77.0.1', subnet: '10.77.0.0/24' };
    const [everywhere, elsewhere] = [
      await hold('tcp', { address: '0.0.0.0' }),
      await hold('tcp', { address: '127.0.0.1' }),
    ];
    expect((await look(doctorOf({ http: everywhere }, later)))[0]).toMatch(/^fail HTTP TCP \d+ is taken by/);
    expect(await look(doctorOf({ http: elsewhere }, later))).toEqual([`ok free: HTTP TCP ${elsewhere} | `]);
  });
});

describe('beside ours, which runs,', () => {
  test('what is at another address, or of IPv6 alone, is left where it is', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closers.push(() => new Promise((resolve) => server.close(resolve)));
    const at = server.address();
    const port = typeof at === 'object' && at !== null ? at.port : 0;
    await hold('tcp', { address: '127.0.0.53', port });
    if (IPV6) await hold('tcp', { address: '::', ipv6Only: true, port });
    expect(await look(doctorOf({ http: port }, LOOPBACK, engineHere()))).toEqual([
      `ok held by crashcart itself, which is running: HTTP TCP ${port} | `,
    ]);
  });

  test('who shares the port of DHCP is told: he answers machines as well', async () => {
    const ours = createSocket({ type: 'udp4', reuseAddr: true });
    await new Promise<void>((resolve) => ours.bind(0, '127.0.0.1', resolve));
    closers.push(() => new Promise<void>((resolve) => ours.close(() => resolve())));
    const { port } = ours.address();
    await hold('udp', { address: '0.0.0.0', reuse: true, port });
    expect(await look(doctorOf({ dhcp: port }, LOOPBACK, engineHere()))).toEqual([
      expect.stringMatching(`^fail DHCP UDP ${port} is taken by .* on 0\\.0\\.0\\.0`),
    ]);
  });
});

test('each service is asked for where it listens: DHCP everywhere, the others at the addresses of the networks', () => {
  const ports = { dhcp: 67, proxy: 4011, tftp: 69, http: 80, events: 4002, kernelLog: 4001 };
  const second = localSubnet({ interface: 'eth2', address: '10.9.9.1', subnet: '10.9.9.0/24' });
  const wanted = wantedPorts(siteSpec([LOOPBACK, second], { ports, metrics: '[::1]:9470' }));
  const at = Object.fromEntries(wanted.map((one) => [one.service, one.addresses]));
  const both = ['127.0.0.1', '10.9.9.1'];
  expect(at).toEqual({
    DHCP: ['0.0.0.0'],
    proxyDHCP: both,
    TFTP: both,
    HTTP: both,
    events: both,
    'kernel log': both,
    metrics: ['::1'],
  });
});
