import type { PeerFigure } from '../bench-figures.ts';
import { sayRow } from '../bench-row.ts';
import { compareServers } from './compare.ts';
import { type BenchNet, openBenchNet } from './open-bench-net.ts';
import { type BenchFiles, makeBenchFiles, type PeerName } from './peers.ts';
import { type Measured, runNetload } from './run-netload.ts';

/**
 * DISCOVER to ACK against dnsmasq and Kea; root, gcc, iproute2, nftables.
 * `node test/bench/net/dhcp.bench.ts [rounds] [machines at most] [word of the cases that are wanted]`
 */

/** A thousand exchanges are over in 0.15 s: on a machine that others use as well, one run says little. */
const ROUNDS = Number(process.argv[2] ?? 5);
const MACHINES = Number(process.argv[3] ?? 10_000);
const WORD = process.argv[4] ?? '';
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
  for (const one of CASES.filter(({ what }) => what.includes(WORD))) await measureCase(net, files, one);
} finally {
  await net.close();
}

async function measureCase(
  bench: BenchNet,
  files: BenchFiles,
  { what, args: [count, machinesOf, atOnce, together, ...more], aims, peers }: (typeof CASES)[number],
): Promise<void> {
  const machines = Math.min(MACHINES, Number(machinesOf));
  const args = [count, String(machines), atOnce, String(Math.min(machines, Number(together))), ...more];
  const rounds = await compareServers(bench, files, {
    rounds: ROUNDS,
    machines: MACHINES,
    servers: ['crashcart', ...peers],
    cases: 1,
    measure: (_server, pids) => runNetload(bench, pids, ['dhcp', ...args]),
  });
  const runs = rounds.get('crashcart')?.get(0) ?? [];
  const ours = middleOf(runs);
  if (ours === undefined) throw new Error(`crashcart was not measured: ${what}`);
  const found = Object.fromEntries(peers.map((name) => [name, middleOf(rounds.get(name)?.get(0) ?? [])]));
  const burst = machinesOf === together;
  const peerFigure = (of: Measured | undefined): PeerFigure | undefined => {
    if (of === undefined || !burst) return of?.rate_per_s;
    return of.clients_ok < machines ? { after: of.elapsed_s, served: of.clients_ok, of: machines } : of.elapsed_s;
  };
  const lost = Math.max(...runs.map((run) => machines - run.clients_ok));
  const retransmits = Math.max(...runs.map(retransmitsOf));
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
        return of === undefined ? [] : [`${name}: ${of.clients_ok} served, ${retransmitsOf(of)} retransmits`];
      }),
      ...(ours.first_error === '' ? [] : [`first error: ${ours.first_error}`]),
    ].join('; '),
  });
}

function retransmitsOf(run: Measured): number {
  return run.retransmits['dhcp_pxe'] ?? 0;
}

/** The middle one of the rounds. A run that served more machines is better than any that served fewer. */
function middleOf(runs: readonly Measured[]): Measured | undefined {
  const sorted = [...runs].sort((a, b) => a.clients_ok - b.clients_ok || b.elapsed_s - a.elapsed_s);
  return sorted[Math.floor(sorted.length / 2)];
}
