import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Programs of the machine, run to their end. */

export const TOP = new URL('../..', import.meta.url).pathname.replace(/\/$/, '');

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface RunWhere {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export function runTool(program: string, args: readonly string[], where: RunWhere = {}): Promise<Ran> {
  const options = { cwd: where.cwd, env: where.env ?? process.env, timeout: 100_000, maxBuffer: 64e6 };
  return new Promise((resolve) => {
    execFile(program, [...args], options, (error, out, err) => {
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : null, out, err });
    });
  });
}

/** False where the machine has no such program, with the reason printed. In CI it has to be there. */
export function hasTool(name: string, what: string): boolean {
  const found = (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)));
  if (found) return true;
  if (process.env['CI'] === 'true') throw new Error(`${name} is missing, so that ${what} cannot be tested`);
  process.stderr.write(`${name} is not installed here: ${what} is not tested\n`);
  return false;
}
