import { setTimeout as sleep } from 'node:timers/promises';
import { type Dispatcher, errors } from 'undici';
import { cleanText } from '../../core/clean-text.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import type { IncomingFile } from './incoming-file.ts';
import type { PartialFile } from './partial-file.ts';
import { codeOf, messageOf } from './vault-index.ts';

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

/** Less than this in one attempt is no progress: a server that trickles would be asked for days. */
const WORTH_BYTES = 64 * 1024;
/** So many times the limit of a silence may pass with less than that. */
const TRICKLE_STALLS = 4;
const STALL_MS = 30_000;
const PROGRESS_EVERY_MS = 250;
const MAX_BYTES = 4 * 1024 ** 3;

/** What may be tried again, and what an answer means that will not change. */
type Attempt =
  | { readonly is: 'done' }
  | { readonly is: 'again'; readonly reason: string }
  | { readonly is: 'never'; readonly reason: string };

/** Fetches into `file`, and goes on where it was cut. The caller accepts or discards the file. */
export async function download(url: string, file: Resumable, options: DownloadOptions): Promise<Result<void>> {
  const { maxAttempts = 5, backoffMs = 500, signal } = options;
  const transfer: Transfer = {
    url,
    file,
    options,
    validator: file.known?.validator,
    totalBytes: file.known?.totalBytes,
    meter: createMeter(options, file.receivedBytes()),
  };
  let attempts = 0;
  for (;;) {
    const before = file.receivedBytes();
    const result = await attempt(transfer);
    if (result.is === 'done') return ok(undefined);
    if (signal?.aborted) return fail('stopped');
    if (result.is === 'never') return fail(result.reason);
    attempts = file.receivedBytes() - before >= worthBytes(transfer) ? 1 : attempts + 1;
    if (attempts >= maxAttempts)
      return fail(`${result.reason}; gave up after ${maxAttempts} attempts without progress`);
    options.onRetry?.(result.reason);
    await sleep(backoffMs * 2 ** (attempts - 1), undefined, signal === undefined ? {} : { signal }).catch(
      () => undefined,
    );
  }
}

interface Transfer {
  readonly url: string;
  readonly file: Resumable;
  readonly options: DownloadOptions;
  readonly meter: (receivedBytes: number, totalBytes: number | undefined, last: boolean) => void;
  /** ETag or Last-Modified: what is resumed must be the same file. */
  validator: string | undefined;
  totalBytes: number | undefined;
}

/** A hundredth of a small file is as much as it can be asked for. */
const worthBytes = ({ totalBytes }: Transfer): number => Math.max(1, Math.min(WORTH_BYTES, (totalBytes ?? 0) / 100));

