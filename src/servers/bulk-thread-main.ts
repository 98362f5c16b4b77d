import { parentPort } from 'node:worker_threads';
import { runBulkThread } from './bulk-thread.ts';

/** The whole program of a thread that sends, for the build: it is bundled into the program as a text of its own. */
if (parentPort !== null) runBulkThread(parentPort);
