const LF = 10;
const CR = 13;

/**
 * A file as netascii (RFC 764, RFC 1350 2): LF becomes CR LF, a lone CR becomes CR NUL. The transfer then runs over these
 * bytes, so block numbers and `tsize` are exact. No boot ROM was seen to ask for it; switches that fetch text do.
 */
export function encodeNetascii(file: Uint8Array): Buffer {
  let size = file.length;
  for (const byte of file) if (byte === LF || byte === CR) size += 1;
  const out = Buffer.allocUnsafe(size);
  let at = 0;
  for (const byte of file) {
    if (byte === LF) out[at++] = CR;
    out[at++] = byte;
    if (byte === CR) out[at++] = 0;
  }
  return out;
}
