/** `part`: 206 with these bytes, `end` not included. `beyond`: 416 with `bytes *` and the size in Content-Range. */
export type HttpRange =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly start: number; readonly end: number }
  | { readonly kind: 'beyond' };

const WHOLE: HttpRange = { kind: 'whole' };
const BEYOND: HttpRange = { kind: 'beyond' };

/**
 * RFC 9110 14. What is no range of bytes is ignored, as the RFC asks, and so are several ranges at once: the whole file
 * is always a right answer, and no firmware reads multipart.
 */
export function parseRange(header: string | undefined, sizeBytes: number): HttpRange {
  const match = /^bytes[ \t]*=[ \t]*([0-9]*)[ \t]*-[ \t]*([0-9]*)[ \t]*$/i.exec(header ?? '');
  if (match === null) return WHOLE;
  const [, first = '', last = ''] = match;
  if (first === '') {
    if (last === '') return WHOLE;
    const tail = Math.min(Number(last), sizeBytes);
    return tail === 0 ? BEYOND : { kind: 'part', start: sizeBytes - tail, end: sizeBytes };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return WHOLE;
  if (start >= sizeBytes) return BEYOND;
  return { kind: 'part', start, end: last === '' ? sizeBytes : Math.min(Number(last) + 1, sizeBytes) };
}

/** `Content-Range` of the answer. */
export function renderContentRange(range: HttpRange, sizeBytes: number): string | undefined {
  if (range.kind === 'whole') return undefined;
  return range.kind === 'beyond' ? `bytes */${sizeBytes}` : `bytes ${range.start}-${range.end - 1}/${sizeBytes}`;
}

/** RFC 9110 13.1.5: the range holds only for the version that the client has; a weak tag proves nothing. */
export function isSameVersion(ifRange: string | undefined, etag: string): boolean {
  return ifRange === undefined || (ifRange === etag && !etag.startsWith('W/'));
}
