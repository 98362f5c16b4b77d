import type { Theme } from '../terminal/theme.ts';

/** The last values as heights, newest on the right; against the highest of them, so zero stays low. */
export function renderSparkline(theme: Theme, values: readonly number[], width: number): string {
  const shown = values.slice(-width);
  const highest = Math.max(1, ...shown);
  const steps = theme.glyphs.spark;
  const bars = shown.map(
    (value) =>
      steps[Math.min(steps.length - 1, Math.round((Math.max(0, value) / highest) * (steps.length - 1)))] ?? ' ',
  );
  return bars.join('').padStart(width);
}
