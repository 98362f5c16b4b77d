import type { Theme } from '../terminal/theme.ts';

/** `████░░░░░░`: full only at 100, not empty once something moved. */
export function renderBar(theme: Theme, percent: number, width: number): string {
  if (width <= 0) return '';
  const share = Math.max(0, Math.min(100, Number.isFinite(percent) ? percent : 0));
  const full = share >= 100 ? width : Math.min(width - 1, Math.round((share / 100) * width));
  return theme.glyphs.full.repeat(full) + theme.glyphs.empty.repeat(width - full);
}
