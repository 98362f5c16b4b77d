import type { Series } from './flatness.ts';

/** What program and rack held at one moment, by the names of the figures. */
export interface Sample {
  readonly minute: number;
  /** As many machines were under way as may be at a time, or nearly. */
  readonly underLoad: boolean;
  readonly values: Readonly<Record<string, number>>;
}

/** Judged also where nobody could measure them: a thread that gives no answer is not one that is flat. */
const ALWAYS = ['engine: heap', 'main: heap', 'program: sockets', 'program: other descriptors'];
const EXTERNAL = 'engine: external';

const FLOOR_MB = 8;
/** The rack beside the program keeps consoles, verdicts and writes: it is the measure, and not what is measured. */
const RACK_FLOOR_MB = 24;
/**
 * Three to each of a score of machines: a wave more or less that begins in a third. In a large rack one for each machine
 * that may be under way: who wipes first has 3.4 sockets on its way, who installs on a blank disk 2.8 (measured), and the
 * thirds are waves of one and of the other. What nobody closes shows at rest, beside a fresh program.
 */
const FLOOR_SOCKETS = 64;
/** Files of the journal and pipes: their number has little to do with what is under way. */
const FLOOR_DESCRIPTORS = 8;

/**
 * Memory of each thread and all descriptors, by the samples of equal load alone: in the calm at the end all would look
 * as if it went down. What the allocator gives back to the kernel is its own affair; the engine's memory beside its heap
 * are rooms of a fixed size that fill, and has a bound instead.
 */
export function seriesOf(samples: readonly Sample[], mayBeUnderWay: number): readonly Series[] {
  const names = new Set([...ALWAYS, ...samples.flatMap(({ values }) => Object.keys(values))]);
  const loaded = samples.filter(({ underLoad }) => underLoad);
  return [...names]
    .filter((name) => !name.endsWith('RSS') && name !== 'rack: external' && name !== EXTERNAL)
    .map((name) => ({ name, ...unitOf(name, mayBeUnderWay), points: pointsOf(loaded, name) }));
}

/** The most that the engine held beside its heap; no number where that was never measured. */
export function highestExternalMb(samples: readonly Sample[]): number {
  const values = pointsOf(samples, EXTERNAL).map(({ value }) => value);
  return values.length === 0 ? Number.NaN : Math.max(...values);
}

function pointsOf(samples: readonly Sample[], name: string): Series['points'] {
  return samples.flatMap(({ minute, values }) => {
    const value = values[name];
    return value === undefined ? [] : [{ minute, value }];
  });
}

function unitOf(name: string, mayBeUnderWay: number): Pick<Series, 'unit' | 'floor'> {
  if (name.endsWith('sockets')) return { unit: '', floor: Math.max(FLOOR_SOCKETS, mayBeUnderWay) };
  if (name.endsWith('descriptors')) return { unit: '', floor: FLOOR_DESCRIPTORS };
  return { unit: 'MB', floor: name.startsWith('rack') ? RACK_FLOOR_MB : FLOOR_MB };
}
