import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { runCommand } from '../../firmware/run-command.ts';

export interface HostWatch {
  /** How late a real-time thread of this host was woken at most; undefined where none may be (no root). */
  readonly stop: () => Promise<number | undefined>;
}

/** What no program on this host could have done better: whoever measures a stall has to know it. */
export async function watchHost(folder: string): Promise<HostWatch> {
  const program = join(folder, 'wake-late');
  const made = await runCommand('gcc', ['-O2', '-o', program, join(import.meta.dirname, 'wake-late.c')]);
  if (made.code !== 0) throw new Error(`gcc wake-late.c: ${made.err.slice(0, 300)}`);
  // In a group of its own: it ends its threads by a signal to all of that.
  const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'], detached: true });
  let out = '';
  child.stdout.on('data', (chunk) => {
    out += String(chunk);
  });
  const ended = new Promise<void>((resolve) => {
    child.on('close', () => resolve());
    child.on('error', () => resolve());
  });
  return {
    stop: async () => {
      child.stdin.end();
      await ended;
      return out === '' ? undefined : (JSON.parse(out) as { readonly late_ms: number }).late_ms;
    },
  };
}
