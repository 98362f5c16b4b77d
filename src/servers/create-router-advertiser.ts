import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cleanText } from '../core/clean-text.ts';
import type { ServiceState } from '../core/event.ts';
import { advertisedInterfaces, whyNoIpv6 } from './advertised-interfaces.ts';
import { isInterfaceThere } from './explain-absent.ts';
import { findProgram } from './find-program.ts';
import { renderRadvd } from './render-radvd.ts';
import type { BootParts } from './server-parts.ts';

export type RouterAdvertiserOptions = Pick<BootParts, 'engine' | 'site' | 'onLog'> & {
  /** PATH of this program. */
  readonly path: string | undefined;
};

export interface RouterAdvertiser {
  /** Why machines have to wait, where they have to. */
  readonly warnings: () => readonly string[];
  /** radvd says goodbye to the network, and its files are removed. */
  readonly stop: () => Promise<void>;
}

export const ADVERTISER = 'router advertisements';
/** From its address to its first request: 0.3 s and 16.4 s with iPXE of 2019 in QEMU; that of 2025 waits 4 to 6 s. */
export const COST_WITHOUT = 'each iPXE boot waits up to 16 s for IPv6';

const LOOK_MS = 5_000;
/** An interface that just came up has its link-local address after a second or two (RFC 4862 5.4). */
const DARK_TRIES = 5;
const AGAIN_MS = [1_000, 5_000, 15_000, 60_000] as const;
/** Who ran this long has no trouble with its configuration. */
const HEALTHY_MS = 60_000;
const SETTLED_MS = 2_000;
const END_MS = 3_000;

const NEEDS = 'it needs CAP_NET_RAW, as root or by AmbientCapabilities= of the unit, and IPv6 on the interface';
const NOT_WANTED: ServiceState = { is: 'off', why: 'no network is `dedicated: true`' };

interface Running {
  readonly options: RouterAdvertiserOptions;
  child: ChildProcess | undefined;
  folder: string | undefined;
  interfaces: string;
  state: ServiceState;
  trouble: string | undefined;
  startedAt: number;
  failures: number;
  darkTries: number;
  again: NodeJS.Timeout | undefined;
  /** Its last words, in case it ends. */
  said: string;
}

/**
 * ICMPv6 needs a raw socket, which Node has not: radvd(8), of every distribution, sends what we write down for it. It is our
 * child, is started again when it ends, and goes when we go. Without it everything works, and iPXE waits.
 */
export function createRouterAdvertiser(options: RouterAdvertiserOptions): RouterAdvertiser {
  const running: Running = {
    options,
    child: undefined,
    folder: undefined,
    interfaces: '',
    state: NOT_WANTED,
    trouble: undefined,
    startedAt: 0,
    failures: 0,
    darkTries: 0,
    again: undefined,
    said: '',
  };
  let turn = follow(running);
  // A reload may have made a network dedicated, or no longer so.
  const look = setInterval(() => {
    turn = turn.then(() => follow(running));
  }, LOOK_MS);
  return {
    warnings: () => (running.trouble === undefined ? [] : [running.trouble]),
    stop: async () => {
      clearInterval(look);
      await turn;
      await end(running);
    },
  };
}

async function follow(running: Running): Promise<void> {
  const all = advertisedInterfaces(running.options.site().spec.networks);
  const held = running.interfaces.split(' ');
  const usable = all.filter((name) => held.includes(name) || whyDark(name) === undefined);
  const wanted = usable.length > 0 ? usable : all;
  if (wanted.join(' ') === running.interfaces) return;
  await end(running);
  running.interfaces = wanted.join(' ');
  running.failures = 0;
  running.darkTries = 0;
  if (all.length === 0) tell(running, NOT_WANTED);
  else start(running, all);
}

function start(running: Running, wanted: readonly string[]): void {
  const { path } = running.options;
  const radvd = findProgram('radvd', path);
  if (radvd === undefined) {
    const advice = 'apt-get install radvd, or take `dedicated: true` out of _site.yaml';
    retry(running, wanted, `radvd is not installed: ${COST_WITHOUT}`, advice);
    return;
  }
  const dark = wanted.map((name) => whyDark(name)).find((why) => why !== undefined);
  const interfaces = wanted.filter((name) => whyDark(name) === undefined);
  // One that stays dark keeps no other waiting: it is added when it comes.
  if (dark !== undefined && (interfaces.length === 0 || running.darkTries < DARK_TRIES)) {
    waitForIpv6(running, wanted, dark);
    return;
  }
  running.interfaces = interfaces.join(' ');
  try {
    launch(running, wanted, interfaces, radvd, dark);
  } catch (error) {
    forget(running);
    const why = error instanceof Error ? error.message : String(error);
    retry(running, wanted, `radvd cannot be started: ${cleanText(why, 200)}; ${COST_WITHOUT}`, 'it is tried again');
  }
}

