import { isSameVersion, parseRange, renderContentRange } from '../protocols/http/parse-range.ts';
import { contentTypeOf } from '../protocols/http/render-http-head.ts';
import type { HttpQuestion, HttpVerdict } from './http-question.ts';

export interface OpenedFile {
  readonly sizeBytes: number;
  readonly etag: string;
}

export interface FileVerdict {
  readonly verdict: HttpVerdict;
  /** What goes out of it, the end not included; undefined where only a head does. */
  readonly span?: { readonly start: number; readonly end: number };
}

/** What is said of a file that may go out: all of it, the part that was asked for, or that there is no such part. */
export function fileVerdict(question: HttpQuestion, name: string, { sizeBytes, etag }: OpenedFile): FileVerdict {
  // Ranges are of GET alone (RFC 9110 14.2): who asks with HEAD wants to know how large the file is.
  const mayBePart = question.method === 'GET' && isSameVersion(question.ifRange, etag);
  const range = mayBePart ? parseRange(question.range, sizeBytes) : ({ kind: 'whole' } as const);
  const contentRange = renderContentRange(range, sizeBytes);
  const headers = {
    'Content-Type': contentTypeOf(name),
    'Accept-Ranges': 'bytes',
    ETag: etag,
    ...(contentRange === undefined ? {} : { 'Content-Range': contentRange }),
  };
  if (range.kind === 'beyond') return { verdict: { status: 416, headers, contentLength: 0 } };
  const [start, end] = range.kind === 'part' ? [range.start, range.end] : [0, sizeBytes];
  const verdict = { status: range.kind === 'part' ? 206 : 200, headers, contentLength: end - start };
  return question.method === 'HEAD' ? { verdict } : { verdict, span: { start, end } };
}
