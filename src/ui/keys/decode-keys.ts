import type { Key } from './key.ts';

/**
 * Raw chunks of a terminal into keys. Own layer, because Ink hands a chunk on as one event ("jjj" is lost or taken for
 * text), tells nothing of F-keys, and drops the mouse.
 */
export interface KeyDecoder {
  /** The head of a sequence whose rest has not come yet. */
  readonly pending: string;
  /** Text of an open bracketed paste. */
  readonly paste: string | undefined;
}

export const FRESH_DECODER: KeyDecoder = { pending: '', paste: undefined };

/** A paste is cut here: nothing on the screen takes more, and a paste that never ends must not fill the memory. */
const PASTE_LIMIT = 64_000;
const PASTE_OPEN = '\u001b[200~';
const PASTE_CLOSE = '\u001b[201~';

type Bare = { readonly name: string; readonly text: string } | Extract<Key, { kind: 'mouse' | 'paste' }> | 'nothing';

const CSI_LETTERS: Readonly<Record<string, string>> = {
  A: 'up',
  B: 'down',
  C: 'right',
  D: 'left',
  H: 'home',
  F: 'end',
  Z: 'shift-tab',
  P: 'f1',
  Q: 'f2',
  R: 'f3',
  S: 'f4',
  M: 'enter',
};
/** `ESC [ n ~`: VT220, xterm, rxvt and the Linux console agree on these. */
const CSI_NUMBERS: Readonly<Record<string, string>> = {
  '1': 'home',
  '2': 'insert',
  '3': 'delete',
  '4': 'end',
  '5': 'pgup',
  '6': 'pgdn',
  '7': 'home',
  '8': 'end',
  '11': 'f1',
  '12': 'f2',
  '13': 'f3',
  '14': 'f4',
  '15': 'f5',
  '17': 'f6',
  '18': 'f7',
  '19': 'f8',
  '20': 'f9',
  '21': 'f10',
  '23': 'f11',
  '24': 'f12',
};
/** The Linux console sends F1 to F5 as `ESC [ [ A` to `E`. */
const CONSOLE_F: Readonly<Record<string, string>> = { A: 'f1', B: 'f2', C: 'f3', D: 'f4', E: 'f5' };
const CONTROL: ReadonlyMap<string, string> = new Map([
  ['\r', 'enter'],
  ['\n', 'enter'],
  ['\t', 'tab'],
  ['\u007f', 'backspace'],
  ['\b', 'backspace'],
  ['\u001b', 'esc'],
  ['\u001c', 'ctrl-\\'],
  ['\u001d', 'ctrl-]'],
  ['\u001e', 'ctrl-^'],
  ['\u001f', 'ctrl-_'],
]);

/** Adds a chunk. Keys whose bytes are complete come out; the rest waits in `pending` (a lone Esc until `flushKeys`). */
export function decodeKeys(decoder: KeyDecoder, chunk: string): { decoder: KeyDecoder; keys: readonly Key[] } {
  let rest = decoder.pending + chunk;
  let paste = decoder.paste;
  const found: Bare[] = [];
  while (rest !== '') {
    if (paste !== undefined) {
      const close = rest.indexOf(PASTE_CLOSE);
      if (close < 0) {
        // The closing bracket itself may be cut in two.
        const keep = tailOf(rest, PASTE_CLOSE);
        paste = (paste + rest.slice(0, rest.length - keep)).slice(0, PASTE_LIMIT);
        rest = rest.slice(rest.length - keep);
        break;
      }
      found.push({ kind: 'paste', text: (paste + rest.slice(0, close)).slice(0, PASTE_LIMIT) });
      paste = undefined;
      rest = rest.slice(close + PASTE_CLOSE.length);
      continue;
    }
    if (rest.startsWith(PASTE_OPEN)) {
      paste = '';
      rest = rest.slice(PASTE_OPEN.length);
      continue;
    }
    const one = takeOne(rest);
    if (one === undefined) break;
    found.push(one.bare);
    rest = rest.slice(one.length);
  }
  return { decoder: { pending: rest, paste }, keys: finish(found) };
}

/** The wait for more bytes is over: a lone Esc is the Esc key, a torn sequence is dropped whole. */
export function flushKeys(decoder: KeyDecoder): { decoder: KeyDecoder; keys: readonly Key[] } {
  if (decoder.paste !== undefined) return { decoder, keys: [] };
  const isEsc = decoder.pending === '\u001b' || decoder.pending === '\u001b\u001b';
  return { decoder: FRESH_DECODER, keys: isEsc ? finish([{ name: 'esc', text: '' }]) : [] };
}

function finish(found: readonly Bare[]): Key[] {
  const burst = found.filter((bare) => bare !== 'nothing').length;
  const keys: Key[] = [];
  for (const bare of found) {
    if (bare === 'nothing') continue;
    keys.push('kind' in bare ? bare : { kind: 'key', ...bare, burst, alone: burst === 1 });
  }
  return keys;
}

interface Taken {
  readonly bare: Bare;
  readonly length: number;
}

