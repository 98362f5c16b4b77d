import type { Worker } from 'node:worker_threads';
import { endThread } from './end-thread.ts';
import type { Ears, HeardAnswer } from './radar-ears.ts';
import type { FromRadarThread, ToRadarThread } from './radar-thread.ts';

/** Ears that a thread of their own has. Fails where it cannot even begin. */
export function openEarsInThread(
  worker: Worker,
  onHeard: (heard: HeardAnswer) => void,
  onLost: (why: string) => void,
  onNews: () => void,
): Promise<Ears> {
  let stopped = false;
  let why = '';
  let now: Pick<Ears, 'listens' | 'warnings'> = { listens: [], warnings: [] };
  const ears: Ears = {
    get listens() {
      return now.listens;
    },
    get warnings() {
      return now.warnings;
    },
    setOwn: (own) => worker.postMessage({ own } satisfies ToRadarThread),
    stop: async () => {
      stopped = true;
      await endThread(worker, () => worker.postMessage({ end: true } satisfies ToRadarThread));
    },
  };
  worker.on('error', (error: unknown) => {
    why = error instanceof Error ? error.message : String(error);
  });
  return new Promise((resolve, reject) => {
    let opened = false;
    worker.on('message', (message: FromRadarThread) => {
      if (message.t === 'heard') return message.answers.forEach(onHeard);
      now = message;
      if (opened) return onNews();
      opened = true;
      resolve(ears);
    });
    worker.on('exit', (code) => {
      const reason = String(why === '' ? code : why);
      if (!opened) reject(new Error(reason));
      else if (!stopped) onLost(`its thread ended: ${reason}`);
    });
  });
}
