import { createHash } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkAdvertisements } from '../../src/cli/doctor-advertise.ts';
import { checkEngine } from '../../src/cli/doctor-engine.ts';
import { checkCapabilities, checkInterfaces, checkLimits } from '../../src/cli/doctor-host.ts';
import { type DoctorLine, type Finding, listNames, renderDoctorLine } from '../../src/cli/doctor-line.ts';
import { checkClock, checkDisk } from '../../src/cli/doctor-place.ts';
import { checkPorts, wantedPorts } from '../../src/cli/doctor-ports.ts';
import { createHostView, findHolders, parseSocketTable, readCapabilities } from '../../src/cli/doctor-proc.ts';
import { inParallel, runChecks } from '../../src/cli/doctor-run.ts';
import type { DoctorEngine, DoctorSite } from '../../src/cli/doctor-site.ts';
import { checkWire, type WireOptions } from '../../src/cli/doctor-wire.ts';
import type { ServiceState } from '../../src/core/event.ts';
import { emptyFleet } from '../../src/core/fleet.ts';
import type { LoadedFile } from '../../src/core/ports.ts';
import type { SiteSpec, SubnetSpec } from '../../src/core/spec.ts';
import type { LinkClient } from '../../src/link/connect-link.ts';
import { senderAddress } from '../../src/netboot/answer-proxy-dhcp.ts';
import { isDoctorProbe } from '../../src/netboot/doctor-probe.ts';
import { decodeDhcp } from '../../src/protocols/dhcp/decode-dhcp.ts';
import type { DhcpPacket } from '../../src/protocols/dhcp/dhcp-message.ts';
import { encodeDhcp } from '../../src/protocols/dhcp/encode-dhcp.ts';
import { decodeTftp } from '../../src/protocols/tftp/decode-tftp.ts';
import { encodeTftp } from '../../src/protocols/tftp/encode-tftp.ts';
import { answerAsRival } from '../../src/sim/switch/rival-dhcp.ts';
import { specOf, T0 } from '../core/kit.ts';
import { bootSite } from '../netboot/boot-fixture.ts';
import { ip } from '../netboot/client-packets.ts';

let root: string;
const closers: (() => unknown)[] = [];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'crashcart-doctor-'));
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  rmSync(root, { recursive: true, force: true });
});

const LOOPBACK: SubnetSpec = {
  interface: 'lo',
  address: '127.0.0.1',
  dhcp: 'authoritative',
  subnet: '127.0.0.0/8',
  dns: [],
  ntp: [],
  routes: [],
  leaseSeconds: 3600,
  dedicated: false,
};

function siteOf(changes: Partial<SiteSpec> = {}): SiteSpec {
  return {
    site: 'lab',
    networks: [LOOPBACK],
    ports: { dhcp: 0, proxy: 0, tftp: 0, http: 0, events: 0, kernelLog: 0 },
    loaders: { bios: 'undionly.kpxe', uefi: 'ipxe.efi', arm64: 'ipxe-arm64.efi' },
    talos: { factory: 'https://factory.invalid' },
    unknown: 'note',
    allowDiskPath: false,
    ...changes,
  };
}

function doctorOf(changes: Partial<DoctorSite> = {}, site: Partial<SiteSpec> = {}, machines = 1): DoctorSite {
  const nodes = Array.from({ length: machines }, (_, index) => specOf(`node-${index + 1}`));
  return {
    host: createHostView(root),
    env: {},
    folder: join(root, 'inventory'),
    inventory: { site: siteOf(site), profiles: {}, nodes },
    inventoryFolders: 2,
    stateDir: join(root, 'state'),
    assetsDir: join(root, 'assets'),
    nowMs: T0,
    ...changes,
  };
}

/** A file below the made-up root, with its folders. */
function put(path: string, text: string): void {
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), text);
}

async function findings(check: (say: (finding: Finding) => void) => Promise<void>): Promise<readonly string[]> {
  const lines: string[] = [];
  await check((finding) => lines.push(`${finding.state} ${finding.what} | ${finding.advice ?? ''}`));
  return lines;
}

