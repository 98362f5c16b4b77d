import type { DoctorLine, Say } from './doctor-line.ts';

export interface DoctorCheck {
  readonly name: string;
  /** Says lines as it finds them; what was said before the time is up stands. */
  readonly run: (say: Say, signal: AbortSignal) => Promise<void>;
}

/** All at once, and never longer than told. A check that stumbles is a line as well, and takes no other with it. */
export async function runChecks(checks: readonly DoctorCheck[], timeoutMs: number): Promise<readonly DoctorLine[]> {
  const signal = AbortSignal.timeout(timeoutMs);
  const perCheck = await Promise.all(checks.map((check) => runCheck(check, timeoutMs, signal)));
  return perCheck.flat();
}

async function runCheck(check: DoctorCheck, timeoutMs: number, signal: AbortSignal): Promise<readonly DoctorLine[]> {
  const lines: DoctorLine[] = [];
  let open = true;
  const say: Say = (line) => {
    if (open) lines.push({ check: check.name, ...line });
  };
  const late = new Promise<'late'>((resolve) =>
    signal.addEventListener('abort', () => resolve('late'), { once: true }),
  );
  try {
    const how = await Promise.race([check.run(say, signal), late]);
    if (how === 'late')
      say({
        state: 'warn',
        what: `not finished in ${timeoutMs / 1000} s; what was seen until then stands above`,
        advice: 'give it more time: --timeout 60',
      });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    say({ state: 'warn', what: `could not look: ${why}`, advice: 'CRASHCART_DEBUG=1 shows where' });
  }
  open = false;
  return lines;
}

/** So many at a time, in the order given. */
export async function inParallel<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
}
