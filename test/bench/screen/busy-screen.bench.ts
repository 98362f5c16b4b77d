import { spawn } from 'node-pty';
import { type BenchNet, openBenchNet } from '../net/open-bench-net.ts';
import { type OwnServer, startOwn } from '../net/own-server.ts';
import { type BenchFiles, makeBenchFiles } from '../net/peers.ts';
import { runNetload } from '../net/run-netload.ts';

/**
 * DHCP while somebody looks: the p99 of 1,000 machines with a screen attached on which keys are held down, against
 * `serve` alone. Ends with 1 when it is more than half as much again. Root, gcc, iproute2, nftables.
 */

const AIM = 1.5;
/** Below this a ratio says more about the host than about the program. */
const FLOOR_MS = 2;
const MACHINES = 1000;
const ROUNDS = 3;
const LOAD = ['dhcp', '-n', String(MACHINES), '-c', '50', '--limit-s', '40'] as const;

const net = await openBenchNet();
try {
  for (const note of net.notes) console.log(note);
  const files = await makeBenchFiles(net);
  const alone = await p99Of(net, files, false);
  const watched = await p99Of(net, files, true);
  const ratio = watched / Math.max(alone, FLOOR_MS);
  const missed = ratio > AIM;
  console.log(
    `DHCP p99 (best of ${ROUNDS}): serve ${alone.toFixed(1)} ms, with a busy screen ${watched.toFixed(1)} ms: ${ratio.toFixed(2)}x${missed ? ' MISSED' : ''} (aim ${AIM}x)`,
  );
  if (missed) process.exitCode = 1;
} finally {
  await net.close();
}

/** The best of a few rounds: what else runs on the host only ever adds. */
async function p99Of(bench: BenchNet, files: BenchFiles, withScreen: boolean): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const own = await startOwn(bench, files, MACHINES);
    const close = withScreen ? holdKeys(own) : () => undefined;
    try {
      const { total, clients_ok } = await runNetload(bench, own.pids, LOAD);
      if (clients_ok < MACHINES) throw new Error(`only ${clients_ok} of ${MACHINES} were served`);
      best = Math.min(best, total.p99_ms);
    } finally {
      close();
      await own.stop();
    }
  }
  return best;
}

/** A wide screen on the list, with `j` and `k` as fast as a keyboard repeats. */
function holdKeys(own: OwnServer): () => void {
  const terminal = spawn(process.execPath, [own.program, 'attach'], {
    cols: 140,
    rows: 40,
    env: { ...process.env, ...own.env, TERM: 'xterm-256color' },
  });
  let at = 0;
  const timer = setInterval(() => terminal.write(at++ === 20 ? '2' : Math.floor(at / 30) % 2 === 0 ? 'j' : 'k'), 33);
  terminal.onData(() => undefined);
  return () => {
    clearInterval(timer);
    terminal.kill('SIGTERM');
  };
}
