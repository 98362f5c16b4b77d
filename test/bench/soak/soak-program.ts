import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { openInspector, type ThreadInspector } from './inspect-threads.ts';

/** `crashcart serve` as operators run it, all threads, with a window into them. */
export interface SoakProgram {
  readonly socket: string;
  readonly inspector: ThreadInspector;
  readonly descriptors: () => Descriptors;
  readonly rssBytes: () => number;
  readonly cpuSeconds: () => number;
  /** The last lines of its log that are warnings or errors. */
  readonly complaints: () => readonly string[];
  /** SIGTERM, as systemd does it; the exit code. */
  readonly stop: () => Promise<number | null>;
}

export interface Descriptors {
  readonly sockets: number;
  readonly others: number;
}

export interface SoakProgramOptions {
  readonly bundle: string;
  readonly inventory: string;
  readonly stateDir: string;
  readonly assetsDir: string;
  readonly env: Readonly<Record<string, string>>;
}

const COMPLAINTS_KEPT = 200;
/** proc(5): the kernel counts a process's time in these. */
const TICKS_PER_SECOND = 100;
const START_LIMIT_MS = 120_000;
/** Ends it with this process where that is killed and can say nothing any more. */
const SETPRIV = '/usr/bin/setpriv';
const LEASH = existsSync(SETPRIV) ? [SETPRIV, '--pdeathsig', 'KILL'] : [];

export function countDescriptors(pid: number | 'self'): Descriptors {
  const folder = `/proc/${pid}/fd`;
  const found = { sockets: 0, others: 0 };
  for (const name of readdirSync(folder)) {
    try {
      if (readlinkSync(`${folder}/${name}`).startsWith('socket:')) found.sockets += 1;
      else found.others += 1;
    } catch {
      // Closed while we were looking.
    }
  }
  return found;
}

export async function startSoakProgram(options: SoakProgramOptions): Promise<SoakProgram> {
  const { bundle, inventory, stateDir, assetsDir, env } = options;
  const words = ['serve', '--inventory', inventory, '--state', stateDir, '--assets', assetsDir];
  const [command = '', ...args] = [...LEASH, process.execPath, '--inspect=127.0.0.1:0', bundle, ...words];
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  const complaints: string[] = [];
  const { socket, inspectorUrl } = await untilReady(child, (line) => {
    if (!/"level":"(?:warn|error)"/.test(line)) return;
    complaints.push(line);
    if (complaints.length > COMPLAINTS_KEPT) complaints.shift();
  });
  const pid = child.pid ?? 0;
  const inspector = await openInspector(inspectorUrl);
  return {
    socket,
    inspector,
    descriptors: () => countDescriptors(pid),
    rssBytes: () => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024,
    cpuSeconds: () => cpuSeconds(pid),
    complaints: () => complaints,
    async stop() {
      inspector.close();
      child.kill('SIGTERM');
      return exited;
    },
  };
}

export function cpuSeconds(pid: number | 'self'): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

interface Ready {
  readonly socket: string;
  readonly inspectorUrl: string;
}

function untilReady(child: ChildProcess, onLine: (line: string) => void): Promise<Ready> {
  let errors = '';
  let inspectorUrl = '';
  let rest = '';
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`serve was not ready in ${START_LIMIT_MS} ms: ${errors}`));
    }, START_LIMIT_MS);
    child.once('exit', (code) => reject(new Error(`serve ended with ${code}: ${errors}`)));
    child.stderr?.on('data', (chunk: Buffer) => {
      errors = `${errors}${chunk.toString()}`.slice(-4000);
      inspectorUrl = /ws:\/\/\S+/.exec(errors)?.[0] ?? inspectorUrl;
    });
    child.stdout?.on('data', (chunk: Buffer) => {
      const lines = `${rest}${chunk.toString()}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        onLine(line);
        if (!line.includes('"text":"ready"')) continue;
        clearTimeout(timer);
        resolve({ socket: (JSON.parse(line) as { socket: string }).socket, inspectorUrl });
      }
    });
  });
}
