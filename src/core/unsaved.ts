import { type Fleet, isOpenWave, type Wave } from './fleet.ts';
import type { Job } from './job.ts';
import { valuesOf } from './shard-map.ts';

/** Whoever ordered it waits for the answer, and nothing of it is armed. */
export const isUnsaved = (wave: Wave): boolean => wave.savesFirst === true && wave.saved !== true && isOpenWave(wave);

/** The same of one machine. What a wave armed follows from the wave, whose order was answered before. */
export const isUnsavedJob = ({ savesFirst, stored }: Job): boolean => savesFirst === true && !stored;

export function waveSaved(fleet: Fleet, id: string): Fleet {
  const wave = fleet.waves[id];
  if (wave === undefined || !isUnsaved(wave)) return fleet;
  return { ...fleet, waves: { ...fleet.waves, [id]: { ...wave, saved: true } } };
}

export function waveRefused(fleet: Fleet, id: string, why: string): Fleet {
  const wave = fleet.waves[id];
  if (wave === undefined || !isOpenWave(wave)) return fleet;
  return { ...fleet, waves: { ...fleet.waves, [id]: { ...wave, state: 'cancelled', why } } };
}

/** At a start: it was refused, or its answer never went out. */
export function endUnsaved(fleet: Fleet): Fleet['waves'] {
  const why = 'the program ended before it was known to be on disk';
  const unsaved = Object.values(fleet.waves).filter(isUnsaved);
  return unsaved.reduce((now, { id }) => waveRefused(now, id, why), fleet).waves;
}

/** What the start after this state ends; undefined: nothing. */
export function unsavedText(fleet: Fleet): string | undefined {
  const waves = Object.values(fleet.waves).filter(isUnsaved);
  const nodes = [...valuesOf(fleet.nodes)].filter(({ job }) => job !== undefined && isUnsavedJob(job));
  const told = [
    ...nodes.map(({ name, job }) => `${job?.kind} of ${name}`),
    ...waves.map(({ id, kind, entries }) => `wave ${id} (${kind} of ${entries.length})`),
  ];
  if (told.length === 0) return undefined;
  const more = told.length - MOST_TOLD;
  const list = `${told.slice(0, MOST_TOLD).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  return `ordered in the run before, and refused there or never answered: ${list}; nothing of that went out, and nothing of it is armed`;
}

const MOST_TOLD = 40;
