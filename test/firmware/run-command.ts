import { type ChildProcess, spawn } from 'node:child_process';
import { openSync } from 'node:fs';

export interface Finished {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs?: number;
  readonly cwd?: string;
}

export function runCommand(command: string, args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...args], {
      env: { ...process.env, ...options.env },
      cwd: options.cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk) => {
      out += String(chunk);
    });
    child.stderr.on('data', (chunk) => {
      err += String(chunk);
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 60_000);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code: code ?? -1, out, err });
    });
  });
}

/** For what has to succeed. */
export async function mustRun(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const done = await runCommand(command, args, options);
  if (done.code === 0) return done.out;
  throw new Error(`${command} ${args.join(' ')} ended with ${done.code}:\n${`${done.out}${done.err}`.slice(-4000)}`);
}

/** Runs on until it is ended; both its outputs go to a file. */
export function startCommand(
  command: string,
  args: readonly string[],
  log: string,
  env: Readonly<Record<string, string | undefined>> = {},
): ChildProcess {
  const file = openSync(log, 'a');
  return spawn(command, [...args], { env: { ...process.env, ...env }, stdio: ['ignore', file, file] });
}

export function endCommand(child: ChildProcess | undefined, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  return new Promise((resolve) => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return resolve();
    const hard = setTimeout(() => child.kill('SIGKILL'), 20_000);
    child.once('exit', () => {
      clearTimeout(hard);
      resolve();
    });
    child.kill(signal);
  });
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks again and again; the last answer stands in the error, since "timed out" alone says nothing. */
export async function waitFor<T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
  timeoutMs: number,
  everyMs = 250,
  explain: () => string = () => '',
): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const got = await ask();
    if (got !== undefined) return got;
    if (Date.now() > end) throw new Error(`${what}: not within ${timeoutMs / 1000} s\n${explain()}`);
    await sleep(everyMs);
  }
}
