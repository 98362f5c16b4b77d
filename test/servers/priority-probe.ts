import { getPriority, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { goFirst, yieldToEngine } from '../../src/servers/thread-priority.ts';

/** A thread that begins at this priority and then steps back, or forward. */
const { priority, forward } = workerData as { readonly priority: number; readonly forward: boolean };
setPriority(priority);
const done = forward ? goFirst() : yieldToEngine();
parentPort?.postMessage({ done, priority: getPriority() });
