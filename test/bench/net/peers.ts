import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { endCommand, runCommand, sleep, startCommand } from '../../firmware/run-command.ts';
import { type BenchNet, POOL, SERVER, SERVER_IF } from './open-bench-net.ts';

export interface Running {
  readonly pids: readonly number[];
  readonly stop: () => Promise<void>;
}

export type PeerName = 'dnsmasq' | 'kea' | 'kea-mt' | 'atftpd' | 'tftpd-hpa' | 'nginx' | 'nginx-2';

interface Peer {
  readonly program: string;
  readonly package: string;
  readonly settleMs: number;
  /** What its `--version` says, where two packages bring a program of this name. */
  readonly says?: RegExp;
  /** Writes its configuration and says how to start it. */
  readonly prepare: (folder: string, files: BenchFiles) => Promise<readonly string[]>;
}

/** What all servers serve, the same bytes for each. */
export interface BenchFiles {
  readonly tftpRoot: string;
  readonly wwwRoot: string;
}

/** Configured as their own documents advise for speed: no ping before an offer, no logs, send from the page cache. */
const PEERS: { readonly [P in PeerName]: Peer } = {
  dnsmasq: { program: 'dnsmasq', package: 'dnsmasq-base', settleMs: 800, prepare: prepareDnsmasq },
  kea: { program: 'kea-dhcp4', package: 'kea-dhcp4-server', settleMs: 1500, prepare: (at) => prepareKea(at, false) },
  'kea-mt': {
    program: 'kea-dhcp4',
    package: 'kea-dhcp4-server',
    settleMs: 1500,
    prepare: (at) => prepareKea(at, true),
  },
  atftpd: {
    program: 'atftpd',
    package: 'atftpd',
    settleMs: 500,
    prepare: async (_, { tftpRoot }) => {
      const who = ['--user', 'root.root', '--group', 'root', '--port', '69', '--bind-address', SERVER];
      return [
        '--daemon',
        '--no-fork',
        ...who,
        '--maxthread',
        '1000',
        '--no-multicast',
        '--verbose=3',
        '--logfile',
        '-',
        tftpRoot,
      ];
    },
  },
  'tftpd-hpa': {
    program: 'in.tftpd',
    package: 'tftpd-hpa',
    settleMs: 500,
    says: /tftp-hpa/,
    prepare: async (_, { tftpRoot }) => [
      '--foreground',
      '--listen',
      '--address',
      `${SERVER}:69`,
      '--user',
      'root',
      '--secure',
      tftpRoot,
    ],
  },
  nginx: {
    program: 'nginx',
    package: 'nginx-light',
    settleMs: 600,
    prepare: (at, files) => prepareNginx(at, files, 1),
  },
  'nginx-2': {
    program: 'nginx',
    package: 'nginx-light',
    settleMs: 600,
    prepare: (at, files) => prepareNginx(at, files, 2),
  },
};

/** The reason when it is not there. */
export async function startPeer(net: BenchNet, name: PeerName, files: BenchFiles): Promise<Running | string> {
  const peer = PEERS[name];
  const { code, out } = await runCommand('sh', ['-c', `PATH=$PATH:/usr/sbin:/sbin command -v ${peer.program}`]);
  const version = peer.says === undefined ? '' : (await runCommand(out.trim(), ['--version'])).out;
  if (code !== 0 || peer.says?.test(version) === false)
    return `${name} is not installed: apt-get install ${peer.package}`;
  const folder = join(net.folder, name);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const args = await peer.prepare(folder, files);
  const env = { KEA_PIDFILE_DIR: folder, KEA_LOCKFILE_DIR: folder, KEA_LOGGER_DESTINATION: join(folder, 'kea.log') };
  const log = join(folder, 'out.log');
  const child = startCommand('ip', ['netns', 'exec', net.server, out.trim(), ...args], log, env);
  await sleep(peer.settleMs);
  if (child.pid === undefined || child.exitCode !== null) return `${name} did not start: see ${log}`;
  return { pids: [child.pid], stop: () => endCommand(child) };
}

