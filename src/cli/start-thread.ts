import { getAsset, isSea } from 'node:sea';
import { type TransferListItem, Worker } from 'node:worker_threads';

/** Set by the build: the program of a thread that sends or listens, which is a hundredth of the whole one. */
declare const __CRASHCART_BULK__: string | undefined;

/** What such a thread may have for its newest objects: three times a third of it. Node's own default is 48 MB. */
const BULK_YOUNG_MB = 12;

/** What the thread prints goes to its `stdout` and `stderr` here instead of to the terminal of this process. */
export interface ThreadOutput {
  readonly stdout?: boolean;
  readonly stderr?: boolean;
}

/** This program once more in a thread of its own; `data.role` says what it is to be there. */
export function startThread(
  data: { readonly role: string },
  transfer: readonly TransferListItem[] = [],
  output: ThreadOutput = {},
): Worker {
  // The name is what `top -H` and `ps -L` show.
  const options = {
    workerData: { ...data, program: import.meta.url },
    transferList: [...transfer],
    name: data.role,
    ...output,
  };
  if ((data.role === 'bulk' || data.role === 'radar') && typeof __CRASHCART_BULK__ === 'string') {
    // 14 MB and 80 ms of a core each instead of 40 MB and 240 ms (measured), and they are started anew when one dies.
    const resourceLimits = { maxYoungGenerationSizeMb: BULK_YOUNG_MB };
    return new Worker(__CRASHCART_BULK__, { ...options, eval: true, resourceLimits });
  }
  // In the single executable no file holds the program: the thread begins as the main thread did, by the loader.
  if (isSea()) return new Worker(getAsset('loader', 'utf8'), { ...options, eval: true });
  return new Worker(new URL(import.meta.url), options);
}
