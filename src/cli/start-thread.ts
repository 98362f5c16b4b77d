import { getAsset, isSea } from 'node:sea';
import { type TransferListItem, Worker } from 'node:worker_threads';

/** This program once more in a thread of its own; `data.role` says what it is to be there. */
export function startThread(data: { readonly role: string }, transfer: readonly TransferListItem[] = []): Worker {
  const options = { workerData: data, transferList: [...transfer] };
  // In the single executable no file holds the program: the thread begins as the main thread did, by the loader.
  if (isSea()) return new Worker(getAsset('loader', 'utf8'), { ...options, eval: true });
  return new Worker(new URL(import.meta.url), options);
}
