import { getPriority, setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { goFirst, standBehindEngine, yieldToEngine } from '../../src/servers/thread-priority.ts';

export interface ProbeOrder {
  readonly priority: number;
  readonly does: 'goFirst' | 'yieldToEngine' | 'send';
}

/** A thread that begins at this priority and then steps back, or forward, or sends. */
const { priority, does } = workerData as ProbeOrder;
setPriority(priority);
if (does === 'send') {
  const place = standBehindEngine();
  const places = [getPriority()];
  const note = () => places.push(getPriority());
  place.blocks(true);
  note();
  place.blocks(false);
  note();
  // Others come before it believes that all are over.
  await sleep(600);
  place.blocks(true);
  await sleep(600);
  note();
  place.blocks(false);
  await sleep(1200);
  note();
  parentPort?.postMessage(places);
} else {
  const done = does === 'goFirst' ? goFirst() : yieldToEngine();
  parentPort?.postMessage({ done, priority: getPriority() });
}
