import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Who holds the state folder in which this socket is. */
export function enginePid(socket: string): number | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(join(dirname(socket), 'lock'), 'utf8'));
    return typeof value === 'object' && value !== null && 'pid' in value && typeof value.pid === 'number'
      ? value.pid
      : undefined;
  } catch {
    return undefined;
  }
}
