import type { Event } from '../core/event.ts';
import { type Fleet, isOpenWave } from '../core/fleet.ts';
import type { Recording } from './replay-source.ts';
import { createTimeline } from './replay-timeline.ts';

/** One run of the program in a recording, as a list shows it. */
export interface RunRow {
  readonly number: number;
  readonly what: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly events: number;
  /** Machines armed one by one. Those of waves follow from the wave, and stand under `inWaves`. */
  readonly armed: number;
  readonly waves: number;
  readonly inWaves: number;
  readonly simulated: boolean;
  readonly version: string;
}

export function listRuns(recording: Recording): readonly RunRow[] {
  return recording.runs.flatMap((run, index) => {
    const events = eventsOf(recording, run.firstIndex, recording.runs[index + 1]?.firstIndex);
    const first = events[0];
    if (first === undefined) return [];
    const started = events.find((event) => event.type === 'engine.started');
    return [
      {
        number: run.number,
        what: run.what,
        fromMs: first.time,
        toMs: events.reduce((latest, event) => Math.max(latest, event.time), first.time),
        events: events.length,
        armed: events.filter((event) => event.type === 'operator.armed').length,
        ...countWaves(events),
        simulated: started?.simulated ?? false,
        version: started?.version ?? '',
      },
    ];
  });
}

function countWaves(events: readonly Event[]): Pick<RunRow, 'waves' | 'inWaves'> {
  const waves = events.filter((event) => event.type === 'site.waveStarted');
  return { waves: waves.length, inWaves: waves.reduce((sum, wave) => sum + wave.nodes.length, 0) };
}

const eventsOf = (recording: Recording, from: number, to: number | undefined): readonly Event[] =>
  recording.events.slice(from, to).map((one) => one.event);

export interface RunSlice {
  readonly start: Fleet;
  readonly events: readonly Event[];
  readonly notes: readonly string[];
  readonly program?: string;
}

/** The waves of the journal whose id begins so, oldest first. */
export const wavesNamed = (recording: Recording, named: string): readonly string[] => [
  ...new Set(
    recording.events.flatMap(({ event }) =>
      event.type === 'site.waveStarted' && event.wave.startsWith(named) ? [event.wave] : [],
    ),
  ),
];

/** From the start of a wave to the last event that changed it: over several runs of the program, if it took those. */
export function sliceWave(recording: Recording, wave: string): RunSlice | undefined {
  const { events } = recording;
  const from = events.findIndex(({ event }) => event.type === 'site.waveStarted' && event.wave === wave);
  if (from < 0) return undefined;
  const timeline = createTimeline(recording);
  const start = timeline.fleetAfter(from);
  let to = from;
  let before = start.waves[wave];
  for (let index = from; index < events.length; index += 1) {
    const after = timeline.fleetAfter(index + 1).waves[wave];
    if (after !== before) to = index;
    before = after;
  }
  const isOpen = before !== undefined && isOpenWave(before);
  const own = eventsOf(recording, from, isOpen ? undefined : to + 1);
  const started = eventsOf(recording, 0, from).findLast((event) => event.type === 'engine.started');
  const program = started === undefined ? {} : { program: started.version };
  return { start, events: own, notes: [...recording.notes, ...timeline.notes()], ...program };
}

/** The events of one run and what was believed before it; without a number all that the journal holds. */
export function sliceRun(recording: Recording, number: number | undefined): RunSlice | undefined {
  if (number === undefined)
    return { start: recording.start, events: eventsOf(recording, 0, undefined), notes: recording.notes };
  const index = recording.runs.findIndex((run) => run.number === number);
  const run = recording.runs[index];
  if (run === undefined) return undefined;
  const timeline = createTimeline(recording);
  const start = timeline.fleetAfter(run.firstIndex);
  const events = eventsOf(recording, run.firstIndex, recording.runs[index + 1]?.firstIndex);
  return { start, events, notes: [...recording.notes, ...timeline.notes()] };
}
