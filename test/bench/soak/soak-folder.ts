import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where a soak keeps what it makes: gone with its process, also when somebody ends it in the middle. */
export interface SoakFolder {
  readonly path: string;
  readonly remove: () => void;
  /** It stays, and nothing watches over it any more. */
  readonly keep: () => void;
}

const ENDS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export function makeSoakFolder(): SoakFolder {
  sweepLeftovers();
  const path = mkdtempSync(join(tmpdir(), `crashcart-soak-${process.pid}-`));
  // What runs on it may still be dying.
  const wipe = () => rmSync(path, { recursive: true, force: true, maxRetries: 5 });
  const interrupted = () => process.exit(130);
  for (const signal of ENDS) process.once(signal, interrupted);
  process.once('exit', wipe);
  const keep = () => {
    for (const signal of ENDS) process.off(signal, interrupted);
    process.off('exit', wipe);
  };
  return {
    path,
    keep,
    remove() {
      keep();
      wipe();
    },
  };
}

/** Those of a soak that was killed. */
function sweepLeftovers(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = Number(/^crashcart-soak-(\d+)-/.exec(name)?.[1]);
    if (!Number.isInteger(pid) || isAlive(pid)) continue;
    rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