function launch(
  running: Running,
  wanted: readonly string[],
  interfaces: readonly string[],
  radvd: string,
  dark: string | undefined,
): void {
  const folder = mkdtempSync(join(tmpdir(), 'crashcart-radvd-'));
  running.folder = folder;
  const config = join(folder, 'radvd.conf');
  writeFileSync(config, renderRadvd(interfaces), { mode: 0o600 });
  const args = [radvd, '-n', '-m', 'stderr', '-C', config, '-p', join(folder, 'pid')];
  // If we are killed, nobody else would end it.
  const setpriv = findProgram('setpriv', running.options.path);
  const [program = radvd, ...words] = setpriv === undefined ? args : [setpriv, '--pdeathsig', 'TERM', ...args];
  // In a group of its own: ^C at our terminal is for us, and we end it.
  const child = spawn(program, words, { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  Object.assign(running, { child, folder, startedAt: Date.now(), said: '' });
  // None where no file can be opened for it; then its `error` says so.
  child.stderr?.on('data', (chunk) => {
    running.said = (running.said + String(chunk)).slice(-500);
  });
  child.once('error', () => ended(running, child, wanted));
  child.once('exit', () => ended(running, child, wanted));
  const warning = dark === undefined ? {} : { warning: `${dark}; ${COST_WITHOUT}` };
  // One that ends at once each time is told once, and not each time that it is tried.
  const works = () => {
    if (running.child === child) tell(running, { is: 'ok', listens: interfaces.join(', '), ...warning });
  };
  if (running.failures === 0) works();
  else setTimeout(works, SETTLED_MS);
}

const whyDark = (name: string): string | undefined =>
  isInterfaceThere(name) ? whyNoIpv6(name) : `interface ${name} is not there`;

function waitForIpv6(running: Running, interfaces: readonly string[], dark: string): void {
  running.darkTries += 1;
  const advice = interfaces.every(isInterfaceThere) ? NEEDS : 'it begins when it comes';
  if (running.darkTries > DARK_TRIES) retry(running, interfaces, `${dark}; ${COST_WITHOUT}`, advice);
  else running.again = setTimeout(() => start(running, interfaces), AGAIN_MS[0]);
}

function ended(running: Running, child: ChildProcess, interfaces: readonly string[]): void {
  if (running.child !== child) return;
  // Without time and pid: the same trouble is told once.
  const line = running.said.trim().split('\n').at(-1) ?? '';
  const words = cleanText(line.replace(/^\[[^\]]*\] radvd \(\d+\): /, ''), 200);
  forget(running);
  if (Date.now() - running.startedAt > HEALTHY_MS) running.failures = 0;
  retry(running, interfaces, `radvd ended${words === '' ? '' : `: ${words}`}; ${COST_WITHOUT}`, NEEDS);
}

/** Machines boot without it, only later: it is off, and nothing of ours has failed. */
function retry(running: Running, interfaces: readonly string[], why: string, advice: string): void {
  const waitMs = AGAIN_MS[Math.min(running.failures, AGAIN_MS.length - 1)] ?? LOOK_MS;
  running.failures += 1;
  tell(running, { is: 'off', why: `${why} (${advice})`, advice: 'it is tried again by itself' });
  running.again = setTimeout(() => start(running, interfaces), waitMs);
}

/** One line and one event when something changed, not at each try. */
function tell(running: Running, state: ServiceState): void {
  if (JSON.stringify(state) === JSON.stringify(running.state)) return;
  running.state = state;
  running.trouble = state.is === 'off' && state !== NOT_WANTED ? `${ADVERTISER}: ${state.why}` : undefined;
  const { engine, onLog } = running.options;
  engine.emit({ type: 'service.changed', service: ADVERTISER, state });
  if (running.trouble === undefined) return;
  onLog({ at: engine.now(), node: '', source: 'engine', level: 'warn', text: running.trouble });
}

function forget(running: Running): void {
  running.child = undefined;
  if (running.folder !== undefined) rmSync(running.folder, { recursive: true, force: true });
  running.folder = undefined;
}

async function end(running: Running): Promise<void> {
  clearTimeout(running.again);
  const { child } = running;
  if (child !== undefined) {
    running.child = undefined;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    const hard = setTimeout(() => child.kill('SIGKILL'), END_MS);
    if (child.exitCode === null && child.signalCode === null && child.kill('SIGTERM')) await gone;
    clearTimeout(hard);
  }
  forget(running);
}
