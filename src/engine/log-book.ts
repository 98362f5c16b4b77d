import type { LogLine } from '../core/ports.ts';

/** The last lines of each machine and of the services, in memory. The journal keeps what matters; this is for reading along. */
export interface LogBook {
  readonly write: (line: LogLine) => void;
  readonly read: (
    source: string,
    fromLine: number,
  ) => { readonly fromLine: number; readonly nextLine: number; readonly lines: readonly LogLine[] };
  /** What the lines of all machines take together, about. */
  readonly sizeBytes: () => number;
}

export interface LogBounds {
  /** Of one machine: the whole kernel log of a boot is some 2,000. */
  readonly linesKept: number;
  /** What the quietest machine keeps when room is made: its last boot from the configuration on, as Talos tells it. */
  readonly linesLeft: number;
  /** For all machines: 2,000 of them have 250 lines each in it, 150 have all of theirs. */
  readonly totalBytes: number;
}

const BOUNDS: LogBounds = { linesKept: 2000, linesLeft: 200, totalBytes: 96 * 1024 * 1024 };
/** The object of a line and its place in the ring, without its text. */
const LINE_BYTES = 100;
/** Cut in blocks: shifting one line at a time would copy the ring for every line. */
const SLACK = 1.25;
/** The name under which all lines are kept together, and those that belong to no machine. */
export const ALL_LINES = '*';

interface Ring {
  first: number;
  lines: LogLine[];
  sizeBytes: number;
}

const sizeOf = (line: LogLine): number => LINE_BYTES + line.text.length;

/** Keeps the last lines; gives how many bytes went. */
function cut(ring: Ring, kept: number): number {
  const excess = ring.lines.length - kept;
  let cutBytes = 0;
  for (let i = 0; i < excess; i += 1) {
    const line = ring.lines[i];
    if (line !== undefined) cutBytes += sizeOf(line);
  }
  ring.lines = ring.lines.slice(excess);
  ring.first += excess;
  ring.sizeBytes -= cutBytes;
  return cutBytes;
}

function append(ring: Ring, line: LogLine, kept: number): number {
  const lineBytes = sizeOf(line);
  ring.lines.push(line);
  ring.sizeBytes += lineBytes;
  return ring.lines.length > kept * SLACK ? lineBytes - cut(ring, kept) : lineBytes;
}

const emptyRing = (): Ring => ({ first: 0, lines: [], sizeBytes: 0 });

export function createLogBook(bounds: Partial<LogBounds> = {}): LogBook {
  const { linesKept, linesLeft, totalBytes } = { ...BOUNDS, ...bounds };
  const all = emptyRing();
  const rings = new Map<string, Ring>();
  /** Those with lines to give, the one quiet longest first: making room looks at one machine, never at all of them. */
  const rich = new Map<string, Ring>();
  let sizeBytes = 0;

  const makeRoom = () => {
    while (sizeBytes > totalBytes) {
      const [quietest] = rich;
      if (quietest === undefined) return;
      rich.delete(quietest[0]);
      sizeBytes -= cut(quietest[1], linesLeft);
    }
  };
  const put = (name: string, line: LogLine) => {
    const ring = rings.get(name) ?? emptyRing();
    if (ring.first === 0 && ring.lines.length === 0) rings.set(name, ring);
    sizeBytes += append(ring, line, linesKept);
    if (ring.lines.length > linesLeft * SLACK) {
      rich.delete(name);
      rich.set(name, ring);
    }
    makeRoom();
  };
  return {
    write: (line) => {
      if (line.node !== '') put(line.node, line);
      append(all, line, linesKept);
    },
    read: (source, fromLine) => {
      const ring = source === ALL_LINES ? all : (rings.get(source) ?? emptyRing());
      const from = Math.max(fromLine, ring.first);
      const lines = ring.lines.slice(from - ring.first, from - ring.first + 500);
      return { fromLine: from, nextLine: from + lines.length, lines };
    },
    sizeBytes: () => sizeBytes,
  };
}
