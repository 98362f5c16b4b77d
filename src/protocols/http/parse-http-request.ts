import { fail, ok, type Result } from '../../core/result.ts';
import { type HttpRefusal, type HttpRequest, MAX_HEAD_BYTES, MAX_HEADERS, MAX_TARGET_BYTES } from './http-request.ts';
import { parseTarget } from './parse-target.ts';

type Refused = { readonly ok: false; readonly error: HttpRefusal };

const refuse = (status: HttpRefusal['status'], reason: string): Refused => fail({ status, reason });

/**
 * Where the head ends: the index after its empty line, or -1 while more must come. `from` is how far the last look went,
 * so that a head that trickles in byte by byte is not searched from the start each time.
 */
export function findHeadEnd(bytes: Buffer, from = 0): number {
  const at = bytes.indexOf('\r\n\r\n', Math.max(0, from - 3), 'latin1');
  return at < 0 ? -1 : at + 4;
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const BROKEN_LINE = /\r(?!\n)|(?<!\r)\n|\0/;

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09;

/** Without the blanks around it: spaces and tabs, and not what else `trim` takes for one. */
function stripped(line: string, from = 0): string {
  let start = from;
  let end = line.length;
  while (start < end && isBlank(line.charCodeAt(start))) start += 1;
  while (end > start && isBlank(line.charCodeAt(end - 1))) end -= 1;
  return line.slice(start, end);
}

function parseHeaders(lines: readonly string[]): Result<ReadonlyMap<string, string>, HttpRefusal> {
  if (lines.length > MAX_HEADERS) return refuse(431, `more than ${MAX_HEADERS} headers`);
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    // Also a folded line (it starts with a space) and a space before the colon: both are read in two ways (RFC 9112 5).
    if (colon < 0 || !TOKEN.test(line.slice(0, colon))) return refuse(400, 'a header line is no `Name: value`');
    const name = line.slice(0, colon).toLowerCase();
    const value = stripped(line, colon + 1);
    if (!VALUE.test(value)) return refuse(400, `the header ${name} holds a control character`);
    const before = headers.get(name);
    if (before !== undefined && (name === 'content-length' || name === 'host')) {
      return refuse(400, `the header ${name} is there twice`);
    }
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return ok(headers);
}

function parseLength(headers: ReadonlyMap<string, string>): Result<number, HttpRefusal> {
  // With both, two parsers can disagree where the body ends; alone it needs a chunk decoder that no client of ours uses.
  if (headers.has('transfer-encoding')) return refuse(501, 'Transfer-Encoding is not taken: send Content-Length');
  const text = headers.get('content-length');
  if (text === undefined) return ok(0);
  if (!/^[0-9]+$/.test(text)) return refuse(400, 'Content-Length is no number');
  return /^0*[0-9]{1,12}$/.test(text) ? ok(Number(text)) : refuse(413, 'Content-Length is too large');
}

function isKeptAlive(version: '1.0' | '1.1', headers: ReadonlyMap<string, string>): boolean {
  const tokens = (headers.get('connection') ?? '')
    .toLowerCase()
    .split(',')
    .map((token) => stripped(token));
  if (tokens.includes('close')) return false;
  return version === '1.1' || tokens.includes('keep-alive');
}

function checkHost(version: '1.0' | '1.1', headers: ReadonlyMap<string, string>): Refused | undefined {
  const host = headers.get('host');
  if (host === undefined) return version === '1.1' ? refuse(400, 'HTTP/1.1 needs a Host header') : undefined;
  return /^[a-z0-9._:[\]%-]*$/i.test(host) ? undefined : refuse(400, 'the Host header is no host');
}

/** `head` is everything up to and including the empty line. What two servers could read in two ways is refused. */
export function parseHttpRequest(head: Uint8Array): Result<HttpRequest, HttpRefusal> {
  return parseHttpHead(Buffer.from(head.buffer, head.byteOffset, head.length).toString('latin1'));
}

/** The same of a head as text: a character for each byte. */
export function parseHttpHead(text: string): Result<HttpRequest, HttpRefusal> {
  if (text.length > MAX_HEAD_BYTES) return refuse(431, `a head of more than ${MAX_HEAD_BYTES} bytes`);
  if (!text.endsWith('\r\n\r\n')) return refuse(400, 'the head does not end with an empty line');
  if (BROKEN_LINE.test(text)) return refuse(400, 'a line break that is not CR LF, or a NUL');
  const lines = text.slice(0, -4).split('\r\n');
  const [method = '', target = '', protocol = '', ...more] = (lines[0] ?? '').split(' ');
  if (target.length > MAX_TARGET_BYTES) return refuse(414, `a target of more than ${MAX_TARGET_BYTES} bytes`);
  if (more.length > 0 || !/^[A-Z]{1,16}$/.test(method))
    return refuse(400, 'the first line is no `METHOD /path HTTP/1.1`');
  if (!/^HTTP\/[0-9]\.[0-9]$/.test(protocol)) return refuse(400, 'the first line is no `METHOD /path HTTP/1.1`');
  if (protocol !== 'HTTP/1.1' && protocol !== 'HTTP/1.0') return refuse(505, `${protocol} is not spoken here`);
  const version = protocol === 'HTTP/1.1' ? '1.1' : '1.0';
  const headers = parseHeaders(lines.slice(1));
  if (!headers.ok) return headers;
  const wrongHost = checkHost(version, headers.value);
  if (wrongHost !== undefined) return wrongHost;
  const length = parseLength(headers.value);
  if (!length.ok) return length;
  const where = parseTarget(target);
  if (!where.ok) return refuse(400, where.error);
  return ok({
    method,
    ...where.value,
    headers: headers.value,
    version,
    keepAlive: isKeptAlive(version, headers.value),
    contentLength: length.value,
  });
}
