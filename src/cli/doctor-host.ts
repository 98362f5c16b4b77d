import type { SubnetSpec } from '../core/spec.ts';
import { subnetOf } from '../inventory/subnet-of.ts';
import { explainNarrow } from '../servers/explain-narrow.ts';
import { interfacesHere } from '../servers/interfaces-here.ts';
import { setcapCommand } from '../servers/own-program.ts';
import { RECEIVE_BUFFER_BYTES } from '../servers/receive-buffer.ts';
import { bad, type Finding, fine, type Say, warn } from './doctor-line.ts';
import { wantedPorts } from './doctor-ports.ts';
import { type Capability, type HostView, readCapabilities, readNumber } from './doctor-proc.ts';
import type { DoctorSite } from './doctor-site.ts';
import { ownAddress } from './own-address.ts';

/** Interfaces and addresses of each network of the site. */
export async function checkInterfaces(doctor: DoctorSite, say: Say): Promise<void> {
  const { networks } = doctor.inventory.site;
  if (networks.length === 0) say(bad('the site has no networks', 'write `networks:` in _site.yaml'));
  for (const net of networks) say(checkNetwork(doctor, net));
}

function checkNetwork(doctor: DoctorSite, net: SubnetSpec): Finding {
  const { host, inventory } = doctor;
  const all = interfacesHere() ?? {};
  const own = Object.entries(all).flatMap(([name, list]) => (list ?? []).map((one) => ({ name, ...one })));
  const name = net.interface;
  if (name !== undefined) {
    const there = host.list('/sys/class/net');
    if (!there.includes(name) && all[name] === undefined) {
      const others = (there.length > 0 ? there : Object.keys(all)).filter((one) => one !== 'lo');
      return bad(
        `interface ${name} (${net.subnet}) is not there`,
        `correct \`interface:\` in _site.yaml; this machine has ${others.join(', ') || 'none but lo'}`,
      );
    }
    const state = host.text(`/sys/class/net/${name}/operstate`)?.trim();
    const carrier = host.text(`/sys/class/net/${name}/carrier`)?.trim();
    if (state === 'down' || state === 'lowerlayerdown') {
      const cable = carrier === '0' ? 'is the cable in? ' : '';
      return bad(`interface ${name} is down`, `${cable}ip link set ${name} up`);
    }
  }
  const mine = own.filter((one) => one.family === 'IPv4' && (name === undefined || one.name === name));
  const address = ownAddress(net);
  const where = name ?? `relay ${net.relay ?? '?'}`;
  const prefix = net.subnet.split('/')[1] ?? '24';
  if (address === undefined)
    return bad(
      `${where} has no IPv4 address (${net.subnet})`,
      name === undefined
        ? 'write `address:`, the one by which its machines reach this program'
        : `ip addr add ${net.gateway ?? 'ADDRESS'}/${prefix} dev ${name}`,
    );
  if (!own.some((one) => one.address === address))
    return bad(
      `${address} (${where}) is no address of this machine`,
      name === undefined ? 'correct `address:` in _site.yaml' : `ip addr add ${address}/${prefix} dev ${name}`,
    );
  const [other] = own.filter((one) => one.address === address && one.name !== name);
  if (other !== undefined && name !== undefined && !mine.some((one) => one.address === address))
    return bad(
      `${address} is on ${other.name}, and not on ${name}`,
      `write \`interface: ${other.name}\` in _site.yaml, or: ip addr add ${address}/${prefix} dev ${name}`,
    );
  if (net.relay === undefined && subnetOf(inventory.site, address) !== net)
    return bad(`${address} on ${where} is not in ${net.subnet}`, 'correct `address:` or `subnet:` in _site.yaml');
  const narrow = explainNarrow(net, address, all, () => host.text('/proc/net/route') ?? '');
  if (narrow !== undefined) return bad(narrow.what, narrow.advice);
  const bare = net.dhcp === 'authoritative' && net.pool === undefined ? ' without pool: for who has an ip: alone' : '';
  return fine(`${where} ${address} in ${net.subnet}, DHCP ${net.dhcp}${bare}`);
}

const WANTED: { readonly [C in Capability]: string } = {
  CAP_NET_BIND_SERVICE: 'ports below 1024',
  CAP_NET_RAW: `whole packets by DHCP, which hundreds of machines at once want; router advertisements`,
  CAP_NET_ADMIN: 'a receive buffer that a boot storm fits in',
};

export async function checkCapabilities(doctor: DoctorSite, say: Say): Promise<void> {
  const held = readCapabilities(doctor.host);
  if (held === undefined) return say(warn('the kernel does not tell them (no /proc)', 'run this on Linux'));
  const lowest = readNumber(doctor.host, '/proc/sys/net/ipv4/ip_unprivileged_port_start') ?? 1024;
  const needsLow = wantedPorts(doctor.inventory.site).some((want) => want.port < lowest);
  const admin = isBufferShort(doctor.host, doctor.inventory.nodes.length);
  const missing = (Object.keys(WANTED) as Capability[]).filter((name) => !held.has(name));
  const advice = `${setcapCommand(admin)}; or in the unit: AmbientCapabilities=CAP_NET_BIND_SERVICE CAP_NET_RAW${admin ? ' CAP_NET_ADMIN' : ''}`;
  for (const name of missing) {
    if (name === 'CAP_NET_BIND_SERVICE' && !needsLow) continue;
    if (name === 'CAP_NET_ADMIN' && !admin) continue;
    // Whoever runs doctor need not be who runs the service.
    const blocks = name === 'CAP_NET_BIND_SERVICE' && doctor.engine === undefined;
    say((blocks ? bad : warn)(`${name} is missing (${WANTED[name]})`, advice));
  }
  const there = (Object.keys(WANTED) as Capability[]).filter((name) => held.has(name));
  if (there.length > 0) say(fine(there.join(', ')));
  else if (!needsLow) say(fine(`no port below ${lowest} is used`));
}