describe('the host', () => {
  test('capabilities are read from the mask of the process', () => {
    put('/proc/self/status', 'Name:\tnode\nCapInh:\t0000000000000000\nCapEff:\t0000000000002400\n');
    expect([...(readCapabilities(createHostView(root)) ?? [])]).toEqual(['CAP_NET_BIND_SERVICE', 'CAP_NET_RAW']);
  });

  test('without any, low ports are a FAIL with the setcap line and the unit setting', async () => {
    put('/proc/self/status', 'CapEff:\t0000000000000000\n');
    const ports = { dhcp: 67, proxy: 4011, tftp: 69, http: 80, events: 4002, kernelLog: 4001 };
    const lines = await findings((say) => checkCapabilities(doctorOf({}, { ports }), say));
    expect(lines[0]).toMatch(/^fail CAP_NET_BIND_SERVICE is missing \(ports below 1024\)/);
    expect(lines[0]).toContain('setcap cap_net_bind_service,cap_net_raw=+ep /');
    expect(lines[0]).toMatch(/AmbientCapabilities=CAP_NET_BIND_SERVICE CAP_NET_RAW$/);
    expect(lines.slice(1).map((line) => line.slice(0, 32))).toEqual(['warn CAP_NET_RAW is missing (who']);
  });

  test.each<readonly [string, string, number, boolean]>([
    ['a buffer that the system allows', '4194304', 600, false],
    ['a small buffer and few machines, which fit', '212992', 40, false],
    ['a small buffer and many machines', '212992', 600, true],
  ])('the right to configure networks is asked for beside %s: %s', async (_name, most, machines, isAsked) => {
    put('/proc/self/status', 'CapEff:\t0000000000000000\n');
    put('/proc/sys/net/core/rmem_max', `${most}\n`);
    const ports = { dhcp: 67, proxy: 4011, tftp: 69, http: 80, events: 4002, kernelLog: 4001 };
    const doctor = doctorOf({}, { ports }, machines);
    const rights = await findings((say) => checkCapabilities(doctor, say));
    const [buffer] = (await findings((say) => checkLimits(doctor, say))).filter((line) => line.includes('rmem_max'));
    expect(rights.length).toBe(isAsked ? 3 : 2);
    for (const line of rights) expect(/cap_net_admin=.*CAP_NET_ADMIN/.test(line)).toBe(isAsked);
    expect(buffer?.split(' ')[0]).toBe(isAsked ? 'warn' : 'ok');
  });

  test('high ports need none of them', async () => {
    put('/proc/self/status', 'CapEff:\t0000000000000000\n');
    const ports = { dhcp: 10_067, proxy: 4011, tftp: 10_069, http: 8080, events: 4002, kernelLog: 4001 };
    const lines = await findings((say) => checkCapabilities(doctorOf({}, { ports }), say));
    expect(lines.filter((line) => line.startsWith('fail'))).toEqual([]);
  });

  test('limits are held against the number of machines', async () => {
    put('/proc/self/status', 'CapEff:\t0000000000000000\n');
    put(
      '/proc/self/limits',
      'Limit  Soft Limit  Hard Limit  Units\nMax open files            1024                 4096                 files\n',
    );
    put('/proc/sys/net/core/rmem_max', '212992\n');
    put('/proc/sys/net/ipv4/neigh/default/gc_thresh3', '1024\n');
    put('/proc/sys/net/core/somaxconn', '128\n');
    put('/proc/sys/fs/inotify/max_user_watches', '8\n');
    put('/proc/sys/fs/inotify/max_user_instances', '128\n');
    const small = await findings((say) => checkLimits(doctorOf({}, {}, 40), say));
    expect(small.map((line) => line.split(' ')[0])).toEqual(['ok', 'ok', 'ok', 'ok', 'warn']);
    const large = await findings((say) => checkLimits(doctorOf({}, {}, 600), say));
    expect(large.map((line) => line.split('|')[1]?.trim())).toEqual([
      'sysctl -w net.core.rmem_max=4194304',
      'sysctl -w net.ipv4.neigh.default.gc_thresh3=4096 net.ipv4.neigh.default.gc_thresh2=2048',
      'ulimit -n 65536, or LimitNOFILE=65536 in the unit',
      'sysctl -w net.core.somaxconn=4096',
      'sysctl -w fs.inotify.max_user_watches=65536 fs.inotify.max_user_instances=128',
    ]);
  });

  test('a neighbour table that only the host sees is not passed over', async () => {
    const table = async (machines: number) => {
      const lines = await findings((say) => checkLimits(doctorOf({}, {}, machines), say));
      return lines.find((line) => line.includes('neighbour table'));
    };
    expect(await table(40)).toMatch(/^ok .*cannot be seen from this network namespace/);
    expect(await table(1200)).toMatch(/^warn .*\| on the host: sysctl -w .*gc_thresh3=\d+/);
  });

  test.each<readonly [string, Partial<SubnetSpec>, RegExp]>([
    ['an interface that is up with its address', {}, /^ok lo 127\.0\.0\.1 in 127\.0\.0\.0\/8/],
    [
      'an interface that is not there',
      { interface: 'eth77' },
      /^fail interface eth77 .* is not there \| correct `interface:`/,
    ],
    [
      'an address that is not on it',
      { address: '10.77.0.1', subnet: '10.77.0.0/24' },
      /^fail 10\.77\.0\.1 .*ip addr add 10\.77\.0\.1\/24 dev lo/,
    ],
    [
      'an address outside of its subnet',
      { subnet: '10.77.0.0/24' },
      /^fail 127\.0\.0\.1 on lo is not in 10\.77\.0\.0\/24/,
    ],
  ])('a network with %s', async (_name, changes, expected) => {
    put('/sys/class/net/lo/operstate', 'unknown\n');
    const lines = await findings((say) =>
      checkInterfaces(doctorOf({}, { networks: [{ ...LOOPBACK, ...changes }] }), say),
    );
    expect(lines).toEqual([expect.stringMatching(expected)]);
  });

  test('an interface whose prefix is longer than that of its network reaches a part of it alone', async () => {
    put('/sys/class/net/lo/operstate', 'unknown\n');
    const networks = [{ ...LOOPBACK, subnet: '126.0.0.0/7' }];
    expect(await findings((say) => checkInterfaces(doctorOf({}, { networks }), say))).toEqual([
      'fail lo has 127.0.0.1/8 and the network is 126.0.0.0/7: machines outside of 127.0.0.0/8 are not reached by it, and get no boot files | ip addr replace 127.0.0.1/7 dev lo, or correct subnet: in _site.yaml',
    ]);
  });

  test('an interface that is down asks for its cable first', async () => {
    put('/sys/class/net/lo/operstate', 'down\n');
    put('/sys/class/net/lo/carrier', '0\n');
    const lines = await findings((say) => checkInterfaces(doctorOf(), say));
    expect(lines).toEqual(['fail interface lo is down | is the cable in? ip link set lo up']);
  });

  test.each<readonly [string, number, RegExp]>([
    ['of 1970', 0, /^fail it is 1970-01-01/],
    ['that nobody keeps', T0, /^warn .*nothing keeps it/],
  ])('a clock %s', async (_name, nowMs, expected) => {
    expect(await findings((say) => checkClock(doctorOf({ nowMs }), say))).toEqual([expect.stringMatching(expected)]);
  });

  test('a clock that is kept by NTP is fine, one that was set back is seen by files of the future', async () => {
    put('/run/systemd/timesync/synchronized', '');
    expect((await findings((say) => checkClock(doctorOf(), say)))[0]).toMatch(/^ok .*kept by NTP/);
    put('/inventory/_site.yaml', 'site: lab\n');
    expect((await findings((say) => checkClock(doctorOf(), say)))[0]).toMatch(
      /^warn .*_site.yaml was written \d+ minutes in the future/,
    );
  });

  test('folders are looked at without making them', async () => {
    const lines = await findings((say) => checkDisk(doctorOf(), say));
    expect(lines.map((line) => /folder .*\/(state|assets): [\d.]+ GB free/.test(line))).toEqual([true, true]);
    const asOther = (may: readonly string[], code = 'EACCES') =>
      findings((say) =>
        checkDisk(doctorOf(), say, (folder, right) =>
          may.includes(right) || !folder.includes('assets') ? undefined : code,
        ),
      );
    mkdirSync(join(root, 'assets'));
    expect((await asOther(['read']))[1]).toBe(
      `warn assets folder ${root}/assets can be read and not written by this user: serving needs no more | images pull, add and import need a user who may write there`,
    );
    expect((await asOther([]))[1]).toMatch(/^fail assets folder .*assets cannot be written \| run as a user who may/);
    expect((await asOther(['read'], 'EROFS'))[1]).toBe(
      `warn assets folder ${root}/assets is on a read-only file system: serving needs no more | images pull, add and import need one that is remounted, or another folder`,
    );
    expect((await asOther([], 'EROFS'))[1]).toBe(
      `fail assets folder ${root}/assets: the file system of ${root}/assets is read-only | see dmesg for why and remount it, or choose another one with --assets DIR, or \`assetsDir:\``,
    );
    put('/state', 'a file');
    expect((await findings((say) => checkDisk(doctorOf(), say)))[0]).toMatch(/^fail .*state is no folder/);
  });
});

