import type { LogLine, LogSlice } from '../link/screen-port.ts';
import { logLineOf } from './replay-lines.ts';
import type { Timeline } from './replay-timeline.ts';

/** The lines of one machine, or of all (`*`), as far as the replay has come. */
export interface ReplayLog {
  readonly read: (source: string, fromLine: number, untilIndex: number) => LogSlice;
}

const SLICE_LINES = 500;

/** Which event has a line for whom is looked up once (a screen asks every second), and the text made when it is read. */
export function createReplayLog({ eventAt, troubles }: Pick<Timeline, 'eventAt' | 'troubles'>): ReplayLog {
  /** An event by its index; a cause, which stands behind the event that it follows from, by its own and below zero. */
  const bySource = new Map<string, number[]>([['*', []]]);
  let indexed = 0;
  let told = 0;
  const put = (source: string, index: number) => {
    const list = bySource.get(source);
    if (list === undefined) bySource.set(source, [index]);
    else list.push(index);
  };
  const putBoth = (node: string | undefined, index: number) => {
    put('*', index);
    if (node !== undefined) put(node, index);
  };
  const indexUntil = (until: number) => {
    for (; indexed < until; indexed += 1) {
      const event = eventAt(indexed);
      if (event !== undefined && logLineOf(event) !== undefined)
        putBoth('node' in event ? event.node : undefined, indexed);
      for (; (troubles[told]?.after ?? Number.POSITIVE_INFINITY) <= indexed + 1; told += 1)
        putBoth(troubles[told]?.line.node, -1 - told);
    }
  };
  const lineAt = (index: number, untilIndex: number): LogLine | undefined => {
    if (index < 0) {
      const trouble = troubles[-1 - index];
      return trouble !== undefined && trouble.after <= untilIndex ? trouble.line : undefined;
    }
    const event = index < untilIndex ? eventAt(index) : undefined;
    return event === undefined ? undefined : logLineOf(event);
  };
  return {
    read: (source, fromLine, untilIndex) => {
      indexUntil(untilIndex);
      const wanted = bySource.get(source)?.slice(fromLine, fromLine + SLICE_LINES) ?? [];
      const lines = wanted.flatMap((index) => lineAt(index, untilIndex) ?? []);
      return { fromLine, nextLine: fromLine + lines.length, lines };
    },
  };
}
