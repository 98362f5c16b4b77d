import type { Fleet, Wave } from './fleet.ts';
import { viewWave } from './wave.ts';

/** Each wave names all its machines; what ended long ago stands in the journal. */
const WAVES_KEPT = 32;
const ENTRIES_KEPT = 8000;

/** Nothing of it can still start, and nothing that it started is still under way. */
function isOver(wave: Wave): boolean {
  return wave.state === 'done' || (wave.state === 'cancelled' && viewWave(wave).active.length === 0);
}

/** The oldest of those that are over make room for a new one; an open wave is never let go. */
export function keepWaves(waves: Fleet['waves']): Fleet['waves'] {
  const newestFirst = Object.values(waves).sort((a, b) => b.startedAt - a.startedAt);
  const gone = new Set<string>();
  let count = 0;
  let entries = 0;
  for (const wave of newestFirst) {
    count += 1;
    entries += wave.entries.length;
    if (count > 1 && (count > WAVES_KEPT || entries > ENTRIES_KEPT) && isOver(wave)) gone.add(wave.id);
  }
  return gone.size === 0 ? waves : Object.fromEntries(Object.entries(waves).filter(([id]) => !gone.has(id)));
}
