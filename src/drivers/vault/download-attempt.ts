import { describeStatus, reasonOf } from './download-refusal.ts';
import { type Transfer, worthBytes } from './download-transfer.ts';
import type { IncomingFile } from './incoming-file.ts';
import { codeOf } from './vault-error.ts';

/** So many times the limit of a silence may pass with less than `worthBytes`. */
const TRICKLE_STALLS = 4;
const STALL_MS = 30_000;
const MAX_BYTES = 4 * 1024 ** 3;

/** What may be tried again, and what an answer means that will not change. */
export type Attempt =
  | { readonly is: 'done' }
  | { readonly is: 'again'; readonly reason: string }
  | { readonly is: 'never'; readonly reason: string };

/** The server may answer otherwise in a while. */
const isPassing = (status: number): boolean => status >= 500 || status === 429 || status === 408;

/** One request, from where the file ends on. */
export async function attemptDownload(transfer: Transfer): Promise<Attempt> {
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
  if (status !== 200 && status !== 206)
    return { is: isPassing(status) ? 'again' : 'never', reason: describeStatus(transfer.url, status) };
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

function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
