import { existsSync } from 'node:fs';
import { runCommand } from './run-command.ts';

/** Its last part is the process that made it, so that a later run can tell what was left behind. */
export const namespaceName = (prefix: string): string => `${prefix}-${process.pid}`;

/** Ends what runs in a namespace, and removes it. */
export async function removeNamespace(name: string): Promise<void> {
  const { out } = await runCommand('ip', ['netns', 'pids', name]);
  for (const pid of out.split('\n').filter((line) => line !== '')) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }
  await runCommand('ip', ['netns', 'del', name]);
}

/** Of runs that were killed before they could clean up. */
export async function removeStaleNamespaces(prefix: string): Promise<void> {
  const { out } = await runCommand('ip', ['netns', 'list']);
  for (const line of out.split('\n')) {
    const name = line.split(' ')[0] ?? '';
    const pid = name.startsWith(`${prefix}-`) ? name.slice(prefix.length + 1) : '';
    if (/^\d+$/.test(pid) && !existsSync(`/proc/${pid}`)) await removeNamespace(name);
  }
}
