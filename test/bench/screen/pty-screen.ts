import { readFileSync } from 'node:fs';
import xterm from '@xterm/headless';
import { spawn } from 'node-pty';

/** A program on a real pseudo-terminal, its output read by a terminal emulator; counts what it writes and what it costs. */
export interface PtyScreen {
  readonly pid: number;
  readonly write: (keys: string) => void;
  readonly text: () => string;
  /** Milliseconds since the start, or since `from`, until it is on the screen. */
  readonly waitFor: (seen: (text: string) => boolean, limitMs?: number) => Promise<number>;
  readonly sample: (seconds: number) => Promise<Sample>;
  /** Since the start; a frame is what the program wrote at one time. */
  readonly counts: () => { readonly frames: number; readonly bytes: number; readonly cpuSeconds: number };
  readonly quit: (keys: string) => Promise<void>;
}

export interface Sample {
  readonly cpuPercent: number;
  readonly bytesPerSecond: number;
}

/** proc(5): the kernel counts a process's time in these. */
const TICKS_PER_SECOND = 100;

export function openPtyScreen(
  command: readonly string[],
  size: { readonly columns: number; readonly rows: number },
  env: Readonly<Record<string, string>>,
): PtyScreen {
  const [program = '', ...args] = command;
  const terminal = new xterm.Terminal({ cols: size.columns, rows: size.rows, allowProposedApi: true, scrollback: 0 });
  const startedMs = performance.now();
  const clean = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !['CI', 'NO_COLOR', 'TMUX', 'NODE_OPTIONS'].includes(name)),
  );
  const pty = spawn(program, args, {
    cols: size.columns,
    rows: size.rows,
    name: 'xterm-256color',
    env: { ...clean, LANG: 'C.UTF-8', ...env } as Record<string, string>,
  });
  let bytes = 0;
  let frames = 0;
  let ended = false;
  const watchers = new Set<() => void>();
  const look = () => {
    for (const watch of [...watchers]) watch();
  };
  pty.onData((data) => {
    bytes += Buffer.byteLength(data);
    frames += 1;
    terminal.write(data, look);
  });
  const exited = new Promise<void>((resolve) =>
    pty.onExit(() => {
      ended = true;
      resolve();
      look();
    }),
  );
  const text = () =>
    Array.from(
      { length: size.rows },
      (_, y) => terminal.buffer.active.getLine(terminal.buffer.active.viewportY + y)?.translateToString(true) ?? '',
    ).join('\n');
  return {
    pid: pty.pid,
    write: (keys) => pty.write(keys),
    text,
    waitFor: (seen, limitMs = 30_000) =>
      new Promise((resolve, reject) => {
        const done = () => {
          watchers.delete(watch);
          clearTimeout(timer);
        };
        const watch = () => {
          if (seen(text())) {
            done();
            resolve(performance.now() - startedMs);
          } else if (ended) {
            done();
            reject(new Error(`the program ended\n${text()}`));
          }
        };
        const timer = setTimeout(() => {
          done();
          reject(new Error(`it never came\n${text()}`));
        }, limitMs);
        watchers.add(watch);
        watch();
      }),
    sample: async (seconds) => {
      const [cpu, before, atMs] = [cpuSeconds(pty.pid), bytes, performance.now()];
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
      const took = (performance.now() - atMs) / 1000;
      return {
        cpuPercent: ((cpuSeconds(pty.pid) - cpu) / took) * 100,
        bytesPerSecond: Math.round((bytes - before) / took),
      };
    },
    counts: () => ({ frames, bytes, cpuSeconds: cpuSeconds(pty.pid) }),
    quit: async (keys) => {
      for (const key of keys) {
        pty.write(key);
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
      const timer = setTimeout(() => pty.kill('SIGKILL'), 15_000);
      await exited;
      clearTimeout(timer);
    },
  };
}

/** User and system time of a process with all its threads. */
function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** The value below which so many of a hundred lie. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((percent / 100) * sorted.length))] ?? 0;
}
