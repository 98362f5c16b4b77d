import type { TextEdit } from '../state/edit-text.ts';
import { showText, widthOf } from '../terminal/fit-text.ts';
import type { Theme } from '../terminal/theme.ts';
import type { Span } from './spans.ts';

/** One line of text with its cursor always in view: `> fai_`. */
export function fieldSpans(theme: Theme, edit: TextEdit, width: number, focused: boolean): readonly Span[] {
  const glyphs = [...edit.text].map((glyph) => (glyph === ' ' ? ' ' : showText(glyph, theme.set) || '?'));
  let from = 0;
  while (widthOf(glyphs.slice(from, edit.at).join('')) > width - 1 && from < edit.at) from++;
  const before = glyphs.slice(from, edit.at).join('');
  const under = glyphs[edit.at];
  let after = '';
  for (const glyph of glyphs.slice(edit.at + 1)) {
    if (widthOf(before) + 1 + widthOf(after + glyph) >= width) break;
    after += glyph;
  }
  if (!focused) return [before + (under ?? '') + after];
  return under === undefined ? [before, '_'] : [before, [under, 'selected'], after];
}
