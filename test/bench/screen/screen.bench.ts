import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundlePtyScreen } from '../../ui/screen/bundle-pty-screen.ts';
import { median, sayRow } from '../bench-row.ts';
import { openPtyScreen, type PtyScreen, percentile } from './pty-screen.ts';

/**
 * The screen against its budget, on a real pseudo-terminal with the shipped kind of bundle; each figure that has an aim is
 * a row. `node test/bench/screen/screen.bench.ts`; a busy host makes all of it worse.
 */

interface Case {
  readonly nodes: number;
  readonly events: number;
  readonly aims: Readonly<Record<string, number>>;
}

const SIZE = { columns: 120, rows: 40 } as const;
const CASES: readonly Case[] = [
  { nodes: 1000, events: 50, aims: { 'key p95 ms': 50, 'CPU %': 20, 'bytes/s': 12_000 } },
  { nodes: 2000, events: 500, aims: { 'key p95 ms': 60 } },
  { nodes: 1000, events: 0, aims: { 'CPU %': 0.5, 'bytes/s': 0 } },
];
const FIRST_FRAME_AIM_MS = 500;
const DEMOS = 3;
const ATTACHES = 7;
const KEYS = 60;
const SAMPLE_S = 6;
const ROOT = join(import.meta.dirname, '../../..');

const folder = mkdtempSync(join(tmpdir(), 'crashcart-screen-bench-'));
try {
  const program = await bundlePtyScreen(folder);
  for (const one of CASES) await measureCase(program, one);
  await measureFirstFrame();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function say(what: string, figure: number, unit: string, aim: number | undefined): void {
  console.log(`  ${what.padEnd(44)} ${figure.toFixed(1).padStart(9)} ${unit}`);
  if (aim === undefined) return;
  const own = [{ what: 'figure', unit, value: figure, atMost: aim }];
  sayRow({ series: 'screen', what, unit, ours: figure, peers: {}, better: 'down', own });
}

async function measureCase(program: string, { nodes, events, aims }: Case): Promise<void> {
  const name = `${nodes} nodes, ${events} events/s`;
  const env = { TERM: 'xterm-256color', NODES: String(nodes), EVENTS: String(events) };
  const screen = openPtyScreen([process.execPath, program], SIZE, env);
  try {
    await screen.waitFor((text) => text.includes('r01-u40'));
    screen.write('2');
    await screen.waitFor((text) => /row 1\/\d+/.test(text));
    // The compiler has had its turn, and what a start shows for a while is gone.
    await new Promise((resolve) => setTimeout(resolve, events === 0 ? 12_000 : 3_000));
    const { cpuPercent, bytesPerSecond } = await screen.sample(SAMPLE_S);
    say(`${name}: CPU`, cpuPercent, '%', aims['CPU %']);
    say(`${name}: written`, bytesPerSecond, 'bytes/s', aims['bytes/s']);
    const keys = await measureKeys(screen);
    say(`${name}: key to frame p50`, percentile(keys, 50), 'ms', undefined);
    say(`${name}: key to frame p95`, percentile(keys, 95), 'ms', aims['key p95 ms']);
  } finally {
    await screen.quit('q');
  }
}

async function measureKeys(screen: PtyScreen): Promise<readonly number[]> {
  const row = (text: string) => /row (\d+)\//.exec(text)?.[1];
  const took: number[] = [];
  for (let at = 0; at < KEYS; at++) {
    // Out of step with the frames and the batches.
    await new Promise((resolve) => setTimeout(resolve, 37 + ((at * 13) % 60)));
    const before = row(screen.text());
    const begun = performance.now();
    screen.write(at % 4 === 3 ? 'k' : 'j');
    await screen.waitFor((text) => row(text) !== undefined && row(text) !== before);
    took.push(performance.now() - begun);
  }
  return took;
}

/**
 * The program from the start of the process until a row of the rack is drawn, and what it cost until then: a screen on an
 * engine that runs, and one that starts its engine first. A header that only says that it starts is no frame.
 */
async function measureFirstFrame(): Promise<void> {
  const program = process.env['CRASHCART_BUILD'] ?? join(ROOT, 'dist/crashcart.mjs');
  const env = { TERM: 'xterm-256color', XDG_CONFIG_HOME: folder };
  const command = [process.execPath, program, 'demo', '--nodes', '24', '--faults', 'none'];
  const demos: FirstRow[] = [];
  for (let at = 0; at < DEMOS; at++) {
    const { screen, ...first } = await firstRow(command, env);
    demos.push(first);
    if (at === DEMOS - 1) await measureAttach(program, screen.pid, env);
    await screen.quit('qQ');
  }
  sayFirst('first row of a demo with its own engine', demos, undefined);
}

async function measureAttach(program: string, pid: number, env: Readonly<Record<string, string>>): Promise<void> {
  const socket = join(tmpdir(), `crashcart-demo-${pid}/state/control.sock`);
  const took: FirstRow[] = [];
  for (let at = 0; at < ATTACHES; at++) {
    const { screen, ...first } = await firstRow(
      [process.execPath, program, 'attach', '--read-only', '--socket', socket],
      env,
    );
    took.push(first);
    await screen.quit('q');
  }
  sayFirst('first row of attach', took, FIRST_FRAME_AIM_MS);
}

interface FirstRow {
  readonly tookMs: number;
  readonly cpuMs: number;
}

async function firstRow(
  command: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<FirstRow & { readonly screen: PtyScreen }> {
  const screen = openPtyScreen(command, SIZE, env);
  const tookMs = await screen.waitFor((text) => /r01-u24 +.?[A-Z]{2,4}/.test(text));
  return { screen, tookMs, cpuMs: screen.counts().cpuSeconds * 1000 };
}

function sayFirst(what: string, rows: readonly FirstRow[], aim: number | undefined): void {
  say(`${what} (median of ${rows.length})`, median(rows.map((row) => row.tookMs)), 'ms', aim);
  say(`${what}: CPU until then`, median(rows.map((row) => row.cpuMs)), 'ms', undefined);
}
