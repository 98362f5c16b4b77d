import { fail, ok, type Result } from '../../core/result.ts';
import { isTextSetting } from './ipxe-setting.ts';
import type { IpxePart, IpxeText } from './ipxe-step.ts';

/**
 * iPXE knows no quotes and no escapes: words end at white space, `||` `&&` `;` as words join commands, a word that starts
 * with `#` opens a comment, `${` expands anywhere, and a back-slash at the end swallows the line break. What has one of
 * these where it would count cannot be written, so it is refused.
 */
function whyUnsafe(part: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (/[\u0000-\u001f\u007f\u0085\u2028\u2029]/.test(part)) return 'holds a line break or another control character';
  if (part.includes('${')) return 'holds ${, which iPXE would expand';
  return part.endsWith('$') ? 'ends with $, which could start an expansion' : undefined;
}

/** Of the parts together: `|` and `|` make `||`. */
function whyMisread(whole: string): string | undefined {
  if (whole === '') return 'is empty';
  if (/^ | $| {2}/.test(whole)) return 'has spaces that iPXE would drop';
  if (whole.endsWith('\\')) return 'ends with a back-slash, which would swallow the end of the line';
  for (const word of whole.split(' ')) {
    if (word === '||' || word === '&&' || word === ';') return `holds the word ${word}, which joins commands`;
    if (word.startsWith('#')) return 'holds a word that starts with #, which opens a comment';
  }
  return undefined;
}

/** The value itself is not shown: an address may hold a token, and reasons are logged. */
function refuse(what: string, why: string): Result<never> {
  return fail(`${what} ${why}`);
}

function renderPart(what: string, part: IpxePart): Result<string> {
  if (typeof part === 'string') {
    const why = whyUnsafe(part);
    return why === undefined ? ok(part) : refuse(what, why);
  }
  if (part.format === 'uristring' && !isTextSetting(part.setting)) {
    return refuse(what, `asks for \${${part.setting}:uristring}, which iPXE gives as raw bytes`);
  }
  return ok(part.format === undefined ? `\${${part.setting}}` : `\${${part.setting}:${part.format}}`);
}

/** Words that stay as they are: single spaces between them, none around them. */
export function renderWords(what: string, text: IpxeText): Result<string> {
  let all = '';
  for (const part of typeof text === 'string' ? [text] : text) {
    const rendered = renderPart(what, part);
    if (!rendered.ok) return rendered;
    all += rendered.value;
  }
  const why = whyMisread(all);
  return why === undefined ? ok(all) : refuse(what, why);
}

/** One word that can be no option of the command. */
export function renderWord(what: string, text: IpxeText): Result<string> {
  const words = renderWords(what, text);
  if (!words.ok) return words;
  if (words.value.includes(' ')) return refuse(what, 'holds a space, and iPXE has no quotes');
  return words.value.startsWith('-') ? refuse(what, 'starts with -, which makes it an option') : words;
}

export function renderUrl(what: string, text: IpxeText): Result<string> {
  const word = renderWord(what, text);
  if (!word.ok) return word;
  return /^[\x21-\x7e]+$/.test(word.value) ? word : refuse(what, 'holds characters that must be percent-encoded');
}

/** Labels, image names, devices, variables. */
export function renderName(what: string, name: string): Result<string> {
  return /^[a-z0-9][a-z0-9._-]{0,62}$/i.test(name) ? ok(name) : refuse(what, 'is no plain name');
}

/** For what only people read: made harmless instead of refused. */
export function softenText(text: string): string {
  return text
    .replace(/\p{Cc}|\u2028|\u2029/gu, ' ')
    .replaceAll('${', '$ {')
    .split(/ +/)
    .map((word) => word.replace(/^#+/, ''))
    .map((word) => (word === '||' || word === '&&' || word === ';' ? ',' : word))
    .join(' ')
    .replace(/[\\$ ]+$/, '')
    .replace(/^[ -]+/, '');
}
