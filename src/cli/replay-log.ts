import type { Event } from '../core/event.ts';
import type { LogSlice } from '../link/screen-port.ts';
import { logLineOf } from './replay-lines.ts';

/** The lines of one machine, or of all (`*`), as far as the replay has come. */
export interface ReplayLog {
  readonly read: (source: string, fromLine: number, untilIndex: number) => LogSlice;
}

const SLICE_LINES = 500;

/** A screen asks every second: which event has a line for whom is looked up once, and the text made when it is read. */
export function createReplayLog(eventAt: (index: number) => Event | undefined): ReplayLog {
  const bySource = new Map<string, number[]>([['*', []]]);
  let indexed = 0;
  const put = (source: string, index: number) => {
    const list = bySource.get(source);
    if (list === undefined) bySource.set(source, [index]);
    else list.push(index);
  };
  const indexUntil = (until: number) => {
    for (; indexed < until; indexed += 1) {
      const event = eventAt(indexed);
      if (event === undefined || logLineOf(event) === undefined) continue;
      put('*', indexed);
      if ('node' in event && event.node !== undefined) put(event.node, indexed);
    }
  };
  return {
    read: (source, fromLine, untilIndex) => {
      indexUntil(untilIndex);
      const all = bySource.get(source) ?? [];
      const lines = all
        .slice(fromLine, fromLine + SLICE_LINES)
        .filter((index) => index < untilIndex)
        .flatMap((index) => {
          const event = eventAt(index);
          return event === undefined ? [] : (logLineOf(event) ?? []);
        });
      return { fromLine, nextLine: fromLine + lines.length, lines };
    },
  };
}
