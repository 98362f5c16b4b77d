import type { PeerFigure } from '../bench-figures.ts';
import { sayRow } from '../bench-row.ts';
import { type BenchNet, openBenchNet } from './open-bench-net.ts';
import { startOwn } from './own-server.ts';
import { type BenchFiles, makeBenchFiles, type PeerName, type Running, startPeer } from './peers.ts';
import { type Measured, runNetload } from './run-netload.ts';

/** DISCOVER to ACK against dnsmasq and Kea. `node test/bench/net/dhcp.bench.ts`; root, gcc, iproute2, nftables. */

const MACHINES = 10_000;
const CASES = [
  {
    what: '1,000 machines, 50 at a time',
    args: ['-n', '1000', '-c', '50', '--limit-s', '40'],
    aims: { dnsmasq: 8, kea: 2 },
    peers: ['dnsmasq', 'kea', 'kea-mt'],
  },
  {
    what: '1,000 machines in one instant, all served after',
    args: ['-n', '1000', '-c', '1000', '--limit-s', '40'],
    aims: {},
    peers: ['dnsmasq', 'kea', 'kea-mt'],
  },
  {
    // dnsmasq writes its whole lease file for each lease, and would take minutes.
    what: '10,000 machines twice, 100 at a time',
    args: ['-n', '10000', '-c', '100', '--passes', '2', '--limit-s', '60'],
    aims: { kea: 2 },
    peers: ['kea', 'kea-mt'],
  },
] as const satisfies readonly {
  readonly what: string;
  readonly args: readonly string[];
  readonly aims: Readonly<Record<string, number>>;
  readonly peers: readonly PeerName[];
}[];

const net = await openBenchNet();
try {
  for (const note of net.notes) console.log(note);
  const files = await makeBenchFiles(net);
  for (const one of CASES) await measureCase(net, files, one);
} finally {
  await net.close();
}

async function measureCase(
  bench: BenchNet,
  files: BenchFiles,
  { what, args, aims, peers }: (typeof CASES)[number],
): Promise<void> {
  const own = await startOwn(bench, files, MACHINES);
  const ours = await measure(bench, own, args);
  const found: Record<string, Measured> = {};
  for (const name of peers) {
    const running = await startPeer(bench, name, files);
    if (typeof running === 'string') console.log(running);
    else found[name] = await measure(bench, running, args);
  }
  const burst = args[1] === args[3];
  const machines = Number(args[1]);
  const peerFigure = (of: Measured | undefined): PeerFigure | undefined => {
    if (of === undefined || !burst) return of?.rate_per_s;
    return of.clients_ok < machines ? { after: of.elapsed_s, served: of.clients_ok, of: machines } : of.elapsed_s;
  };
  const lost = machines - ours.clients_ok;
  const retransmits = ours.retransmits['dhcp_pxe'] ?? 0;
  sayRow({
    series: 'dhcp',
    what,
    unit: burst ? 's' : 'DORA/s',
    ours: burst ? ours.elapsed_s : ours.rate_per_s,
    peers: Object.fromEntries(peers.map((name) => [name, peerFigure(found[name])])),
    better: burst ? 'down' : 'up',
    aims,
    broken: lost > 0 ? [`${lost} of ${machines} were NOT SERVED by crashcart`] : [],
    note: [
      `${ours.clients_ok} served, ${retransmits} retransmits, p50/p99 ${ours.total.p50_ms}/${ours.total.p99_ms} ms, ${ours.serverCpuS.toFixed(2)} CPU s, ${ours.serverRssMb.toFixed(0)} MB`,
      ...peers.flatMap((name) => {
        const of = found[name];
        return of === undefined
          ? []
          : [`${name}: ${of.clients_ok} served, ${of.retransmits['dhcp_pxe'] ?? 0} retransmits`];
      }),
      ...(ours.first_error === '' ? [] : [`first error: ${ours.first_error}`]),
    ].join('; '),
  });
}

async function measure(bench: BenchNet, server: Running, args: readonly string[]): Promise<Measured> {
  try {
    return await runNetload(bench, server.pids, ['dhcp', ...args]);
  } finally {
    await server.stop();
  }
}
