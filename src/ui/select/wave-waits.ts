import type { Fleet, Wave } from '../../core/fleet.ts';
import { waveWaits } from '../../core/wave.ts';

/** For what each wave waits. It is asked of every machine of the wave, so it is worked out only for a wave that is shown. */
export interface WaveWaits {
  readonly of: (wave: Wave) => readonly string[];
  readonly waves: Fleet['waves'];
  readonly saving: Fleet['saving'];
  readonly atMs: number;
}

/** A sentence for people: while the wave itself stays as it is, one look a second is enough. */
const KEPT_MS = 1_000;

export function keepWaits(fleet: Fleet, nowMs: number, last: WaveWaits | undefined): WaveWaits {
  const { waves, saving } = fleet;
  const isSame = last !== undefined && last.waves === waves && last.saving === saving;
  if (isSame && nowMs >= last.atMs && nowMs - last.atMs < KEPT_MS) return last;
  const known = new Map<string, readonly string[]>();
  const of = (wave: Wave): readonly string[] => {
    const lines = known.get(wave.id) ?? waveWaits(fleet, wave);
    known.set(wave.id, lines);
    return lines;
  };
  return { of, waves, saving, atMs: nowMs };
}
