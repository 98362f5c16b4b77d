import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { median, sayRow } from '../bench-row.ts';
import { compareServers, type ServerName } from './compare.ts';
import { openBenchNet } from './open-bench-net.ts';
import { makeBenchFiles, type PeerName } from './peers.ts';
import { type Measured, runNetload } from './run-netload.ts';

/** A loader of 1 MB by TFTP, against dnsmasq, atftpd and tftpd-hpa; every byte is compared. `node test/bench/net/tftp.bench.ts [loss]` */

interface Case {
  readonly what: string;
  readonly args: readonly string[];
  readonly peers: readonly PeerName[];
  /** With one thread that sends instead of one for each core. */
  readonly oneThread?: boolean;
  readonly aims: Readonly<Record<string, number>>;
}

const ALL = ['dnsmasq', 'atftpd', 'tftpd-hpa'] as const;
const many = (window: number) => ['--windowsize', String(window), '-c', '200', '-n', '400'];
const lossy = (window: number) => {
  const loss = ['--loss', '0.01', '--tftp-timeout', '0.2'];
  return ['--windowsize', String(window), '-c', '20', '-n', '40', ...loss];
};

/** A word on the command line chooses the cases that hold it. */
const WORD = process.argv[2] ?? '';
const THREADS = availableParallelism();
const EVERY_CASE: readonly Case[] = [
  {
    what: 'lockstep, 200 clients, one thread that sends',
    args: many(0),
    oneThread: true,
    peers: ['dnsmasq'],
    aims: { dnsmasq: 0.4 },
  },
  {
    what: `lockstep, 200 clients, a thread for each of ${THREADS} cores`,
    args: many(0),
    peers: ALL,
    aims: { dnsmasq: 0.9 },
  },
  { what: 'window 4, 200 clients', args: many(4), peers: ['atftpd'], aims: { atftpd: 1.2 } },
  { what: 'window 16, 200 clients', args: many(16), peers: ['atftpd'], aims: { atftpd: 2 } },
  { what: 'lockstep, 1 % loss, 20 clients', args: lossy(0), peers: ALL, aims: { atftpd: 0.9 } },
  { what: 'window 16, 1 % loss, 20 clients', args: lossy(16), peers: ['atftpd'], aims: { atftpd: 0.9 } },
];

const CASES = EVERY_CASE.filter(({ what }) => what.includes(WORD));

const net = await openBenchNet();
try {
  for (const note of net.notes) console.log(note);
  const files = await makeBenchFiles(net);
  const file = ['--file', 'bench.efi', '--verify', join(files.tftpRoot, 'bench.efi'), '--blksize', '1468'];
  const ownOf = ({ oneThread = false }: Case): ServerName => (oneThread ? 'crashcart-1' : 'crashcart');
  const takesPart = (server: ServerName, one: Case) => [ownOf(one), ...one.peers].includes(server);
  const rounds = await compareServers(net, files, {
    rounds: 3,
    machines: 1,
    threads: THREADS,
    servers: [...new Set(CASES.flatMap((one) => [ownOf(one), ...one.peers]))],
    cases: CASES.length,
    measure: async (server, pids, index) => {
      const one = CASES[index];
      if (one === undefined || !takesPart(server, one)) return undefined;
      return await runNetload(net, pids, ['tftp', ...file, ...one.args, '--limit-s', '20']);
    },
  });
  for (const [index, one] of CASES.entries()) {
    const { what, peers, aims } = one;
    const of = (server: ServerName): readonly Measured[] => rounds.get(server)?.get(index) ?? [];
    const speedOf = (server: ServerName) => (of(server).length === 0 ? undefined : median(of(server).map(speed)));
    const ours = of(ownOf(one));
    const incomplete = ours.reduce((sum, run) => sum + run.clients_unfinished, 0);
    const theirs = peers.filter((name) => of(name).length > 0).map((name) => `${name} ${cpuOf(of(name))}`);
    sayRow({
      series: 'tftp',
      what,
      unit: 'MB/s',
      ours: speedOf(ownOf(one)),
      peers: Object.fromEntries(peers.map((name) => [name, speedOf(name)])),
      better: 'up',
      aims,
      broken: incomplete > 0 ? [`${incomplete} transfers were NOT complete`] : [],
      note: [
        `${cpuOf(ours)} CPU s/GB (${theirs.join(', ')}), ${Math.max(...ours.map((run) => run.serverRssMb)).toFixed(0)} MB`,
        ...new Set(ours.map((run) => run.first_error).filter((text) => text !== '')),
      ].join('; '),
    });
  }
} finally {
  await net.close();
}

function speed(run: Measured): number {
  return run.mb_per_s;
}

function cpuOf(runs: readonly Measured[]): string {
  return median(runs.map((run) => run.serverCpuS / (run.rx_mb / 1000))).toFixed(2);
}