function takeOne(text: string): Taken | undefined {
  if (text.startsWith('\u001b')) return takeEscape(text);
  const glyph = String.fromCodePoint(text.codePointAt(0) ?? 0);
  return { bare: plainKey(glyph), length: glyph.length };
}

function plainKey(glyph: string): Bare {
  const control = CONTROL.get(glyph);
  if (control !== undefined) return { name: control, text: '' };
  if (glyph === ' ') return { name: 'space', text: ' ' };
  const code = glyph.codePointAt(0) ?? 0;
  if (code === 0) return { name: 'ctrl-space', text: '' };
  if (code < 27) return { name: `ctrl-${String.fromCharCode(code + 96)}`, text: '' };
  // C1 controls and lone surrogates: line noise.
  if ((code >= 0x80 && code < 0xa0) || (code >= 0xd800 && code <= 0xdfff) || code === 0xfffd) return 'nothing';
  return { name: glyph, text: glyph };
}

/** Longest CSI sequence that is waited for; beyond it the line is sending garbage. */
const CSI_LIMIT = 40;

function takeEscape(text: string): Taken | undefined {
  const second = text[1];
  if (second === undefined) return undefined;
  if (second === '[') return takeCsi(text);
  if (second === 'O') return takeSs3(text);
  if (second === ']' || second === 'P' || second === '_' || second === '^') return takeString(text);
  if (second === '\u001b') {
    // Esc pressed twice, or alt with a sequence (rxvt): the first is a key of its own.
    return text.length === 2 ? undefined : { bare: { name: 'esc', text: '' }, length: 1 };
  }
  const glyph = String.fromCodePoint(text.codePointAt(1) ?? 0);
  const inner = plainKey(glyph);
  if (inner === 'nothing' || 'kind' in inner) return { bare: 'nothing', length: 1 + glyph.length };
  return { bare: { name: `alt-${inner.name}`, text: '' }, length: 1 + glyph.length };
}

function takeSs3(text: string): Taken | undefined {
  const letter = text[2];
  if (letter === undefined) return undefined;
  const name = CSI_LETTERS[letter];
  return { bare: name === undefined ? 'nothing' : { name, text: '' }, length: 3 };
}

function takeCsi(text: string): Taken | undefined {
  if (text[2] === '[') {
    const letter = text[3];
    if (letter === undefined) return undefined;
    const name = CONSOLE_F[letter];
    return { bare: name === undefined ? 'nothing' : { name, text: '' }, length: 4 };
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: this is the grammar of a control sequence (ECMA-48 5.4)
  const match = /^\u001b\[([<=>?]?)([\d;:]*)([ -/]*)([@-~])/.exec(text);
  if (match === null) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the head of one that is still on its way
    if (text.length < CSI_LIMIT && /^\u001b\[[<=>?]?[\d;:]*[ -/]*$/.test(text)) return undefined;
    return { bare: 'nothing', length: 2 };
  }
  const [whole, marker = '', numbers = '', between = '', final = ''] = match;
  if (marker === '<') return { bare: mouseOf(numbers, final), length: whole.length };
  if (marker !== '' || between !== '') return { bare: 'nothing', length: whole.length };
  return { bare: csiKey(numbers, final), length: whole.length };
}

function csiKey(numbers: string, final: string): Bare {
  const [first = '', modifier = '1'] = numbers.split(';');
  // A cursor report (`ESC [ 24 ; 80 R`) has the letter of F3; a key never has a first number above 1.
  if (final === 'R' && Number(first) > 1) return 'nothing';
  const name = final === '~' ? CSI_NUMBERS[first] : CSI_LETTERS[final];
  if (name === undefined) return 'nothing';
  const bits = Number(modifier) - 1;
  const prefix = (bits & 4) !== 0 ? 'ctrl-' : (bits & 2) !== 0 ? 'alt-' : '';
  return { name: prefix + name, text: '' };
}

/** SGR mouse (1006): button; column; row, from 1; `M` press, `m` release. */
function mouseOf(numbers: string, final: string): Bare {
  const [button = 0, column = 0, row = 0] = numbers.split(';').map(Number);
  if (column < 1 || row < 1) return 'nothing';
  const at = { kind: 'mouse', column: column - 1, row: row - 1 } as const;
  if (button === 64) return { ...at, what: 'wheelUp' };
  if (button === 65) return { ...at, what: 'wheelDown' };
  if (button !== 0) return 'nothing';
  return { ...at, what: final === 'M' ? 'press' : 'release' };
}

/** OSC, DCS, APC, PM: answers of the terminal, never keys. Ends at BEL or ST. */
function takeString(text: string): Taken | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: string terminators
  const end = /\u0007|\u001b\\/.exec(text.slice(2));
  if (end !== null) return { bare: 'nothing', length: 2 + end.index + end[0].length };
  return text.length < 4096 ? undefined : { bare: 'nothing', length: text.length };
}

/** How many characters at the end of `text` begin `mark`. */
function tailOf(text: string, mark: string): number {
  for (let count = Math.min(mark.length - 1, text.length); count > 0; count--) {
    if (text.endsWith(mark.slice(0, count))) return count;
  }
  return 0;
}