async function attempt(transfer: Transfer): Promise<Attempt> {
  const { url, file, options } = transfer;
  const { origin, pathname, search } = new URL(url);
  const from = file.receivedBytes();
  const resume = from > 0 && transfer.validator !== undefined;
  if (from > 0 && !resume) await file.restart();
  try {
    const response = await options.dispatcher.request({
      origin,
      path: pathname + search,
      method: 'GET',
      // Compressed transfer would make lengths and ranges mean something else.
      headers: {
        'accept-encoding': 'identity',
        ...(resume ? { range: `bytes=${from}-`, 'if-range': transfer.validator } : {}),
      },
      headersTimeout: options.headersTimeoutMs ?? 10 * 60_000,
      bodyTimeout: options.stallTimeoutMs ?? STALL_MS,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    const accepted = await acceptHead(transfer, response.statusCode, response.headers);
    if (accepted !== undefined) {
      await response.body.dump({ limit: 65_536 }).catch(() => undefined);
      return accepted;
    }
    return await receive(transfer, response.body);
  } catch (error) {
    const full = fullDisk(error, file);
    return full === undefined ? { is: 'again', reason: reasonOf(error, url) } : { is: 'never', reason: full };
  }
}

/** Waiting does not help against these. */
function fullDisk(error: unknown, file: IncomingFile): string | undefined {
  if (!['ENOSPC', 'EDQUOT', 'EFBIG'].includes(codeOf(error))) return undefined;
  return `no space left for ${file.path} after ${file.receivedBytes()} bytes: free some and pull again; it goes on from there`;
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Undefined when the body is what was asked for. */
async function acceptHead(transfer: Transfer, status: number, headers: Headers): Promise<Attempt | undefined> {
  const { file } = transfer;
  if (status === 416) {
    await begun(transfer, undefined);
    await file.restart();
    return { is: 'again', reason: 'the server no longer has the part that was missing' };
  }
  if (status !== 200 && status !== 206) return refusal(transfer.url, status);
  const lengthBytes = Number(one(headers['content-length']) ?? Number.NaN);
  if (status === 200) {
    if (file.receivedBytes() > 0) await file.restart();
    transfer.totalBytes = Number.isFinite(lengthBytes) ? lengthBytes : undefined;
  } else {
    const range = /^bytes (\d+)-\d+\/(\d+)$/.exec(one(headers['content-range']) ?? '');
    const total = Number(range?.[2]);
    const isSame = total === (transfer.totalBytes ?? total) && total >= file.receivedBytes();
    if (Number(range?.[1]) !== file.receivedBytes() || !isSame) {
      await begun(transfer, undefined);
      await file.restart();
      return { is: 'again', reason: 'the server answered with another part than the one asked for' };
    }
    transfer.totalBytes = total;
  }
  const etag = one(headers.etag);
  // A weak ETag does not promise the same bytes.
  await begun(transfer, etag?.startsWith('"') === true ? etag : one(headers['last-modified']));
  const maxBytes = transfer.options.maxBytes ?? MAX_BYTES;
  if ((transfer.totalBytes ?? 0) > maxBytes)
    return { is: 'never', reason: `larger than ${maxBytes} bytes: ${transfer.url}` };
  return roomProblem(transfer);
}

async function roomProblem({ totalBytes, file, options, url }: Transfer): Promise<Attempt | undefined> {
  if (totalBytes === undefined || options.freeBytes === undefined) return undefined;
  const missing = totalBytes - file.receivedBytes();
  const free = await options.freeBytes();
  if (missing <= free) return undefined;
  const mb = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
  return { is: 'never', reason: `${url} needs ${mb(missing)}, and ${mb(free)} are free: make room and pull again` };
}

async function begun(transfer: Transfer, validator: string | undefined): Promise<void> {
  const { totalBytes, file } = transfer;
  transfer.validator = validator;
  await file.note?.(
    validator === undefined ? undefined : { validator, ...(totalBytes === undefined ? {} : { totalBytes }) },
  );
}

async function receive(transfer: Transfer, body: AsyncIterable<Uint8Array>): Promise<Attempt> {
  const { file, url } = transfer;
  const maxBytes = transfer.options.maxBytes ?? MAX_BYTES;
  const trickleMs = TRICKLE_STALLS * (transfer.options.stallTimeoutMs ?? STALL_MS);
  let since = { at: performance.now(), bytes: file.receivedBytes() };
  for await (const chunk of body) {
    await file.write(chunk);
    if (performance.now() - since.at > trickleMs) {
      const gained = file.receivedBytes() - since.bytes;
      if (gained < worthBytes(transfer) && file.receivedBytes() !== transfer.totalBytes)
        return {
          is: 'again',
          reason: `it only trickles, ${gained} bytes in ${Math.round(trickleMs / 1000)} s: ${url}`,
        };
      since = { at: performance.now(), bytes: file.receivedBytes() };
    }
    if (file.receivedBytes() > (transfer.totalBytes ?? maxBytes)) {
      return { is: 'never', reason: `${url} sends more than it announced` };
    }
    transfer.meter(file.receivedBytes(), transfer.totalBytes, false);
  }
  const received = file.receivedBytes();
  if (transfer.totalBytes !== undefined && received < transfer.totalBytes) {
    return { is: 'again', reason: `cut off after ${received} of ${transfer.totalBytes} bytes: ${url}` };
  }
  transfer.meter(received, transfer.totalBytes, true);
  return { is: 'done' };
}

const REFUSALS: Readonly<Record<number, string>> = {
  400: 'the image factory refuses the request as invalid: check version, schematic and extension names',
  401: 'the server asks for a login',
  402: 'this is an enterprise feature of the image factory: leave it out, or name a factory that has it (talos.factory)',
  403: 'the server forbids it',
  404: 'not found: does this version exist for this schematic? `crashcart images versions` lists them',
};

function refusal(url: string, status: number): Attempt {
  const reason = `${REFUSALS[status] ?? (status >= 500 ? 'the server failed, as a factory does for a version that it does not have' : 'unexpected answer')} (HTTP ${status}): ${url}`;
  return { is: status >= 500 || status === 429 || status === 408 ? 'again' : 'never', reason };
}

export function reasonOf(error: unknown, url: string): string {
  if (error instanceof errors.HeadersTimeoutError) return `no answer in time from ${url}`;
  if (error instanceof errors.BodyTimeoutError) return `the transfer stalled: ${url}`;
  return `${cleanText(messageOf(error), 120) || 'the connection broke'}: ${url}`;
}

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

function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