/** So many machines that start at once fit the default buffer of Linux. */
const SMALL_RACK = 100;
const MANY_FILES = 4096;
const DEFAULT_NEIGHBOURS = 1024;

export async function checkLimits(doctor: DoctorSite, say: Say): Promise<void> {
  const machines = doctor.inventory.nodes.length;
  const { host } = doctor;
  const findings = [
    checkReceiveBuffer(host, machines),
    checkNeighbours(host, doctor),
    checkOpenFiles(host, machines),
    checkBacklog(host, machines),
    checkWatches(host, doctor),
  ];
  for (const finding of findings) if (finding !== undefined) say(finding);
}

function checkOpenFiles(host: HostView, machines: number): Finding {
  const open = Number(/^Max open files\s+(\d+)/m.exec(host.text('/proc/self/limits') ?? '')?.[1] ?? Number.NaN);
  const wanted = Math.max(1024, Math.min(MANY_FILES, 256 + 8 * machines));
  if (Number.isNaN(open)) return fine('open files: unlimited');
  if (open >= wanted) return fine(`open files: ${open}`);
  return warn(
    `only ${open} open files are allowed, ${wanted} are wanted for ${machines} machines`,
    'ulimit -n 65536, or LimitNOFILE=65536 in the unit',
  );
}

/** Machines that start together fetch together; connections beyond the queue are tried again seconds later. */
function checkBacklog(host: HostView, machines: number): Finding | undefined {
  const most = readNumber(host, '/proc/sys/net/core/somaxconn');
  if (most === undefined) return undefined;
  if (most >= Math.min(machines, 1024)) return fine(`connections that may wait: ${most}`);
  return warn(`only ${most} connections may wait to be accepted`, 'sysctl -w net.core.somaxconn=4096');
}

/** Would the machines of this site lose requests in a buffer as large as the limit of the system allows? */
function isBufferShort(host: HostView, machines: number): boolean {
  const most = readNumber(host, '/proc/sys/net/core/rmem_max');
  return most !== undefined && most < RECEIVE_BUFFER_BYTES && machines > SMALL_RACK;
}

function checkReceiveBuffer(host: HostView, machines: number): Finding | undefined {
  const most = readNumber(host, '/proc/sys/net/core/rmem_max');
  if (most === undefined) return undefined;
  const forced = readCapabilities(host)?.has('CAP_NET_ADMIN') === true;
  if (forced || !isBufferShort(host, machines))
    return fine(`receive buffer: net.core.rmem_max ${most}${forced ? ' (CAP_NET_ADMIN goes beyond it)' : ''}`);
  return warn(
    `net.core.rmem_max is ${most}: when ${machines} machines start at once, requests are lost`,
    `sysctl -w net.core.rmem_max=${RECEIVE_BUFFER_BYTES}`,
  );
}

/** The kernel forgets whom it spoke to when the table is full, and answers wait for ARP. BMCs are neighbours too. */
function checkNeighbours(host: HostView, doctor: DoctorSite): Finding {
  const most = readNumber(host, '/proc/sys/net/ipv4/neigh/default/gc_thresh3');
  const { nodes } = doctor.inventory;
  const wanted = nodes.length + nodes.filter((node) => node.bmc !== undefined).length + 64;
  const next = 2 ** Math.ceil(Math.log2(wanted * 2));
  const advice = `sysctl -w net.ipv4.neigh.default.gc_thresh3=${next} net.ipv4.neigh.default.gc_thresh2=${next / 2}`;
  if (most === undefined) {
    // One table for all namespaces, and only the first of them sees where it ends.
    const unseen = `the neighbour table is the host's and cannot be seen from this network namespace; about ${wanted} addresses are in use`;
    return wanted <= DEFAULT_NEIGHBOURS ? fine(unseen) : warn(unseen, `on the host: ${advice}`);
  }
  if (wanted <= most) return fine(`neighbour table: ${most} for about ${wanted} addresses`);
  return warn(`the neighbour table holds ${most} addresses, about ${wanted} are in use`, advice);
}

function checkWatches(host: HostView, doctor: DoctorSite): Finding | undefined {
  const watches = readNumber(host, '/proc/sys/fs/inotify/max_user_watches');
  const instances = readNumber(host, '/proc/sys/fs/inotify/max_user_instances');
  if (watches === undefined || instances === undefined) return undefined;
  const wanted = doctor.inventoryFolders + 16;
  if (watches < wanted || instances < 16)
    return warn(
      `inotify allows ${watches} watches and ${instances} instances; the inventory has ${doctor.inventoryFolders} folders`,
      `sysctl -w fs.inotify.max_user_watches=${Math.max(65_536, wanted * 4)} fs.inotify.max_user_instances=128`,
    );
  return fine(`inotify: ${watches} watches for ${doctor.inventoryFolders} folders`);
}
