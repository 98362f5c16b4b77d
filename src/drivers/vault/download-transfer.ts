import type { Dispatcher } from 'undici';
import type { IncomingFile } from './incoming-file.ts';
import type { PartialFile } from './partial-file.ts';

/** A file on its way, over all attempts to get it. */

export interface DownloadProgress {
  readonly receivedBytes: number;
  /** Absent while the server has not said. */
  readonly totalBytes?: number;
  readonly bytesPerSecond: number;
  /** Of them, what an earlier pull left. */
  readonly resumedBytes: number;
}

/** One that an earlier program may have begun, and a later one may end. */
export type Resumable = IncomingFile & Partial<Pick<PartialFile, 'known' | 'note'>>;

export interface DownloadOptions {
  readonly dispatcher: Dispatcher;
  readonly signal?: AbortSignal;
  /** Before it is tried again. */
  readonly onRetry?: (reason: string) => void;
  /** At most 4 times a second. */
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** A factory builds what nobody asked for before: minutes until the first byte. */
  readonly headersTimeoutMs?: number;
  readonly stallTimeoutMs?: number;
  /** In a row, without a part of the file that is worth the name in between. */
  readonly maxAttempts?: number;
  readonly backoffMs?: number;
  readonly maxBytes?: number;
  /** Asked as soon as the length is known, so that a disk that is too small is not filled first. */
  readonly freeBytes?: () => Promise<number>;
}

export interface Transfer {
  readonly url: string;
  readonly file: Resumable;
  readonly options: DownloadOptions;
  readonly meter: (receivedBytes: number, totalBytes: number | undefined, last: boolean) => void;
  /** ETag or Last-Modified: what is resumed must be the same file. */
  validator: string | undefined;
  totalBytes: number | undefined;
}

/** Less than this in one attempt is no progress: a server that trickles would be asked for days. */
const WORTH_BYTES = 64 * 1024;
/** A hundredth of a small file is as much as it can be asked for. */
export const worthBytes = ({ totalBytes }: Transfer): number =>
  Math.max(1, Math.min(WORTH_BYTES, (totalBytes ?? 0) / 100));

export function openTransfer(url: string, file: Resumable, options: DownloadOptions): Transfer {
  return {
    url,
    file,
    options,
    validator: file.known?.validator,
    totalBytes: file.known?.totalBytes,
    meter: createMeter(options, file.receivedBytes()),
  };
}

const PROGRESS_EVERY_MS = 250;

/** Smoothed over about five seconds: a rate that jumps cannot be read. */
function createMeter({ onProgress }: DownloadOptions, resumedBytes: number): Transfer['meter'] {
  let lastAt = performance.now();
  let lastBytes = resumedBytes;
  let bytesPerSecond = 0;
  return (receivedBytes, totalBytes, last) => {
    const now = performance.now();
    const elapsedMs = now - lastAt;
    if (onProgress === undefined || (elapsedMs < PROGRESS_EVERY_MS && !last)) return;
    const current = elapsedMs > 0 ? (Math.max(0, receivedBytes - lastBytes) * 1000) / elapsedMs : 0;
    bytesPerSecond = bytesPerSecond === 0 ? current : bytesPerSecond * 0.8 + current * 0.2;
    lastAt = now;
    lastBytes = receivedBytes;
    const total = totalBytes === undefined ? {} : { totalBytes };
    onProgress({ receivedBytes, ...total, bytesPerSecond, resumedBytes });
  };
}
