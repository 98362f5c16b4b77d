import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';
import type { BulkStart } from '../servers/bulk-messages.ts';
import { type BulkPool, createBulkPool } from '../servers/bulk-pool.ts';
import type { DhcpRush } from '../servers/dhcp-rush.ts';
import type { Share } from '../servers/file-shares.ts';
import type { World } from './world.ts';

/** More would only divide the same wire; the engine has the rest of the machine. */
const MAX_THREADS = 4;

/** With one core a second thread only takes turns with the first. SO_REUSEPORT deals out connections on Linux alone. */
export function bulkThreads(world: World, canStart: boolean): number {
  if (process.platform !== 'linux' || !canStart) return 0;
  const cores = availableParallelism();
  return world.inventory.current().site.threads ?? (cores < 2 ? 0 : Math.min(cores, MAX_THREADS));
}

export function startBulk(
  world: World,
  threads: number,
  http: Share,
  rush: DhcpRush,
  startBulkThread?: (start: BulkStart) => Worker,
): BulkPool | undefined {
  if (threads === 0 || startBulkThread === undefined) return undefined;
  const start: BulkStart = { role: 'bulk', http };
  return createBulkPool({ threads, start: () => startBulkThread(start), onLog: world.log, now: Date.now, rush });
}
