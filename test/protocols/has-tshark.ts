import { execFileSync } from 'node:child_process';

/** The program that reads our captures as Wireshark does. */
export function hasTshark(): boolean {
  try {
    execFileSync('tshark', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