describe('router advertisements', () => {
  const ETH: SubnetSpec = { ...LOOPBACK, interface: 'eth7', subnet: '10.77.0.0/24' };
  const advised = (net: SubnetSpec, path: string) =>
    findings((say) => checkAdvertisements(doctorOf({ env: { PATH: path } }, { networks: [net] }), say));
  const LINK_LOCAL = 'fe80000000000000505400fffe770001 02 40 20 80     eth7\n';

  test('that are not sent cost each boot its wait, which is said', async () => {
    expect(await advised(ETH, '')).toEqual([
      expect.stringMatching(/^ok none are sent on eth7: each iPXE boot waits up to 16 s .*`dedicated: true`/),
    ]);
  });

  test('name each interface once, however many networks it has', async () => {
    const networks = [ETH, { ...ETH, subnet: '10.79.0.0/24' }];
    const [line] = await findings((say) => checkAdvertisements(doctorOf({}, { networks }), say));
    expect(line).toMatch(/^ok none are sent on eth7: /);
  });

  test('are no matter of a network behind a relay, or of one beside another server', async () => {
    const { interface: _none, ...relayed } = { ...ETH, relay: '10.20.0.1', dedicated: true };
    for (const net of [relayed, { ...ETH, dhcp: 'proxy' as const }])
      expect(await advised(net, '')).toEqual(['ok no network of this site needs router advertisements | ']);
  });

  test('need IPv6 on the interface', async () => {
    put('/bin/radvd', '');
    chmodSync(join(root, 'bin/radvd'), 0o755);
    const dedicated = { ...ETH, dedicated: true };
    expect((await advised(dedicated, join(root, 'bin')))[0]).toMatch(/^warn the kernel has no IPv6: each iPXE boot/);
    put('/proc/net/if_inet6', LINK_LOCAL);
    put('/proc/sys/net/ipv6/conf/eth7/disable_ipv6', '1\n');
    expect((await advised(dedicated, join(root, 'bin')))[0]).toMatch(/^warn IPv6 is switched off on eth7 \(sysctl -w/);
    put('/proc/sys/net/ipv6/conf/eth7/disable_ipv6', '0\n');
    expect(await advised(dedicated, join(root, 'bin'))).toEqual([
      `ok router advertisements on eth7 by ${join(root, 'bin/radvd')} | `,
    ]);
  });

  test('need the capability, in a way that a child has it too', async () => {
    put('/bin/radvd', '');
    chmodSync(join(root, 'bin/radvd'), 0o755);
    put('/proc/net/if_inet6', LINK_LOCAL);
    put('/proc/self/status', 'CapEff:\t0000000000000000\nCapAmb:\t0000000000000000\n');
    const lines = await advised({ ...ETH, dedicated: true }, join(root, 'bin'));
    expect(lines[0]).toMatch(/^warn radvd would run without CAP_NET_RAW: .*setcap cap_net_raw=\+ep \/.*\/radvd$/);
  });
});

describe('ports', () => {
  test('are read from the kernel’s tables, whoever listens', () => {
    const udp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  512: 00000000:0043 00000000:0000 07 00000000:00000000 00:00000000 00000000  1000        0 4711 2 0000000000000000 0
  513: 0101A8C0:0045 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4712 2 0000000000000000 0
garbage line
`;
    expect(parseSocketTable(udp, 'udp')).toEqual([
      { address: '0.0.0.0', port: 67, inode: '4711', uid: 1000 },
      { address: '192.168.1.1', port: 69, inode: '4712', uid: 0 },
    ]);
    const tcp6 = `head
   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 99 1
   1: 0000000000000000FFFF00000100007F:1F90 00000000000000000000000000000000:0000 01 00000000:00000000 00:00000000 00000000 0 0 98 1
`;
    expect(parseSocketTable(tcp6, 'tcp')).toEqual([{ address: '[::]', port: 80, inode: '99', uid: 0 }]);
  });

  test('name the process behind a socket', () => {
    put('/proc/4242/comm', 'dnsmasq\n');
    mkdirSync(join(root, '/proc/4242/fd'), { recursive: true });
    symlinkSync('socket:[4711]', join(root, '/proc/4242/fd/7'));
    symlinkSync('/dev/null', join(root, '/proc/4242/fd/0'));
    expect(findHolders(createHostView(root), new Set(['4711', '1'])).get('4711')).toEqual({
      pid: 4242,
      name: 'dnsmasq',
    });
  });

  test('that a real program holds are a FAIL with its name and pid', async () => {
    const holder = createSocket('udp4');
    await new Promise<void>((resolve) => holder.bind(0, '127.0.0.1', resolve));
    closers.push(() => holder.close());
    const ports = { dhcp: 0, proxy: 0, tftp: holder.address().port, http: 0, events: 0, kernelLog: 0 };
    const doctor = doctorOf({ host: createHostView() }, { ports });
    const lines = await findings((say) => checkPorts(doctor, say));
    expect(lines).toEqual([
      expect.stringMatching(
        new RegExp(`^fail TFTP UDP ${ports.tftp} is taken by .* \\(pid ${process.pid}\\) on 127\\.0\\.0\\.1`),
      ),
    ]);
    const engine = engineWith({}, process.pid);
    const ours = await findings((say) => checkPorts({ ...doctor, engine }, say));
    expect(ours).toEqual([`ok held by crashcart itself, which is running: TFTP UDP ${ports.tftp} | `]);
  });

  test('that are free are said to be', async () => {
    const probe = createSocket('udp4');
    await new Promise<void>((resolve) => probe.bind(0, '127.0.0.1', resolve));
    const { port } = probe.address();
    await new Promise<void>((resolve) => probe.close(resolve));
    const ports = { dhcp: 0, proxy: 0, tftp: port, http: 0, events: 0, kernelLog: 0 };
    const lines = await findings((say) => checkPorts(doctorOf({ host: createHostView() }, { ports }), say));
    expect(lines).toEqual([`ok free: TFTP UDP ${port} | `]);
  });

  test('of a site behind relays are asked for on its one address', () => {
    const { interface: _none, ...relayed } = { ...LOOPBACK, relay: '10.20.0.1' };
    const ports = { dhcp: 67, proxy: 4011, tftp: 69, http: 80, events: 4002, kernelLog: 4001 };
    const wanted = wantedPorts(siteOf({ networks: [relayed], ports, metrics: '127.0.0.1:9470' }));
    expect(new Set(wanted.flatMap((want) => want.addresses))).toEqual(new Set(['127.0.0.1']));
    expect(wanted.map((want) => `${want.kind} ${want.port}`)).toContain('tcp 9470');
  });
});

/** A DHCP server on loopback that answers every DISCOVER with what it is given. */
async function rival(bootFile: string, address = '192.0.2.7', more: Partial<DhcpPacket> = {}): Promise<WireOptions> {
  const server = createSocket('udp4');
  await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve));
  closers.push(() => server.close());
  server.on('message', (bytes, from) => {
    const message = decodeDhcp(bytes);
    if (!message.ok) return;
    const answer = answerAsRival({ address, firstAddress: '192.0.2.50', bootFile }, message.value);
    if (answer === undefined) return;
    const { bootFile: _file, ...options } = answer.options;
    const offer = { ...(bootFile === '' ? { ...answer, options } : answer), ...more };
    server.send(Buffer.from('noise'), from.port, from.address);
    server.send(encodeDhcp({ ...offer, xid: 1 }), from.port, from.address);
    server.send(encodeDhcp(offer), from.port, from.address);
  });
  return { serverPort: server.address().port, clientPort: 0, to: '127.0.0.1', listenMs: 2_000 };
}

describe('the wire', () => {
  test('another PXE server is a FAIL that names its boot file', async () => {
    const options = await rival('evil.0');
    const lines = await findings((say) => checkWire(doctorOf(), say, options));
    expect(lines).toEqual([
      expect.stringMatching(
        /^fail lo: another server 192\.0\.2\.7 offers 192\.0\.2\.\d+ and boots machines from 192\.0\.2\.7:evil\.0/,
      ),
    ]);
  });

  test('a server that gives addresses alone is in the way of an authoritative network and needed by a proxy', async () => {
    const options = await rival('');
    const asked = (dhcp: SubnetSpec['dhcp']) =>
      findings((say) => checkWire(doctorOf({}, { networks: [{ ...LOOPBACK, dhcp }] }), say, options));
    expect((await asked('authoritative'))[0]).toMatch(/^warn lo: another DHCP server 192\.0\.2\.7/);
    expect((await asked('proxy'))[0]).toMatch(/^ok lo: 192\.0\.2\.7 gives addresses/);
  });

  const lookAt = (networks: readonly SubnetSpec[], options: WireOptions, changes: Partial<DoctorSite> = {}) =>
    findings((say) => checkWire(doctorOf(changes, { networks }), say, { ...options, listenMs: 300 }));

  test('a server that is told our address as next server names our boot file, as proxy mode needs', async () => {
    const options = await rival('snponly.efi', '192.0.2.7', { siaddr: ip('127.0.0.1') });
    const asked = async (dhcp: SubnetSpec['dhcp']) => (await lookAt([{ ...LOOPBACK, dhcp }], options))[0];
    expect(await asked('proxy')).toMatch(
      /^ok lo: 192\.0\.2\.7 gives addresses \(192\.0\.2\.\d+, and our boot file 127\.0\.0\.1:snponly\.efi\), as proxy mode needs/,
    );
    expect(await asked('authoritative')).toMatch(/^warn lo: another DHCP server 192\.0\.2\.7/);
  });

  test('the first server is what `answerAfter:` is for, with a boot file of its own as well', async () => {
    const second = [{ ...LOOPBACK, answerAfterSeconds: 8 }];
    expect((await lookAt(second, await rival('')))[0]).toMatch(
      /^ok lo: 192\.0\.2\.7 is the first server here: it offers/,
    );
    expect((await lookAt(second, await rival('x.0')))[0]).toMatch(/boots machines from 192\.0\.2\.7:x\.0 \| $/);
  });

  test('of several networks on one interface each finding comes once, and all our addresses are ours', async () => {
    const engine = engineWith({}, process.pid);
    const one = { ...LOOPBACK, subnet: '127.0.0.0/16' };
    const two = { ...LOOPBACK, address: '127.1.0.1', subnet: '127.1.0.0/16' };
    const three = { ...LOOPBACK, subnet: '127.2.0.0/16' };
    const ours = await rival('snponly.efi', '127.1.0.1');
    expect(await lookAt([one, two, three], ours, { engine })).toEqual(['ok lo: no other DHCP server answers | ']);
    expect((await lookAt([one, two, three], ours)).map((line) => line.slice(0, 36))).toEqual([
      'fail lo: another server 127.1.0.1 of',
    ]);
    const other = await rival('', '127.1.0.9', { yiaddr: ip('127.1.3.3') });
    for (const [dhcp, expected] of [
      ['authoritative', 'warn lo: another DHCP server 127.1.0'],
      ['proxy', 'ok lo: 127.1.0.9 gives addresses (12'],
      ['off', 'ok lo: 127.1.0.9 gives addresses (12'],
    ] as const)
      expect((await lookAt([one, { ...two, dhcp }, three], other)).map((line) => line.slice(0, 36))).toEqual([
        expected,
      ]);
  });

  test('what it asks is known to the engine of this host as no machine', async () => {
    const server = createSocket('udp4');
    await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve));
    closers.push(() => server.close());
    const heard: boolean[] = [];
    const site = bootSite(siteOf());
    server.on('message', (bytes, from) => {
      const message = decodeDhcp(bytes);
      const arrival = { iface: 'lo', address: senderAddress(from.address), port: from.port };
      heard.push(message.ok && isDoctorProbe(site, message.value, arrival));
    });
    const options = { serverPort: server.address().port, clientPort: 0, to: '127.0.0.1', listenMs: 100 };
    await findings((say) => checkWire(doctorOf(), say, options));
    expect(heard).toEqual([true]);
  });

  test('silence is good where we are the server, and bad where we are not', async () => {
    const options = { serverPort: 9, clientPort: 0, to: '127.0.0.1', listenMs: 30 };
    const asked = (dhcp: SubnetSpec['dhcp']) =>
      findings((say) => checkWire(doctorOf({}, { networks: [{ ...LOOPBACK, dhcp }] }), say, options));
    expect(await asked('authoritative')).toEqual(['ok lo: no other DHCP server answers | ']);
    expect((await asked('proxy'))[0]).toMatch(/^warn lo: nobody gives addresses here/);
  });
});

function engineWith(services: Readonly<Record<string, ServiceState>>, pid?: number): DoctorEngine {
  const unused = () => {
    throw new Error('not asked');
  };
  const client = {
    ask: unused,
    follow: unused,
    write: unused,
    onWrite: unused,
    onClose: unused,
    close: () => undefined,
  };
  return {
    client: client as unknown as LinkClient,
    fleet: { ...emptyFleet(T0), services },
    ...(pid === undefined ? {} : { pid }),
  };
}

const FILE = Buffer.alloc(4_000, 'loader');
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** Serves one name over TFTP, block after block, and loses the first packet of each transfer. */
async function tftpServer(name: string, file: Buffer): Promise<Socket> {
  const server = createSocket('udp4');
  let lost = false;
  server.on('message', (bytes, from) => {
    const message = decodeTftp(bytes);
    if (!message.ok) return;
    const { value } = message;
    const reply = (answer: Buffer) => server.send(answer, from.port, from.address);
    if (value.kind === 'read' && value.file !== name)
      reply(encodeTftp({ kind: 'error', code: 1, message: 'no such file' }));
    else if (value.kind === 'read' && !lost) lost = true;
    else if (value.kind === 'read') reply(encodeTftp({ kind: 'oack', options: [{ name: 'blksize', value: '1408' }] }));
    else if (value.kind === 'ack') {
      const data = file.subarray(value.block * 1408, (value.block + 1) * 1408);
      if (value.block * 1408 <= file.length) reply(encodeTftp({ kind: 'data', block: value.block + 1, data }));
    }
  });
  await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve));
  closers.push(() => server.close());
  return server;
}

async function httpServer(name: string, file: Buffer): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.url === `/b/${name}`) response.end(file);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => new Promise((resolve) => server.close(resolve)));
  return server;
}

describe('the running engine', () => {
  const loader: LoadedFile = { path: '/x/ipxe.efi', sizeBytes: FILE.length, sha256: sha256(FILE) };
  const listen = async (name: string, file: Buffer) => {
    const tftp = await tftpServer(name, file);
    const http = await httpServer(name, file);
    return engineWith({
      TFTP: { is: 'ok', listens: `127.0.0.1:${tftp.address().port}` },
      HTTP: { is: 'ok', listens: `0.0.0.0:${(http.address() as AddressInfo).port}` },
    });
  };
  const look = (engine: DoctorEngine, names: readonly string[] = ['ipxe.efi']) =>
    findings((say) =>
      checkEngine(doctorOf({ engine }), Promise.resolve(new Map(names.map((name) => [name, loader]))), say),
    );

  test('serves what it advertises over TFTP and HTTP', async () => {
    const lines = await look(await listen('ipxe.efi', FILE));
    expect(lines.slice(1)).toEqual([
      expect.stringMatching(/^ok TFTP 127\.0\.0\.1:\d+: all 1 advertised names are served and whole/),
      expect.stringMatching(/^ok HTTP 127\.0\.0\.1:\d+: all 1 advertised names are served and whole/),
    ]);
  });

  test('that sends other bytes, or none, fails with the name', async () => {
    const other = await look(await listen('ipxe.efi', Buffer.alloc(4_000, 'evil')));
    expect(other.slice(1).every((line) => /^fail .*ipxe\.efi: 4000 bytes came that are not the file/.test(line))).toBe(
      true,
    );
    const none = await look(await listen('other.efi', FILE));
    expect(none.slice(1)).toEqual([
      expect.stringMatching(/^fail TFTP .*ipxe\.efi: error 1: no such file \| .* hangs: a loader added .* \(SIGHUP\)$/),
      expect.stringMatching(/^fail HTTP .*ipxe\.efi: status 404 \| .* hangs: a loader added .* \(SIGHUP\)$/),
    ]);
  });

  test('that refuses what it could serve is told with its own words, and no reload is advised', async () => {
    const tftp = createSocket('udp4');
    const busy = encodeTftp({ kind: 'error', code: 0, message: '4096 transfers run; try again' });
    tftp.on('message', (_bytes, from) => tftp.send(busy, from.port, from.address));
    await new Promise<void>((resolve) => tftp.bind(0, '127.0.0.1', resolve));
    closers.push(() => tftp.close());
    const http = createServer((_request, response) => response.writeHead(503).end('too many connections\n'));
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    closers.push(() => new Promise((resolve) => http.close(resolve)));
    const lines = await look(
      engineWith({
        TFTP: { is: 'ok', listens: `127.0.0.1:${tftp.address().port}` },
        HTTP: { is: 'ok', listens: `127.0.0.1:${(http.address() as AddressInfo).port}` },
      }),
    );
    const advice =
      'machines are answered so too, and ask again until it passes; the log of the engine says who fetches';
    expect(lines.slice(1).map((line) => line.replace(/:\d+:/, ':PORT:'))).toEqual([
      `fail TFTP 127.0.0.1:PORT: ipxe.efi: error 0: 4096 transfers run; try again | ${advice}`,
      `fail HTTP 127.0.0.1:PORT: ipxe.efi: status 503: too many connections | ${advice}`,
    ]);
  });

  test('tells which of its services failed, with the way out', async () => {
    const lines = await look(engineWith({ DHCP: { is: 'failed', why: 'UDP 67 is taken', advice: 'stop the other' } }));
    expect(lines).toContain('fail DHCP: UDP 67 is taken | stop the other');
    expect(lines).toContain('fail TFTP does not listen | see the services: crashcart status');
  });

  test('of another user is not said to be none, and its answers are no other server’s', async () => {
    const engineUnseen = 'its folder is uid 7’s';
    const doctor = doctorOf({ engineUnseen });
    expect(await findings((say) => checkEngine(doctor, Promise.resolve(new Map()), say))).toEqual([
      `warn whether it runs cannot be seen: ${engineUnseen} | run doctor as that user, or as root`,
    ]);
    const options = await rival('ipxe.efi', '127.0.0.1');
    const asked = (site: DoctorSite) => findings((say) => checkWire(site, say, options));
    expect(await asked(doctor)).toEqual(['ok lo: no other DHCP server answers | ']);
    expect((await asked(doctorOf()))[0]).toMatch(/^fail lo: another server 127\.0\.0\.1 offers/);
  });

  test('what of the site file waits for a restart is told, and is no service', async () => {
    const warning = 'restart for ports: http 8080 (80 until then)';
    const lines = await look(engineWith({ 'site file': { is: 'ok', listens: '/inv', warning } }));
    expect(lines).toContain(`warn the site file waits for a restart | ${warning}`);
    expect(lines.join('\n')).not.toMatch(/runs .*site file/);
  });

  test('tells of other DHCP servers that it heard of late, and when', async () => {
    const engine = engineWith({});
    const one = (server: string, agoMs: number) =>
      ({ server, mac: '', iface: 'eth1', offers: '10.9.9.50', firstAt: 0, lastAt: T0 - agoMs, count: 1 }) as const;
    const rivals = { '10.9.9.9': one('10.9.9.9', 61_000), '10.9.9.8': one('10.9.9.8', 600_000) };
    const lines = await look({ ...engine, fleet: { ...engine.fleet, rivals } });
    expect(lines.filter((line) => line.includes('another DHCP server'))).toEqual([
      'warn it heard of another DHCP server 61 s ago: 10.9.9.9 on eth1 offers 10.9.9.50 | see `wire`',
    ]);
  });

  test('tells that nobody listens for other servers, where somebody could', async () => {
    const engine = engineWith({ radar: { is: 'off', why: 'no ears on eth1 port 68, UDP port 68 is taken' } });
    const told = 'warn radar is off: no ears on eth1 port 68, UDP port 68 is taken';
    expect(await look(engine)).toContain(`${told} | mend that, then restart it on the services screen`);
    const wanted = engineWith({ radar: { is: 'off', why: 'UDP port 68 is taken', advice: 'it is tried again' } });
    expect(await look(wanted)).toContain('warn radar is off: UDP port 68 is taken | it is tried again');
    const { interface: _none, ...relayed } = { ...LOOPBACK, relay: '10.20.0.1' };
    const behind = await findings((say) =>
      checkEngine(doctorOf({ engine }, { networks: [relayed] }), Promise.resolve(new Map()), say),
    );
    expect(behind.filter((line) => line.includes('radar'))).toEqual([]);
  });
});

describe('all checks together', () => {
  test('end in time, keep what was said, and survive one that stumbles', async () => {
    const startedMs = performance.now();
    const lines = await runChecks(
      [
        {
          name: 'slow',
          run: (say) => {
            say({ state: 'ok', what: 'first' });
            return new Promise(() => undefined);
          },
        },
        { name: 'broken', run: () => Promise.reject(new Error('boom')) },
        { name: 'good', run: async (say) => say({ state: 'ok', what: 'done' }) },
      ],
      80,
    );
    expect(performance.now() - startedMs).toBeLessThan(1_000);
    expect(lines.map((line: DoctorLine) => [line.check, line.state, line.what])).toEqual([
      ['slow', 'ok', 'first'],
      ['slow', 'warn', 'not finished in 0.08 s; what was seen until then stands above'],
      ['broken', 'warn', 'could not look: boom'],
      ['good', 'ok', 'done'],
    ]);
  });

  test('never do more at once than they may', async () => {
    let running = 0;
    let most = 0;
    await inParallel([...Array(20).keys()], 4, async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 1));
      running -= 1;
    });
    expect(most).toBe(4);
  });

  test('are lines that a person and a grep can read', () => {
    expect(renderDoctorLine({ state: 'fail', check: 'ports', what: 'UDP 67 is taken', advice: 'stop it' })).toBe(
      'FAIL  ports: UDP 67 is taken  \u2014 stop it',
    );
    expect(listNames(['a', 'b', 'c', 'd'])).toBe('a, b, c, d');
    expect(listNames(['a', 'b', 'c', 'd', 'e'])).toBe('a, b, c and 2 more');
  });
});
