import { join } from 'node:path';
import { spawn as spawnPty } from 'node-pty';
import { runCommand } from '../firmware/run-command.ts';
import { sayRow } from './bench-row.ts';
import { type BenchNet, openBenchNet, SERVER } from './net/open-bench-net.ts';
import { METRICS_PORT, nodeName, type OwnServer, startOwn } from './net/own-server.ts';
import { type BenchFiles, makeBenchFiles, type PeerName, startPeer } from './net/peers.ts';
import { type Measured, runNetload } from './net/run-netload.ts';

/**
 * A boot storm: DHCP as firmware, size probe and loader by TFTP, DHCP as iPXE, script, kernel, initramfs, from 1,000
 * machines with the timers of PXE. Ours: all armed, engine, journal and a screen attached; against dnsmasq with nginx and
 * Kea with atftpd and nginx. `node test/bench/storm.bench.ts [machines]`
 */

const MACHINES = Number(process.argv[2] ?? 1000);
const LIMIT_S = 90;
const CASES = [
  { what: `${MACHINES} at once`, spreadMs: 0, aims: { 'dnsmasq + nginx': 4 } },
  { what: `${MACHINES} over 10 s`, spreadMs: 10_000, aims: { 'dnsmasq + nginx': 1.3 } },
] as const;
const STACKS: readonly (readonly [string, readonly PeerName[]])[] = [
  ['dnsmasq + nginx', ['dnsmasq', 'nginx']],
  ['Kea + atftpd + nginx', ['kea', 'atftpd', 'nginx']],
];
const DHCP_P99_AIM_MS = 50;
const STALL_AIM_MS = 20;
const FIRST_PICTURE_MS = 30_000;
/** Between two turns of the histogram's timer lie these 10 ms where nothing stalls. */
const LAG_INTERVAL_MS = 10;

const net = await openBenchNet();
try {
  for (const note of net.notes) console.log(note);
  const files = await makeBenchFiles(net);
  for (const one of CASES) await measureCase(net, files, one);
} finally {
  await net.close();
}

function storm(bench: BenchNet, pids: readonly number[], spreadMs: number): Promise<Measured> {
  const many = [
    '-n',
    String(MACHINES),
    '-c',
    String(MACHINES),
    '--spread-ms',
    String(spreadMs),
    '--limit-s',
    String(LIMIT_S),
  ];
  const tftp = ['--file-from-dhcp', '--blksize', '1468', '--windowsize', '4', '--tsize-probe'];
  return runNetload(bench, pids, [
    'storm',
    ...many,
    ...tftp,
    '--leased-ip',
    '--dhcp-timeout',
    '4',
    '--backoff',
    '--tries',
    '5',
  ]);
}

async function measureCase(
  bench: BenchNet,
  files: BenchFiles,
  { what, spreadMs, aims }: (typeof CASES)[number],
): Promise<void> {
  const own = await startOwn(bench, files, MACHINES);
  const armed = await own.cli('provision', ...Array.from({ length: MACHINES }, (_, index) => nodeName(index)));
  if (armed.code !== 0) throw new Error(`the machines could not be armed: ${armed.err.slice(0, 500)}`);
  const screen = attachScreen(own);
  await screen.attached();
  const before = screen.drawn();
  const armingStallMs = await loopStallMs(bench);
  const ours = await storm(bench, own.pids, spreadMs);
  const drawnBytes = screen.drawn() - before;
  const stallMs = await loopStallMs(bench);
  screen.close();
  await own.stop();
  const peers: Record<string, number | undefined> = {};
  const notes = [
    describe('crashcart', ours),
    `the engine's longest stall ${stallMs.toFixed(0)} ms${stallMs > STALL_AIM_MS ? `: ABOVE the aim of ${STALL_AIM_MS} ms` : ''} (start and arming ${armingStallMs.toFixed(0)} ms)`,
    `the screen drew ${(drawnBytes / 1000).toFixed(0)} KB`,
  ];
  console.log(notes.join('; '));
  if (drawnBytes === 0) {
    // The figure stands for a run that an operator watches; one that nobody watched is another figure.
    notes.unshift('NOT WATCHED: the attached screen drew nothing during the storm');
    process.exitCode = 1;
  }
  // First who finished at all: a time means nothing for machines that were never served.
  if (failedOf(ours) > 0) {
    notes.unshift(`NOT SERVED by crashcart: ${failedOf(ours)} of ${MACHINES}; no time is compared`);
    process.exitCode = 1;
  }
  if (Number.isNaN(stallMs)) {
    notes.unshift('NO STALL WAS READ: /metrics did not answer');
    process.exitCode = 1;
  }
  for (const [name, parts] of STACKS) {
    const found = await measureStack(bench, files, parts, spreadMs);
    if (typeof found === 'string') console.log(found);
    else {
      // Who did not finish took at least the whole time.
      peers[name] = failedOf(found) > 0 ? LIMIT_S : found.elapsed_s;
      notes.push(describe(name, found));
    }
  }
  if (Object.keys(peers).length === 0) {
    notes.push('NO PEER is here to compare with');
    process.exitCode = 1;
  }
  const p99 = ours.dhcp_pxe?.p99_ms ?? 0;
  if (p99 > DHCP_P99_AIM_MS) notes.push(`DHCP p99 ${p99.toFixed(0)} ms is ABOVE the aim of ${DHCP_P99_AIM_MS} ms`);
  sayRow({
    series: 'storm',
    what,
    unit: 's',
    ours: failedOf(ours) > 0 ? undefined : ours.elapsed_s,
    peers,
    better: 'down',
    aims,
    note: notes.join('; '),
  });
}

