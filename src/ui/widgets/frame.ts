import { fitText, widthOf } from '../terminal/fit-text.ts';
import { paint, type Theme } from '../terminal/theme.ts';
import { renderSpans, type Span } from './spans.ts';

export type FrameLine = readonly Span[];

/** A box with its title in the upper edge. Lines that do not fit are cut; there are always at least `height` of them. */
export function renderFrame(
  theme: Theme,
  title: string,
  lines: readonly FrameLine[],
  width: number,
  height = lines.length + 2,
): string[] {
  const { horizontal, vertical, topLeft, topRight, bottomLeft, bottomRight } = theme.glyphs;
  const inner = Math.max(0, width - 2);
  const head = fitText(` ${title} `, Math.min(widthOf(title) + 2, inner));
  const out = [topLeft + paint(theme, 'bold', head) + horizontal.repeat(Math.max(0, inner - widthOf(head))) + topRight];
  for (let at = 0; at < height - 2; at++)
    out.push(vertical + renderSpans(theme, [' ', ...(lines[at] ?? [])], inner) + vertical);
  out.push(bottomLeft + horizontal.repeat(inner) + bottomRight);
  return out;
}

/** `─LOG all── f follow:ON ── w wrap ───`: a rule with its pieces set in. */
export function renderRule(theme: Theme, pieces: readonly string[], width: number): string {
  const line = theme.glyphs.horizontal;
  let text = '';
  for (const piece of pieces) {
    const next = text === '' ? `${line}${piece}` : `${text} ${line}${line} ${piece}`;
    if (widthOf(next) + 2 > width) break;
    text = next;
  }
  return text === '' ? line.repeat(width) : `${text} ${line.repeat(Math.max(0, width - widthOf(text) - 1))}`;
}
