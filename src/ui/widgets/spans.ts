import { clip, widthOf } from '../terminal/fit-text.ts';
import { paint, type Theme, type Tone } from '../terminal/theme.ts';

/** A line before it is drawn: pieces of text, each in a tone. Widths are counted here, before any escape sequence is in. */
export type Span = string | readonly [text: string, tone: Tone];

const textOf = (span: Span): string => (typeof span === 'string' ? span : span[0]);

export const spansWidth = (spans: readonly Span[]): number =>
  spans.reduce((sum, span) => sum + widthOf(textOf(span)), 0);

/** Exactly `width` columns: cut with `~` or padded, then painted. */
export function renderSpans(theme: Theme, spans: readonly Span[], width: number): string {
  if (width <= 0) return '';
  return fitSpans(spans, width)
    .map((span) => (typeof span === 'string' ? paint(theme, 'plain', span) : paint(theme, span[1], span[0])))
    .join('');
}

/** The same line as the selected one: inverse, and no colours inside, because grey and red on a bar are unreadable. */
export function renderSelected(theme: Theme, spans: readonly Span[], width: number): string {
  return paint(theme, 'selected', fitSpans(spans, width).map(textOf).join(''));
}

export function fitSpans(spans: readonly Span[], width: number): readonly Span[] {
  const own = spansWidth(spans);
  if (own <= width) return own === width ? spans : [...spans, ' '.repeat(width - own)];
  const kept: Span[] = [];
  let left = width - 1;
  for (const span of spans) {
    const text = textOf(span);
    const cut = widthOf(text) <= left ? text : clip(text, left);
    kept.push(typeof span === 'string' ? cut : [cut, span[1]]);
    left -= widthOf(cut);
    if (left <= 0) break;
  }
  return [...kept, '~'];
}

/** Left and right ends of one line. When both do not fit, the right end stays: it holds clock, mode and count. */
export function renderEnds(theme: Theme, left: readonly Span[], right: readonly Span[], width: number): string {
  const end = spansWidth(right);
  if (end >= width) return renderSpans(theme, right, width);
  return renderSpans(theme, left, width - end - 1) + renderSpans(theme, [' ', ...right], end + 1);
}

/** Pieces with two blanks between them, as many as fit; the rest is left out whole. */
export function joinWhole(pieces: readonly (readonly Span[])[], width: number, gap = '  '): readonly Span[] {
  const line: Span[] = [];
  let used = 0;
  for (const piece of pieces) {
    const own = spansWidth(piece) + (line.length > 0 ? gap.length : 0);
    if (used + own > width) break;
    if (line.length > 0) line.push(gap);
    line.push(...piece);
    used += own;
  }
  return line;
}
