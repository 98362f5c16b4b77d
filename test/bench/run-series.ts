import { spawn } from 'node:child_process';

const MINUTE_MS = 60_000;
/** Minutes for a series, where the half hour of all others is too short. */
const LIMIT_MINUTES: Readonly<Record<string, number>> = {
  // Ten minutes of waves, faults that take a quarter of an hour, memory at rest and the whole journal once more: 45 were seen.
  soak: 75,
};

export const seriesLimitMs = (name: string): number => (LIMIT_MINUTES[name] ?? 30) * MINUTE_MS;

/** Why it did not end well; undefined: it did. What it measured stands in the file `rows`. */
export function runSeries(path: string, rows: string, limitMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', path], {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, BENCH_ROWS: rows },
    });
    let isTooLong = false;
    const end = () => child.kill('SIGTERM');
    const timer = setTimeout(() => {
      isTooLong = true;
      end();
    }, limitMs);
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, end);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      for (const one of ['SIGTERM', 'SIGINT'] as const) process.removeListener(one, end);
      if (isTooLong) resolve(`was ended after its limit of ${limitMs / MINUTE_MS} minutes, before its verdict`);
      else resolve(code === 0 ? undefined : `ended with ${code ?? signal}`);
    });
  });
}
