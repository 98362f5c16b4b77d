import type { LogLine } from '../core/ports.ts';
import { MINUTE_MS, type TimeMs } from '../core/time.ts';
import { createLineRing, type LineRing } from './line-ring.ts';

/** The last lines of each machine and of the services, in memory. The journal keeps what matters; this is for reading along. */
export interface LogBook {
  readonly write: (line: LogLine) => void;
  readonly read: (
    source: string,
    fromLine: number,
  ) => { readonly fromLine: number; readonly nextLine: number; readonly lines: readonly LogLine[] };
  /** Lines of machines that are quiet for a while go into bytes: now and then, while nobody waits. */
  readonly tidy: (at: TimeMs) => void;
  /** What the lines of all machines take together. */
  readonly sizeBytes: () => number;
}

export interface LogBounds {
  /** Of one machine: the whole kernel log of a boot is some 2,000. */
  readonly linesKept: number;
  /** What the quietest machine keeps when room is made: its last boot from the configuration on, as Talos tells it. */
  readonly linesLeft: number;
  /** For all machines: 2,000 of them have 300 lines each in it, 300 have all of theirs. */
  readonly totalBytes: number;
}

const BOUNDS: LogBounds = { linesKept: 2000, linesLeft: 200, totalBytes: 48 * 1024 * 1024 };
/** Less than this is not worth asking for: lines go in blocks. */
const SLACK = 1.25;
/** The name under which all lines are kept together, and those that belong to no machine. */
export const ALL_LINES = '*';
const READ_AT_ONCE = 500;
const QUIET_MS = MINUTE_MS;
/** Some 20 µs each: who asks for an address meanwhile does not notice. */
const TIDIED_AT_ONCE = 50;

export function createLogBook(bounds: Partial<LogBounds> = {}): LogBook {
  const { linesKept, linesLeft, totalBytes } = { ...BOUNDS, ...bounds };
  const all = createLineRing();
  const rings = new Map<string, LineRing>();
  /** Those with lines to give, the one quiet longest first: making room looks at one machine, never at all of them. */
  const rich = new Map<string, LineRing>();
  /** Those with lines that are objects, the one that was looked at longest ago first. */
  const loose = new Map<string, LineRing>();
  let sizeBytes = 0;

  /** Keeps the sum true. */
  const change = (ring: LineRing, how: () => void) => {
    const before = ring.sizeBytes;
    how();
    sizeBytes += ring.sizeBytes - before;
  };

  const makeRoom = () => {
    while (sizeBytes > totalBytes) {
      const [quietest] = rich;
      if (quietest === undefined) return;
      const [name, ring] = quietest;
      rich.delete(name);
      change(ring, () => ring.cut(linesLeft));
    }
  };
  const put = (name: string, line: LogLine) => {
    const ring = rings.get(name) ?? createLineRing(name);
    if (ring.next === 0) rings.set(name, ring);
    if (ring.looseAt === undefined) loose.set(name, ring);
    change(ring, () => {
      ring.add(line);
      ring.cut(linesKept);
    });
    if (ring.next - ring.first > linesLeft * SLACK) {
      rich.delete(name);
      rich.set(name, ring);
    }
    makeRoom();
  };
  return {
    write: (line) => {
      if (line.node !== '') put(line.node, line);
      all.add(line);
      all.cut(linesKept);
    },
    read: (source, fromLine) => {
      const ring = source === ALL_LINES ? all : rings.get(source);
      const from = Math.max(fromLine, ring?.first ?? 0);
      const lines = ring?.read(from, READ_AT_ONCE) ?? [];
      return { fromLine: from, nextLine: from + lines.length, lines };
    },
    tidy: (at) => {
      let left = TIDIED_AT_ONCE;
      for (const [name, ring] of loose) {
        if (left === 0) return;
        left -= 1;
        loose.delete(name);
        if ((ring.looseAt ?? 0) > at - QUIET_MS) loose.set(name, ring);
        else change(ring, () => ring.pack());
      }
    },
    sizeBytes: () => sizeBytes,
  };
}
