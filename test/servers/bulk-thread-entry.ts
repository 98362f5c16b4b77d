import { parentPort } from 'node:worker_threads';
import { runBulkThread } from '../../src/servers/bulk-thread.ts';

/** What `cli/main.ts` does in a thread of this role. */
if (parentPort !== null) runBulkThread(parentPort);
