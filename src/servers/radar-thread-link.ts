import type { Worker } from 'node:worker_threads';
import { endThread } from './end-thread.ts';
import type { Ears, HeardAnswer } from './radar-ears.ts';
import type { FromRadarThread, ToRadarThread } from './radar-thread.ts';

/** Ears that a thread of their own has. One that cannot even begin is told as a warning: machines boot as well. */
export function openEarsInThread(
  worker: Worker,
  onHeard: (heard: HeardAnswer) => void,
  onLost: (why: string) => void,
): Promise<Ears> {
  let stopped = false;
  let why = '';
  const earsOf = (listens: Ears['listens'], warnings: Ears['warnings']): Ears => ({
    listens,
    warnings,
    setOwn: (own) => worker.postMessage({ own } satisfies ToRadarThread),
    stop: async () => {
      stopped = true;
      await endThread(worker, () => worker.postMessage({ end: true } satisfies ToRadarThread));
    },
  });
  worker.on('error', (error: unknown) => {
    why = error instanceof Error ? error.message : String(error);
  });
  return new Promise((resolve) => {
    let opened = false;
    worker.on('message', (message: FromRadarThread) => {
      if (message.t === 'heard') return message.answers.forEach(onHeard);
      opened = true;
      resolve(earsOf(message.listens, message.warnings));
    });
    worker.on('exit', (code) => {
      const ended = `its thread ended: ${why === '' ? code : why}`;
      if (!opened) resolve(earsOf([], [ended]));
      else if (!stopped) onLost(ended);
    });
  });
}