/** Machines that gave up count like those that still wait. */
function failedOf({ clients_ok }: Measured): number {
  return MACHINES - clients_ok;
}

/** The engine's loop since the last reading, which begins the histogram anew: Prometheus reads peaks like this. */
async function loopStallMs(bench: BenchNet): Promise<number> {
  const url = `http://${SERVER}:${METRICS_PORT}/metrics`;
  const { out } = await runCommand('ip', ['netns', 'exec', bench.client, 'curl', '-s', '--max-time', '10', url]);
  const longestS = Number(/^crashcart_nodejs_eventloop_lag_max_seconds (\S+)/m.exec(out)?.[1] ?? Number.NaN);
  return Math.max(0, longestS * 1000 - LAG_INTERVAL_MS);
}

function describe(name: string, of: Measured): string {
  const failed = Object.entries(of.failed).filter(([, count]) => count > 0);
  return [
    `${name}: ${of.clients_ok} of ${MACHINES}`,
    `DHCP p50/p99 ${of.dhcp_pxe?.p50_ms.toFixed(0)}/${of.dhcp_pxe?.p99_ms.toFixed(0)} ms`,
    `machine p50/p99 ${(of.total.p50_ms / 1000).toFixed(1)}/${(of.total.p99_ms / 1000).toFixed(1)} s`,
    `${of.retransmits['dhcp_pxe'] ?? 0} retransmits`,
    `${of.serverCpuS.toFixed(0)} CPU s, ${of.serverRssMb.toFixed(0)} MB`,
    ...(failed.length > 0
      ? [`failed ${failed.map(([step, count]) => `${step} ${count}`).join(', ')} (${of.first_error})`]
      : []),
  ].join(', ');
}

async function measureStack(
  bench: BenchNet,
  files: BenchFiles,
  parts: readonly PeerName[],
  spreadMs: number,
): Promise<Measured | string> {
  const running = [];
  try {
    for (const part of parts) {
      const started = await startPeer(bench, part, files);
      if (typeof started === 'string') return started;
      running.push(started);
    }
    return await storm(
      bench,
      running.flatMap((one) => one.pids),
      spreadMs,
    );
  } finally {
    for (const one of running) await one.stop();
  }
}

interface WatchingScreen {
  /** Its first picture is there; throws what it said instead, if it ended or nothing came. */
  readonly attached: () => Promise<void>;
  readonly drawn: () => number;
  readonly close: () => void;
}

/** An operator who watches: what a screen costs is part of the figure. */
function attachScreen(own: OwnServer): WatchingScreen {
  const args = [own.program, 'attach'];
  const terminal = spawnPty(process.execPath, args, {
    cols: 160,
    rows: 48,
    cwd: join(import.meta.dirname, '../..'),
    env: { ...process.env, ...own.env, TERM: 'xterm-256color' },
  });
  let bytes = 0;
  let shown = '';
  let ended: string | undefined;
  terminal.onData((text) => {
    bytes += text.length;
    shown = `${shown}${text}`.slice(-4000);
  });
  terminal.onExit(({ exitCode }) => {
    ended = `it ended with code ${exitCode}`;
  });
  return {
    attached: async () => {
      const until = Date.now() + FIRST_PICTURE_MS;
      // A name of a machine stands only in a picture of the fleet, not in a message that none can be shown.
      while (!shown.includes(nodeName(0))) {
        if (ended !== undefined || Date.now() > until)
          throw new Error(`the attached screen shows no machine (${ended ?? 'in 30 s'}): ${JSON.stringify(shown)}`);
        await new Promise((again) => setTimeout(again, 100));
      }
    },
    close: () => terminal.kill(),
    drawn: () => bytes,
  };
}
