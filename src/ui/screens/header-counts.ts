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

function countSpans(counts: Counts): readonly (readonly Span[])[] {
  return WORDS.filter(([group]) => counts[group] > 0 || (group === 'ready' && counts.ready === 0)).map(
    ([group, word, tone]) => [[`${counts[group]} ${word}`, tone]],
  );
}

/** A count of the narrow header, and how much it would be missed. */
interface WeighedCount {
  readonly spans: readonly Span[];
  readonly weight: number;
}

/** What failed is never left out. */
const ALWAYS = 9;

export const narrowCounts = (own: Counts): readonly WeighedCount[] => [
  { spans: [`${own.ready}rdy`], weight: 3 },
  { spans: [`${own.install}ins`], weight: 4 },
  ...(own.boot === 0 ? [] : [{ spans: [`${own.boot}boot`], weight: 2 }]),
  { spans: [[`${own.stalled}?`, own.stalled > 0 ? 'warn' : 'dim']], weight: own.stalled > 0 ? ALWAYS : 1 },
  { spans: [[`${own.failed}!`, own.failed > 0 ? 'bad' : 'dim']], weight: own.failed > 0 ? ALWAYS : 1 },
  { spans: [`${own.off}off`], weight: 2 },
];

/** As many as fit, in their order; the lightest go first. */
export function keepHeaviest(counts: readonly WeighedCount[], room: number): readonly Span[] {
  const lightest = counts.reduce((least, { weight }) => Math.min(least, weight), ALWAYS);
  const line = counts.flatMap(({ spans }, at): readonly Span[] => (at === 0 ? spans : [' ', ...spans]));
  if (lightest === ALWAYS || spansWidth(line) <= room) return line;
  const drop = counts.findLastIndex(({ weight }) => weight === lightest);
  return keepHeaviest(
    counts.filter((_, at) => at !== drop),
    room,
  );
}
