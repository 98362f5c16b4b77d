import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { namespaceName, removeNamespace, removeStaleNamespaces } from '../../firmware/namespaces.ts';
import { mustRun } from '../../firmware/run-command.ts';

/**
 * Two network namespaces joined by one cable: `server` with 10.77.0.1/16, and `client`, where every address of the pool is
 * local, so that each simulated machine talks from its own lease.
 */
export interface BenchNet {
  readonly server: string;
  readonly client: string;
  readonly folder: string;
  readonly netload: string;
  readonly notes: readonly string[];
  readonly close: () => Promise<void>;
}

export const SERVER = '10.77.0.1';
export const POOL = ['10.77.64.1', '10.77.127.254'] as const;
export const SERVER_IF = 'srv0';
export const CLIENT_IF = 'cli0';

const HERE = import.meta.dirname;
const NAMESPACES = { server: 'crashcart-bench-srv', client: 'crashcart-bench-cli' } as const;
const ROOT = join(HERE, '../../..');
const THRESHOLDS = ['gc_thresh1', 'gc_thresh2', 'gc_thresh3'] as const;
/** More than 1024 machines on one segment need it, for any server that answers by unicast. It is one table for all namespaces. */
const NEIGHBOURS = { gc_thresh1: 30_000, gc_thresh2: 60_000, gc_thresh3: 120_000 };

/** Of netload's machine `index`. */
export function macOf(index: number): string {
  const low = (Math.imul(index, 0x5bd1e5) + 0x3c6ef3) & 0xff_ffff;
  return `525401${low.toString(16).padStart(6, '0')}`.match(/../g)?.join(':') ?? '';
}

/** Frames to a simulated machine's own MAC are taken as ours: that is what makes one NIC look like a thousand. */
const TAKE_ALL = `table netdev bench {
  chain in {
    type filter hook ingress device "${CLIENT_IF}" priority 0; policy accept;
    meta pkttype set unicast
  }
}
`;

/** One machine needs no nftables: the NIC is it. */
export async function openBenchNet(machines = 2): Promise<BenchNet> {
  // One of its own: two benches may run at a time.
  const folder = join(ROOT, `.bench/net-${process.pid}`);
  await mkdir(folder, { recursive: true });
  const netload = join(folder, 'netload');
  await mustRun('gcc', ['-O2', '-w', '-o', netload, join(HERE, 'netload.c')]);
  for (const prefix of Object.values(NAMESPACES)) await removeStaleNamespaces(prefix);
  const server = namespaceName(NAMESPACES.server);
  const client = namespaceName(NAMESPACES.client);
  const notes: string[] = [];
  const limits = await raiseNeighbours(notes);
  let closed: Promise<void> | undefined;
  const clean = async () => {
    for (const name of [server, client]) await removeNamespace(name);
    await limits();
    await rm(folder, { recursive: true, force: true });
  };
  const close = () => {
    closed ??= clean();
    return closed;
  };
  // The runner ends a series that takes too long; what it made goes with it. ^C reaches a series twice: by the terminal too.
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => void close().finally(() => process.exit(1)));
  try {
    await connect(server, client);
    if (machines === 1) await becomeFirst(client);
    else await takeAll(client, folder);
  } catch (error) {
    await close();
    throw error;
  }
  return { server, client, folder, netload, notes, close };
}

async function connect(server: string, client: string): Promise<void> {
  await mustRun('ip', ['netns', 'add', server]);
  await mustRun('ip', ['netns', 'add', client]);
  const cable = ['link', 'add', SERVER_IF, 'netns', server, 'type', 'veth', 'peer', 'name', CLIENT_IF, 'netns', client];
  await mustRun('ip', cable);
  for (const [name, device, address] of [
    [server, SERVER_IF, SERVER],
    [client, CLIENT_IF, '10.77.255.254'],
  ] as const) {
    await mustRun('ip', ['-n', name, 'link', 'set', 'lo', 'up']);
    await mustRun('ip', ['-n', name, 'addr', 'add', `${address}/16`, 'dev', device]);
    await mustRun('ip', ['-n', name, 'link', 'set', device, 'txqueuelen', '10000', 'up']);
  }
  await mustRun('ip', ['-n', client, 'route', 'add', 'local', '10.77.64.0/18', 'dev', CLIENT_IF]);
  // A machine that is still in its firmware does not answer a ping, and a server that probes an address must hear nobody.
  await mustRun('ip', ['netns', 'exec', client, 'sysctl', '-qw', 'net.ipv4.icmp_echo_ignore_all=1']);
}

const becomeFirst = (client: string) => mustRun('ip', ['-n', client, 'link', 'set', CLIENT_IF, 'address', macOf(0)]);

async function takeAll(client: string, folder: string): Promise<void> {
  const rules = join(folder, 'take-all.nft');
  await writeFile(rules, TAKE_ALL);
  await mustRun('ip', ['netns', 'exec', client, 'nft', '-f', rules]);
}

async function raiseNeighbours(notes: string[]): Promise<() => Promise<void>> {
  const path = (name: string) => `/proc/sys/net/ipv4/neigh/default/${name}`;
  const before = await Promise.all(THRESHOLDS.map((name) => readFile(path(name), 'utf8')));
  try {
    for (const name of [...THRESHOLDS].reverse()) await writeFile(path(name), String(NEIGHBOURS[name]));
  } catch {
    notes.push(
      'the neighbour table cannot be raised here: above 1,000 machines unicast answers are lost, for every server',
    );
  }
  return async () => {
    for (const [index, name] of THRESHOLDS.entries())
      await writeFile(path(name), before[index] ?? '').catch(() => undefined);
  };
}
