import { cleanText } from '../../core/clean-text.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import { isTextSetting } from './ipxe-setting.ts';

/** iPXE expands what an expansion brought in once more; a value that names itself would never end. */
const MAX_EXPANSIONS = 64;
const MAX_LENGTH = 64 * 1024;

const PLAIN = new Set(['string', 'uuid', 'ipv4', 'ipv6', 'hex', 'int8', 'int16', 'int32', 'uint8', 'uint16', 'uint32']);

/** RFC 3986 2.3: everything but the unreserved characters. */
function encodeUri(text: string): string {
  return [...Buffer.from(text, 'utf8')]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[A-Za-z0-9\-._~]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}

function toHex(name: string, value: string, separator: string): string {
  const digits = value.replace(/[:-]/g, '');
  const binary = !isTextSetting(name) && /^(?:[0-9a-f]{2})+$/i.test(digits);
  const hex = binary ? digits.toLowerCase() : Buffer.from(value, 'utf8').toString('hex');
  return (hex.match(/../g) ?? []).join(separator);
}

function format(name: string, value: string, type: string): Result<string> {
  if (type === '' || PLAIN.has(type)) return ok(value);
  if (type === 'hexhyp') return ok(toHex(name, value, '-'));
  if (type === 'hexraw') return ok(toHex(name, value, ''));
  if (type !== 'uristring') return fail(`\${${cleanText(name, 40)}:${cleanText(type, 20)}} has an unknown format`);
  if (value === '' || isTextSetting(name)) return ok(encodeUri(value));
  return fail(`\${${name}:uristring} gives raw bytes in a URL`);
}

/** The innermost `${…}`: the last `${` before the first `}` that has one. One pass, however long the word. */
function findInnermost(text: string): { readonly start: number; readonly end: number } | undefined {
  let start = -1;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '$' && text[at + 1] === '{') start = at;
    else if (character === '}' && start >= 0) return { start, end: at };
  }
  return undefined;
}

/** One word, innermost first: `${net${idx}/mac}` works. An unset variable is empty. */
export function expandSettings(word: string, settings: ReadonlyMap<string, string>): Result<string> {
  let text = word;
  for (let count = 0; ; count += 1) {
    const found = findInnermost(text);
    if (found === undefined) return ok(text);
    if (count === MAX_EXPANSIONS || text.length > MAX_LENGTH) return fail('an expansion does not end');
    const [name = '', type = ''] = text.slice(found.start + 2, found.end).split(':');
    const value = format(name, settings.get(name) ?? '', type);
    if (!value.ok) return value;
    text = text.slice(0, found.start) + value.value + text.slice(found.end + 1);
  }
}
