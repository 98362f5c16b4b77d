import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MachineSpec } from './machine-spec.ts';
import { namespaceName, removeNamespace, removeStaleNamespaces } from './namespaces.ts';
import { mustRun, startCommand } from './run-command.ts';

/**
 * Who gives the machines their addresses. `own`: the program, alone on their bridge. `proxy`: an office's dnsmasq on the
 * same bridge, beside the program. `relay`: the program again, a subnet away behind a router that relays.
 */
export type RackNetKind = 'own' | 'proxy' | 'relay';

export interface RackNet {
  readonly kind: RackNetKind;
  /** Where the machines are, with their bridge. */
  readonly namespace: string;
  /** Where the program runs. */
  readonly serverNamespace: string;
  /** The program's address. */
  readonly server: string;
  /** Of the inventory's `_site.yaml`. */
  readonly networks: string;
}

const MACHINES = 'crashcart-fw';
const OFFICE = 'crashcart-fwoffice';
const SERVER = 'crashcart-fwserver';
/** The program's address on the machines' bridge; behind a relay the router's. */
const GATE = '10.77.5.1';
const FAR_SERVER = '10.77.4.1';
export const OFFICE_SERVER = '10.77.5.2';
/** The relay's addresses: on the machines' side, and on the program's. */
export const RELAY_ROUTER = { near: GATE, far: '10.77.4.2' };
const COMMON = '    subnet: 10.77.5.0/24\n    pool: 10.77.5.100-10.77.5.199\n    lease: 10m\n';
/** What tells in a capture who spoke to whom: DHCP, the boot server's port, and the first packet of each TFTP transfer. */
const CAPTURED = 'udp port 67 or udp port 68 or udp port 4011 or udp port 69';

const NETWORKS: Readonly<Record<RackNetKind, string>> = {
  own: `  - interface: br0\n${COMMON}    dedicated: true\n`,
  proxy: '  - interface: br0\n    subnet: 10.77.5.0/24\n    dhcp: proxy\n',
  relay: `  - relay: ${GATE}\n    address: ${FAR_SERVER}\n${COMMON}    gateway: ${GATE}\n`,
};

const ip = (namespace: string, ...words: string[]) => mustRun('ip', ['-n', namespace, ...words]);

/** A network namespace with a bridge in it and a port for each machine, and what else its kind needs; not yet the services. */
export async function makeRackNet(kind: RackNetKind, machines: readonly MachineSpec[]): Promise<RackNet> {
  for (const prefix of [MACHINES, OFFICE, SERVER]) await removeStaleNamespaces(prefix);
  const namespace = namespaceName(MACHINES);
  const serverNamespace = kind === 'relay' ? namespaceName(SERVER) : namespace;
  const server = kind === 'relay' ? FAR_SERVER : GATE;
  const net = { kind, namespace, serverNamespace, server, networks: NETWORKS[kind] };
  await addNamespace(namespace);
  const bridge = ['type', 'bridge', 'stp_state', '0', 'forward_delay', '0', 'mcast_snooping', '0'];
  await ip(namespace, 'link', 'add', 'br0', ...bridge);
  await ip(namespace, 'addr', 'add', `${GATE}/24`, 'dev', 'br0');
  await ip(namespace, 'link', 'set', 'br0', 'up');
  for (const { tap, bmc } of machines) {
    await ip(namespace, 'tuntap', 'add', tap, 'mode', 'tap');
    await ip(namespace, 'link', 'set', tap, 'master', 'br0', 'up');
    if (bmc !== undefined) await ip(namespace, 'addr', 'add', `${bmc}/32`, 'dev', 'lo');
  }
  if (kind === 'proxy') await plugOffice(namespace);
  if (kind === 'relay') await routeToServer(net);
  return net;
}

async function addNamespace(namespace: string): Promise<void> {
  await mustRun('ip', ['netns', 'add', namespace]);
  await ip(namespace, 'link', 'set', 'lo', 'up');
}

