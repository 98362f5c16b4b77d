import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import type { BulkStart } from '../servers/bulk-messages.ts';
import type { RadarStart } from '../servers/radar-thread.ts';
import type { EngineStart } from './engine-messages.ts';
import type { SimStart } from './sim-thread.ts';

/** One program for all threads, and each loads only what it runs: a thread that sends has no use for a screen. */
async function runThread(data: EngineStart | SimStart | BulkStart | RadarStart): Promise<void> {
  switch (data.role) {
    case 'engine':
      return (await import('./engine-thread.ts')).runEngineThread(data);
    case 'sim':
      return (await import('./sim-thread.ts')).runSimThread(data);
    case 'bulk': {
      const { runBulkThread } = await import('../servers/bulk-thread.ts');
      if (parentPort !== null) runBulkThread(parentPort, data);
      return;
    }
    case 'radar': {
      const { runRadarThread } = await import('../servers/radar-thread.ts');
      if (parentPort !== null) await runRadarThread(parentPort, data);
    }
  }
}

await (isMainThread
  ? import('./run-program.ts').then(({ runProgram }) => runProgram())
  : runThread(workerData as EngineStart | SimStart | BulkStart | RadarStart));
