import { statfsSync } from 'node:fs';
import type { ServiceState } from '../core/event.ts';
import { CLOCK } from '../core/host-clock.ts';
import { SITE_FILE } from '../core/site-file.ts';
import type { ServiceRow } from '../link/screen-port.ts';
import type { ServiceMeter } from './service-meter.ts';
import type { Servers } from './start-servers.ts';
import { IMAGES } from './watch-served.ts';
import type { World } from './world.ts';

/** Below this much free space an operator wants to know before the journal cannot write. */
const LITTLE_SPACE_PERCENT = 10;

/** Of those that are there only while something is to be said of them. */
const WORDS: Readonly<Record<string, string>> = { [CLOCK]: 'MOVED', [SITE_FILE]: 'RESTART' };

export function serviceRows(world: World, servers: Servers, meter: ServiceMeter): readonly ServiceRow[] {
  const fleet = world.engine.fleet();
  const services = Object.entries(fleet.services).filter(([name]) => name !== IMAGES);
  const rows = services.map(([name, state]): ServiceRow => {
    if (state.is === 'ok') {
      const note = state.warning ?? servers.running().get(name)?.warnings[0];
      return {
        name,
        state: note === undefined ? 'ok' : 'warn',
        word: WORDS[name] ?? (state.warning !== undefined ? 'HAMPERED' : note === undefined ? 'ok' : 'slow'),
        listens: state.listens,
        since: fleet.startedAt,
        ...figuresOf(meter, name),
        ...(note === undefined ? {} : { note }),
      };
    }
    const note = state.advice === undefined ? state.why : `${state.why}: ${state.advice}`;
    if (state.is === 'off') return { name, state: 'off', word: 'off', listens: '-', note };
    return { name, state: 'failed', word: 'FAILED', listens: '-', note };
  });
  const images = imagesRow(world.images.row(), fleet.services[IMAGES]);
  return [...rows, ...(images === undefined ? [] : [images]), diskRow(world), savingRow(world)];
}

/** What is missing and what went bad are told by one row; who has nothing to boot stays in it. */
export function imagesRow(row: ServiceRow | undefined, state: ServiceState | undefined): ServiceRow | undefined {
  if (state?.is !== 'ok' || state.warning === undefined) return row;
  const note = row?.state === 'warn' ? `${state.warning}; ${row.word}: ${row.note ?? ''}` : state.warning;
  return { ...row, name: IMAGES, state: 'warn', word: 'DAMAGED', listens: state.listens, note };
}

/** Bytes only where there are any: the column shows one of the two. */
function figuresOf(meter: ServiceMeter, name: string): Partial<ServiceRow> {
  const figures = meter.of(name);
  if (figures === undefined) return {};
  const { bytesPerSecond, ...rest } = figures;
  return bytesPerSecond > 0 ? { ...rest, bytesPerSecond } : rest;
}

function diskRow(world: World): ServiceRow {
  try {
    const { blocks, bavail, bsize } = statfsSync(world.state.dir);
    const free = blocks === 0 ? 100 : Math.round((100 * bavail) / blocks);
    const low = free < LITTLE_SPACE_PERCENT;
    return {
      name: 'disk',
      state: low ? 'warn' : 'ok',
      word: `${100 - free}%`,
      listens: world.state.dir,
      note: `${((bavail * bsize) / 1e9).toFixed(1)} GB free`,
    };
  } catch {
    return {
      name: 'disk',
      state: 'failed',
      word: 'FAILED',
      listens: world.state.dir,
      note: 'its folder cannot be read',
    };
  }
}

function savingRow(world: World): ServiceRow {
  const { saving } = world.engine.fleet();
  if (saving.is === 'ok') return { name: 'journal', state: 'ok', word: 'ok', listens: world.state.dir };
  return {
    name: 'journal',
    state: 'failed',
    word: 'NOT SAVING',
    listens: world.state.dir,
    since: saving.since,
    note: saving.reason,
  };
}