/** A cable; each end with its address. */
async function plug(
  [here, device]: readonly [string, string],
  [there, farDevice, address]: readonly [string, string, string],
): Promise<void> {
  const far = ['type', 'veth', 'peer', 'name', farDevice, 'netns', there];
  await mustRun('ip', ['link', 'add', device, 'netns', here, ...far]);
  await ip(here, 'link', 'set', device, 'up');
  await ip(there, 'addr', 'add', `${address}/24`, 'dev', farDevice);
  await ip(there, 'link', 'set', farDevice, 'up');
}

async function plugOffice(namespace: string): Promise<void> {
  const office = namespaceName(OFFICE);
  await addNamespace(office);
  await plug([namespace, 'office0'], [office, 'o0', OFFICE_SERVER]);
  await ip(namespace, 'link', 'set', 'office0', 'master', 'br0');
}

/** The machines' namespace becomes the router; the program is on its other side, and reaches the BMCs through it. */
async function routeToServer({ namespace, serverNamespace }: RackNet): Promise<void> {
  await addNamespace(serverNamespace);
  await plug([namespace, 'r0'], [serverNamespace, 's0', FAR_SERVER]);
  await ip(namespace, 'addr', 'add', `${RELAY_ROUTER.far}/24`, 'dev', 'r0');
  await mustRun('ip', ['netns', 'exec', namespace, 'sysctl', '-qw', 'net.ipv4.ip_forward=1']);
  await ip(serverNamespace, 'route', 'add', 'default', 'via', RELAY_ROUTER.far);
}

/** What runs beside the program. All of it ends with its namespace. */
export async function startNetServices(net: RackNet, folder: string, machines: readonly MachineSpec[]): Promise<void> {
  if (net.kind === 'own') return;
  const office = namespaceName(OFFICE);
  const inside = (namespace: string, log: string, ...command: string[]) =>
    startCommand('ip', ['netns', 'exec', namespace, ...command], join(folder, log));
  const [router, nearby, heard] = net.kind === 'proxy' ? [office, 'o0', 'br0'] : [net.namespace, 'br0', 's0'];
  const capture = ['-n', '-tt', '-l', '--immediate-mode', '-Z', 'root', '-i', heard, CAPTURED];
  inside(net.serverNamespace, 'wire.txt', 'tcpdump', ...capture);
  // Their router says that there is no IPv6 here: each iPXE would wait 16 s for it.
  const radvd = join(folder, 'radvd.conf');
  const every = 'MinRtrAdvInterval 3; MaxRtrAdvInterval 10;';
  await writeFile(radvd, `interface ${nearby} { AdvSendAdvert on; ${every} AdvDefaultLifetime 0; };\n`);
  inside(router, 'radvd.log', 'radvd', '-n', '-m', 'stderr', '-C', radvd, '-p', join(folder, 'radvd.pid'));
  if (net.kind === 'proxy') inside(office, 'office.log', 'dnsmasq', ...officeArgs(folder, machines));
  // -a: with option 82, of which it checks in every answer that it came back as it was sent.
  else inside(router, 'relay.log', 'dhcrelay', '-4', '-d', '-a', '--no-pid', '-iu', 'r0', '-id', 'br0', net.server);
}

function officeArgs(folder: string, machines: readonly MachineSpec[]): readonly string[] {
  const alone = ['-k', '--port=0', '--conf-file=/dev/null', '--pid-file', '--user=root', '--log-facility=-'];
  const range = ['--dhcp-range=10.77.5.100,10.77.5.199,10m', `--dhcp-leasefile=${join(folder, 'office.leases')}`];
  const hosts = machines.map(({ mac, ip: address }) => `--dhcp-host=${mac},${address}`);
  return [...alone, '--interface=o0', '--bind-interfaces', '--log-dhcp', ...range, ...hosts];
}

export async function removeRackNet(): Promise<void> {
  for (const prefix of [SERVER, OFFICE, MACHINES]) await removeNamespace(namespaceName(prefix));
}
