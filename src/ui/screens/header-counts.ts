import type { Counts } from '../select/fleet-view.ts';
import type { Tone } from '../terminal/theme.ts';
import { type Span, spansWidth } from '../widgets/spans.ts';

const WORDS: readonly (readonly [keyof Counts, string, Tone])[] = [
  ['ready', 'ready', 'ready'],
  ['install', 'install', 'busy'],
  ['boot', 'boot', 'busy'],
  ['armed', 'armed', 'wait'],
  ['stalled', 'stalled', 'warn'],
  ['failed', 'FAILED', 'bad'],
  ['hold', 'on hold', 'warn'],
  ['off', 'off', 'off'],
  ['idle', 'idle', 'dim'],
];

/** Whole pieces in their order; when there is no room the harmless ones go first, failures never. */
export function keepWorst(counts: Counts, room: number): readonly (readonly Span[])[] {
  const dispensable: readonly (keyof Counts)[] = ['idle', 'off', 'armed', 'hold', 'boot', 'install', 'ready'];
  let kept = counts;
  for (const group of dispensable) {
    const pieces = countSpans(kept);
    if (pieces.reduce((sum, piece) => sum + spansWidth(piece) + 2, -2) <= room) return pieces;
    kept = { ...kept, [group]: -1 };
  }
  return countSpans(kept);
}

export function countSpans(counts: Counts): readonly (readonly Span[])[] {
  return WORDS.filter(([group]) => counts[group] > 0 || (group === 'ready' && counts.ready === 0)).map(
    ([group, word, tone]) => [[`${counts[group]} ${word}`, tone]],
  );
}