async function prepareDnsmasq(folder: string, { tftpRoot }: BenchFiles): Promise<readonly string[]> {
  const config = join(folder, 'dnsmasq.conf');
  await writeFile(
    config,
    `port=0
interface=${SERVER_IF}
bind-interfaces
dhcp-authoritative
dhcp-range=${POOL.join(',')},255.255.0.0,12h
dhcp-lease-max=60000
dhcp-leasefile=${folder}/leases
quiet-dhcp
no-ping
dhcp-match=set:ipxe,175
dhcp-boot=tag:!ipxe,bench.efi
dhcp-boot=tag:ipxe,http://${SERVER}/boot.ipxe
enable-tftp
tftp-root=${tftpRoot}
tftp-max=4000
quiet-tftp
log-facility=/dev/null
user=root
`,
  );
  return ['-k', '-C', config];
}

async function prepareKea(folder: string, threads: boolean): Promise<readonly string[]> {
  const boot = (name: string, test: string, file: string) => ({
    name,
    test,
    'boot-file-name': file,
    'next-server': SERVER,
  });
  const config = {
    Dhcp4: {
      'interfaces-config': { interfaces: [SERVER_IF], 'dhcp-socket-type': 'raw' },
      'lease-database': { type: 'memfile', persist: true, name: join(folder, 'leases.csv'), 'lfc-interval': 3600 },
      'multi-threading': { 'enable-multi-threading': threads, 'thread-pool-size': 2, 'packet-queue-size': 64 },
      'valid-lifetime': 43200,
      authoritative: true,
      'match-client-id': false,
      'client-classes': [
        boot('ipxe', 'option[175].exists', `http://${SERVER}/boot.ipxe`),
        boot('fw', 'not option[175].exists', 'bench.efi'),
      ],
      subnet4: [
        {
          subnet: '10.77.0.0/16',
          interface: SERVER_IF,
          pools: [{ pool: POOL.join('-') }],
          'option-data': [{ name: 'routers', data: SERVER }],
        },
      ],
      loggers: [{ name: 'kea-dhcp4', severity: 'ERROR', output_options: [{ output: join(folder, 'kea.log') }] }],
    },
  };
  const file = join(folder, 'kea.json');
  await writeFile(file, JSON.stringify(config));
  return ['-c', file];
}

async function prepareNginx(folder: string, { wwwRoot }: BenchFiles, workers: number): Promise<readonly string[]> {
  const config = join(folder, 'nginx.conf');
  // The dynamic modules of the Debian package are not wanted, and not loaded.
  await writeFile(
    config,
    `worker_processes ${workers}; pid ${folder}/nginx.pid; error_log ${folder}/nginx.err; daemon off; user root;
worker_rlimit_nofile 20000;
events { worker_connections 8192; multi_accept on; }
http {
  access_log off; sendfile on; tcp_nopush on; keepalive_timeout 30; default_type application/octet-stream;
  server { listen ${SERVER}:80 backlog=4096; root ${wwwRoot}; }
}
`,
  );
  return ['-c', config];
}

/** Random bytes of the sizes that matter: a loader, a kernel, two initramfs, a script. */
export async function makeBenchFiles(net: BenchNet): Promise<BenchFiles> {
  const { randomBytes } = await import('node:crypto');
  const files = { tftpRoot: join(net.folder, 'tftp'), wwwRoot: join(net.folder, 'www') };
  await mkdir(files.tftpRoot, { recursive: true });
  await mkdir(files.wwwRoot, { recursive: true });
  for (const [path, size] of [
    [join(files.tftpRoot, 'bench.efi'), 1 << 20],
    [join(files.wwwRoot, 'big.img'), 64 << 20],
    [join(files.wwwRoot, 'kernel'), 12 << 20],
    [join(files.wwwRoot, 'initrd'), 16 << 20],
    [join(files.wwwRoot, 'script-1k'), 1260],
  ] as const) {
    if (!existsSync(path)) await writeFile(path, randomBytes(size));
  }
  const script = `#!ipxe\nkernel http://${SERVER}/kernel initrd=initrd\ninitrd http://${SERVER}/initrd\nboot\n`;
  await writeFile(join(files.wwwRoot, 'boot.ipxe'), script);
  return files;
}
