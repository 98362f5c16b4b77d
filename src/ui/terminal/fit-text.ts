import { cleanText } from '../../core/clean-text.ts';
import type { GlyphSet } from './terminal-profile.ts';

/** Text made fit for cells: one or two columns per character, nothing that joins, stacks or hides. */

const PLAIN = /^[\x20-\x7e]*$/;
/** Wide in every terminal: CJK, kana, hangul syllables, full-width forms. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{17000}-\u{18cff}]|[\u{20000}-\u{3fffd}]/u;
/** Terminals disagree about the width of these (1, 2 or a joined 2), so no column count could be right. */
const UNSURE =
  /\p{Extended_Pictographic}|\p{Emoji_Presentation}|\p{Regional_Indicator}|\p{Emoji_Modifier}|[\ud7b0-\ud7ff\u1160-\u11ff\u3164\uffa0\u115f]/u;
const STACKED = /\p{M}/gu;

/** Glyphs of the kernel's built-in console font, beyond ASCII. */
const CP437 = new Set(
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■×↑↓→←↔↕▲►▼◄•○§¶',
);
const LOOKALIKES: ReadonlyMap<string, string> = new Map([
  ['…', '~'],
  ['‘', "'"],
  ['’', "'"],
  ['“', '"'],
  ['”', '"'],
  ['–', '-'],
  ['—', '-'],
  ['\u00a0', ' '],
  ['√', '+'],
  ['×', 'x'],
  ['·', '.'],
  ['│', '|'],
  ['─', '-'],
]);

/** Untrusted text as characters that this terminal surely shows. Joined emoji, stacked marks and foreign glyphs become `?`. */
export function showText(raw: string, set: GlyphSet, maxLength = 400): string {
  const text = cleanText(raw, maxLength);
  if (PLAIN.test(text)) return text;
  let shown = '';
  for (const glyph of text.normalize('NFC').replace(STACKED, '')) shown += showGlyph(glyph, set);
  return shown;
}

function showGlyph(glyph: string, set: GlyphSet): string {
  if (PLAIN.test(glyph)) return glyph;
  if (set === 'unicode') return UNSURE.test(glyph) ? '?' : glyph === '\u00a0' ? ' ' : glyph;
  if (set === 'vt' && CP437.has(glyph)) return glyph;
  return LOOKALIKES.get(glyph) ?? '?';
}

/** Columns of a text that went through `showText` (or that the program wrote itself). */
export function widthOf(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const glyph of text) width += WIDE.test(glyph) ? 2 : 1;
  return width;
}

/** Exactly `width` columns: cut with `~` (a console has no ellipsis), or padded. A wide character is never halved. */
export function fitText(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  if (width <= 0) return '';
  const own = widthOf(text);
  if (own <= width) return align === 'left' ? text + ' '.repeat(width - own) : ' '.repeat(width - own) + text;
  return `${clip(text, width - 1)}~`;
}

/** The first `width` columns, padded where a wide character would stick out. */
export function clip(text: string, width: number): string {
  if (PLAIN.test(text)) return text.slice(0, width);
  let kept = '';
  let used = 0;
  for (const glyph of text) {
    const own = WIDE.test(glyph) ? 2 : 1;
    if (used + own > width) return kept + ' '.repeat(width - used);
    kept += glyph;
    used += own;
  }
  return kept;
}

/** Words into lines of at most `width` columns, the indent of the first kept; a word longer than a line is cut. */
export function wrapText(text: string, width: number, maxLines = 200): string[] {
  const lead = clip(/^ */.exec(text)?.[0] ?? '', Math.max(0, width - 10));
  const lines: string[] = [];
  let line = lead;
  for (const word of text.trimStart().split(' ')) {
    const gap = line === '' || line === lead ? '' : ' ';
    if (widthOf(line) + gap.length + widthOf(word) <= width) {
      line += gap + word;
      continue;
    }
    if (gap !== '') lines.push(line);
    let rest = gap === '' ? line + word : word;
    while (widthOf(rest) > width) {
      const head = clip(rest, width).trimEnd();
      lines.push(head);
      rest = rest.slice(Math.max(1, head.length));
      if (lines.length >= maxLines) return lines;
    }
    line = rest;
    if (lines.length >= maxLines) return lines;
  }
  if (line !== '' || lines.length === 0) lines.push(line);
  return lines;
}
