import type { LogLine } from '../core/ports.ts';

/** The last lines of each machine and of the services, in memory. The journal keeps what matters; this is for reading along. */
export interface LogBook {
  readonly write: (line: LogLine) => void;
  readonly read: (
    source: string,
    fromLine: number,
  ) => { readonly fromLine: number; readonly nextLine: number; readonly lines: readonly LogLine[] };
}

const LINES_PER_NODE = 2000;
/** The name under which all lines are kept together, and those that belong to no machine. */
export const ALL_LINES = '*';

interface Ring {
  first: number;
  lines: LogLine[];
}

export function createLogBook(linesKept = LINES_PER_NODE): LogBook {
  const rings = new Map<string, Ring>();
  const put = (name: string, line: LogLine) => {
    let ring = rings.get(name);
    if (ring === undefined) {
      ring = { first: 0, lines: [] };
      rings.set(name, ring);
    }
    ring.lines.push(line);
    // Cut in blocks: shifting one line at a time would copy the ring for every line.
    if (ring.lines.length > linesKept * 1.25) {
      const excess = ring.lines.length - linesKept;
      ring.lines = ring.lines.slice(excess);
      ring.first += excess;
    }
  };
  return {
    write: (line) => {
      if (line.node !== '') put(line.node, line);
      put(ALL_LINES, line);
    },
    read: (source, fromLine) => {
      const ring = rings.get(source) ?? { first: 0, lines: [] };
      const from = Math.max(fromLine, ring.first);
      const lines = ring.lines.slice(from - ring.first, from - ring.first + 500);
      return { fromLine: from, nextLine: from + lines.length, lines };
    },
  };
}
