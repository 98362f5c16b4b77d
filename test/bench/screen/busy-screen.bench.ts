import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { median, sayRow } from '../bench-row.ts';
import { type BenchNet, openBenchNet } from '../net/open-bench-net.ts';
import { type OwnServer, startOwn } from '../net/own-server.ts';
import { makeBenchFiles } from '../net/peers.ts';
import { type Measured, runNetload } from '../net/run-netload.ts';
import { openPtyScreen, type PtyScreen } from './pty-screen.ts';

/**
 * DHCP while somebody works at the screen: `up`, which is engine and screen in one process, on a real pseudo-terminal with
 * keys held down, against `serve` with the same inventory; one round of each, in turn, so that both have the same host.
 * Ends with 1 when the screen drew nothing: then nothing was measured.
 * Root, gcc, iproute2, nftables.
 */

const AIM = 1.5;
/** Below this a ratio says more about the host than about the program. */
const FLOOR_MS = 2;
const MACHINES = 1000;
const ROUNDS = 3;
const LOAD = ['dhcp', '-n', String(MACHINES), '-c', '50', '--limit-s', '40'] as const;
const SIZE = { columns: 140, rows: 40 } as const;
/** As fast as a keyboard repeats. */
const KEY_EVERY_MS = 33;
/** The compiler has had its turn, as before the load on `serve`, which warms itself up. */
const WARM_MS = 3_000;

interface Round {
  readonly p99Ms: number;
  readonly cpuS: number;
  /** Of the screen while the load ran. */
  readonly frames: number;
  readonly rows: number;
  readonly bytes: number;
}

const net = await openBenchNet();
const program = join(net.folder, 'crashcart-up.mjs');
try {
  for (const note of net.notes) console.log(note);
  const files = await makeBenchFiles(net);
  const [serve, up]: [Round[], Round[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    const own = await startOwn(net, files, MACHINES);
    try {
      await copyFile(own.program, program);
      serve.push(roundOf(await load(net, own.pids)));
    } finally {
      await own.stop();
    }
    up.push(await watched(net, own, round));
  }
  report(serve, up);
} finally {
  await net.close();
}

function roundOf({ total, serverCpuS }: Measured, seen: Partial<Round> = {}): Round {
  return { p99Ms: total.p99_ms, cpuS: serverCpuS, frames: 0, rows: 0, bytes: 0, ...seen };
}

async function load(bench: BenchNet, pids: readonly number[]): Promise<Measured> {
  const measured = await runNetload(bench, pids, LOAD);
  if (measured.clients_ok < MACHINES) throw new Error(`only ${measured.clients_ok} of ${MACHINES} were served`);
  return measured;
}

/** The same files, a state of its own: whoever had a lease before would only renew it. */
async function watched(bench: BenchNet, own: OwnServer, round: number): Promise<Round> {
  const state = join(bench.folder, `up-${round}`);
  const command = ['ip', 'netns', 'exec', bench.server, process.execPath, program, 'up', '--state', state];
  const screen = openPtyScreen(command, SIZE, { TERM: 'xterm-256color', XDG_CONFIG_HOME: bench.folder, ...own.env });
  try {
    // A row of the rack is on the screen, so the engine is there.
    await screen.waitFor((text) => /n0\d{4}/.test(text) && text.includes('DHCP ok'), 120_000);
    screen.write('2');
    await screen.waitFor((text) => text.includes(`row 1/${MACHINES}`));
    const keys = holdKeys(screen);
    try {
      await new Promise((resolve) => setTimeout(resolve, WARM_MS));
      const from = screen.counts();
      keys.forget();
      const measured = await load(bench, [screen.pid]);
      const to = screen.counts();
      const seen = { frames: to.frames - from.frames, bytes: to.bytes - from.bytes, rows: keys.rows() };
      return roundOf(measured, seen);
    } finally {
      keys.stop();
    }
  } finally {
    await screen.quit('qQ');
    await rm(state, { recursive: true, force: true });
  }
}

interface HeldKeys {
  /** How many different rows the cursor was seen on. */
  readonly rows: () => number;
  readonly forget: () => void;
  readonly stop: () => void;
}

/** `j` and `k` by turns. */
function holdKeys(screen: PtyScreen): HeldKeys {
  const rows = new Set<string>();
  let at = 0;
  const timer = setInterval(() => {
    screen.write(Math.floor(at++ / 30) % 2 === 0 ? 'j' : 'k');
    const row = /row (\d+)\//.exec(screen.text())?.[1];
    if (row !== undefined) rows.add(row);
  }, KEY_EVERY_MS);
  return { rows: () => rows.size, forget: () => rows.clear(), stop: () => clearInterval(timer) };
}

function report(serve: readonly Round[], up: readonly Round[]): void {
  const p99 = (rounds: readonly Round[]) => Math.min(...rounds.map((round) => round.p99Ms));
  const all = (rounds: readonly Round[]) => rounds.map((round) => round.p99Ms.toFixed(1)).join(' ');
  const cpu = (rounds: readonly Round[]) => median(rounds.map((round) => round.cpuS)).toFixed(2);
  const [alone, busy] = [p99(serve), p99(up)];
  const ratio = busy / Math.max(alone, FLOOR_MS);
  console.log(`serve: p99 ${all(serve)} ms, ${cpu(serve)} s of CPU a round`);
  console.log(`up:    p99 ${all(up)} ms, ${cpu(up)} s of CPU a round`);
  for (const { frames, rows, bytes } of up)
    console.log(`       the screen drew ${frames} frames, ${bytes} bytes, the cursor on ${rows} rows`);
  // A load of a second or two: some ten batches a second are drawn, and the cursor is held down.
  const isIdle = up.some(({ frames, rows }) => frames < 3 || rows < 3);
  sayRow({
    series: 'busy-screen',
    what: `DHCP p99 with a busy screen, ${MACHINES} machines (best of ${ROUNDS})`,
    unit: 'ms',
    ours: busy,
    peers: { serve: alone },
    better: 'down',
    own: [{ what: 'beside serve', unit: 'x', value: ratio, atMost: AIM }],
    broken: isIdle ? ['the screen stood still while the load ran: nothing was measured'] : [],
  });
}
