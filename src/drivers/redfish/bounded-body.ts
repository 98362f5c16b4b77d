import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import { asObject, type Json } from './json.ts';

/** No resource of any recorded BMC comes near this; a log with all entries inline comes to some MiB. */
export const MAX_BODY_BYTES = 8 * 1024 * 1024;

/** `[[],[],[]…` takes twenty times its bytes as objects. A log of 5,000 lines has a tenth of this. */
export const MAX_VALUES = 1_000_000;
/** Below this no text can hold enough of them to matter. */
const COUNTED_FROM_BYTES = 1024 * 1024;

export type Body =
  | { readonly kind: 'json'; readonly json: Json; readonly sizeBytes: number }
  | { readonly kind: 'empty' }
  | { readonly kind: 'html' }
  | { readonly kind: 'other' }
  | { readonly kind: 'tooLarge' };

/** Reads at most `MAX_BODY_BYTES`; leaving the loop early destroys the stream and with it the socket. */
export async function collectBody(stream: AsyncIterable<Uint8Array>): Promise<Buffer | undefined> {
  const parts: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const part of stream) {
    sizeBytes += part.length;
    if (sizeBytes > MAX_BODY_BYTES) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function inflate(bytes: Buffer, encoding: string): Buffer | undefined {
  const bound = { maxOutputLength: MAX_BODY_BYTES };
  try {
    if (encoding === 'gzip' || encoding === 'x-gzip') return gunzipSync(bytes, bound);
    if (encoding === 'deflate') return inflateSync(bytes, bound);
    if (encoding === 'br') return brotliDecompressSync(bytes, bound);
    return bytes;
  } catch {
    return undefined;
  }
}

/** Each value but the first comes after one of these; those in texts are counted too, which does no harm. */
function countValues(bytes: Buffer): number {
  let count = 0;
  for (const byte of bytes) if (byte === 0x2c || byte === 0x5b || byte === 0x7b) count += 1;
  return count;
}

/** JSON whatever the content type says: BMCs leave it out, or name it text. A BOM or trailing NULs do no harm. */
export function parseBody(bytes: Buffer, encoding: string): Body {
  const plain = inflate(bytes, encoding.trim().toLowerCase());
  if (plain === undefined) return { kind: 'other' };
  const text = plain
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .replace(/[\0\s]+$/, '');
  if (text === '') return { kind: 'empty' };
  if (/^\s*</.test(text)) return { kind: 'html' };
  if (plain.length > COUNTED_FROM_BYTES && countValues(plain) > MAX_VALUES) return { kind: 'tooLarge' };
  try {
    const json = asObject(JSON.parse(text));
    return json === undefined ? { kind: 'other' } : { kind: 'json', json, sizeBytes: plain.length };
  } catch {
    return { kind: 'other' };
  }
}
