import { parseTarget } from '../protocols/http/parse-target.ts';

/** As tokens of attempts and media look. */
const TOKEN = /[a-z2-7]{32,}/g;
const hidden = (text: string): string => '*'.repeat(text.length);

/** Same length, so that sizes stay what they were. */
export const maskTokens = (text: string): string => text.replace(TOKEN, hidden);

export function maskTokenBytes(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  const clean = maskTokens(text);
  return clean === text ? bytes : Buffer.from(clean, 'latin1');
}

/** What no secret stands in. Of any other header only its name is shown: `Authorization`, `Cookie`, and what is made up next. */
const SHOWN = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'cache-control',
  'connection',
  'content-length',
  'host',
  'if-range',
  'keep-alive',
  'pragma',
  'range',
  'user-agent',
]);

/** The head of a request as it may be shown to anybody: no token in its target, no header that may hold one. */
export function maskRequestHead(head: string): string {
  // Of a refused one too, which may break its lines anywhere and hold a token in any place.
  const [first = '', ...lines] = head.split(/\r\n|\n|\r/);
  const [method = '', target = '', ...rest] = first.split(' ');
  return [[maskTokens(method), maskTarget(target), ...rest.map(maskTokens)].join(' '), ...lines.map(maskHeader)].join(
    '\r\n',
  );
}

function maskHeader(line: string): string {
  const colon = line.indexOf(':');
  if (colon < 0) return maskTokens(line);
  const name = line.slice(0, colon);
  const value = line.slice(colon + 1).trim();
  return SHOWN.has(name.toLowerCase())
    ? maskTokens(line)
    : `${maskTokens(name)}: (${value.length} characters, not kept)`;
}

/** A `%61` is an `a`: what is looked at is decoded. Behind `/t/` and `/m/` stands a token, whatever it looks like. */
function maskTarget(target: string): string {
  const parsed = parseTarget(target);
  if (!parsed.ok) return '/(not to be read)';
  const [first = '', second = '', ...more] = parsed.value.segments;
  const isToken = first === 't' || first === 'm';
  const segments = [first, isToken ? hidden(second) : second, ...more].filter((segment) => segment !== '');
  const path = `/${segments.map((segment) => encodeURIComponent(maskTokens(segment))).join('/')}`;
  const mark = target.indexOf('?');
  if (mark < 0) return path;
  const query = target.slice(mark + 1);
  const isClean =
    [...parsed.value.query].flat().every((text) => maskTokens(text) === text) && maskTokens(query) === query;
  const pairs = () =>
    [...parsed.value.query].map((pair) => pair.map((text) => encodeURIComponent(maskTokens(text))).join('='));
  return `${path}?${isClean ? query : pairs().join('&')}`;
}
