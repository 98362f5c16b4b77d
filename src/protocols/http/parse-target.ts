import { fail, ok, type Result } from '../../core/result.ts';

const MAX_PARAMETERS = 64;
const MAX_SEGMENTS = 32;

/** Percent-decoding, once. Undefined: a `%` without two hex digits. Bytes that are no UTF-8 become U+FFFD. */
function decodePercent(text: string): string | undefined {
  if (!text.includes('%')) return text;
  if (/%(?![0-9a-f]{2})/i.test(text)) return undefined;
  const bytes = text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** Safe by construction: the segments can be looked up or joined to a folder, and never lead out of it. */
export function parsePath(raw: string): Result<readonly string[]> {
  if (!raw.startsWith('/')) return fail('the path does not start with /');
  const segments: string[] = [];
  for (const part of raw.slice(1).split('/')) {
    const segment = decodePercent(part);
    if (segment === undefined) return fail('the path has a % that is not followed by two hex digits');
    // `//` and a trailing `/` name the same file: some firmware joins folder and name with one slash too many.
    if (segment === '') continue;
    if (segment === '.' || segment === '..') return fail('the path has a . or .. segment');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
    if (/[\u0000-\u001f\u007f/\\\ufffd]/.test(segment)) return fail('the path has a character that no file name has');
    if (segments.length === MAX_SEGMENTS) return fail(`the path has more than ${MAX_SEGMENTS} segments`);
    segments.push(segment);
  }
  return ok(segments);
}

/**
 * `+` stays: iPXE writes its version as `1.21.1+git2025…` and spaces as `%20`. A wrong `%` stays too: identity with one
 * odd value is worth more than none.
 */
export function parseQuery(raw: string): ReadonlyMap<string, string> {
  const query = new Map<string, string>();
  if (raw === '') return query;
  for (const pair of raw.split('&', MAX_PARAMETERS)) {
    const equals = pair.indexOf('=');
    const name = equals < 0 ? pair : pair.slice(0, equals);
    const value = equals < 0 ? '' : pair.slice(equals + 1);
    const key = decodePercent(name) ?? name;
    if (key !== '' && !query.has(key)) query.set(key, decodePercent(value) ?? value);
  }
  return query;
}

export interface HttpTarget {
  readonly path: string;
  readonly segments: readonly string[];
  readonly query: ReadonlyMap<string, string>;
}

const ABSOLUTE = /^http:\/\/[a-z0-9._:[\]%-]+(?=[/?]|$)/i;

/**
 * Origin form, or the absolute one, which every server must take (RFC 9112 3.2.2). This is no proxy: whatever host is named,
 * what is looked up is ours.
 */
export function parseTarget(target: string): Result<HttpTarget> {
  if (!/^[\x21-\x7e]+$/.test(target)) return fail('the target has characters that must be percent-encoded');
  if (target.includes('#')) return fail('the target has a fragment');
  const raw = target.startsWith('/') ? target : originOf(target);
  const mark = raw.indexOf('?');
  const segments = parsePath(mark < 0 ? raw : raw.slice(0, mark));
  if (!segments.ok) return segments;
  const query = parseQuery(mark < 0 ? '' : raw.slice(mark + 1));
  return ok({ path: `/${segments.value.join('/')}`, segments: segments.value, query });
}

function originOf(target: string): string {
  const [before] = ABSOLUTE.exec(target) ?? [];
  if (before === undefined) return target;
  const rest = target.slice(before.length);
  return rest.startsWith('/') ? rest : `/${rest}`;
}
