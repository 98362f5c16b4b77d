import { parentPort, workerData } from 'node:worker_threads';
import type { BulkStart } from './bulk-messages.ts';
import { runBulkThread } from './bulk-thread.ts';
import { type RadarStart, runRadarThread } from './radar-thread.ts';

/** The whole program of a thread that sends or listens, for the build: it is bundled into the program as a text of its own. */
if (parentPort !== null) {
  const start = workerData as BulkStart | RadarStart;
  if (start.role === 'bulk') runBulkThread(parentPort, start);
  else void runRadarThread(parentPort, start);
}
