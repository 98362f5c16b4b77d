import type { LogLevel, LogLine, LogSlice } from '../../link/screen-port.ts';
import type { LogView } from './ui-state.ts';

/** The newest lines of one log. Lines keep their numbers, so that a paused view stays where it is. */
export interface LogBuffer {
  readonly firstLine: number;
  readonly nextLine: number;
  readonly lines: readonly LogLine[];
}

export const EMPTY_LOG: LogBuffer = { firstLine: 0, nextLine: 0, lines: [] };
export const LOG_KEPT = 2_000;

/** A slice that does not join (lines were lost, or the engine started again) replaces what was there. */
export function addLogSlice(buffer: LogBuffer, slice: LogSlice): LogBuffer {
  const overlap = buffer.nextLine - slice.fromLine;
  const joins = buffer.lines.length > 0 && overlap >= 0 && overlap <= slice.lines.length;
  const lines = (joins ? [...buffer.lines, ...slice.lines.slice(overlap)] : slice.lines).slice(-LOG_KEPT);
  return { firstLine: slice.nextLine - lines.length, nextLine: slice.nextLine, lines };
}

const RANK: { readonly [L in LogLevel]: number } = { debug: 0, info: 1, warn: 2, error: 3 };

export interface NumberedLine {
  readonly number: number;
  readonly line: LogLine;
}

/** The lines of this level that the view ends with, newest last, at most `count`. */
export function linesInView(buffer: LogBuffer, view: LogView, count: number): readonly NumberedLine[] {
  const end = view.follow ? buffer.nextLine : Math.min(view.anchor, buffer.nextLine);
  const found: NumberedLine[] = [];
  for (let at = end - buffer.firstLine - 1; at >= 0 && found.length < count; at--) {
    const line = buffer.lines[at];
    if (line !== undefined && RANK[line.level] >= RANK[view.level]) found.push({ number: buffer.firstLine + at, line });
  }
  return found.reverse();
}

export function countNew(buffer: LogBuffer, view: LogView): number {
  if (view.follow) return 0;
  let count = 0;
  for (let at = Math.max(0, view.anchor - buffer.firstLine); at < buffer.lines.length; at++) {
    const line = buffer.lines[at];
    if (line !== undefined && RANK[line.level] >= RANK[view.level]) count++;
  }
  return count;
}

export const matchesSearch = (line: LogLine, search: string): boolean =>
  search !== '' && `${line.source} ${line.text}`.toLowerCase().includes(search.toLowerCase());

/** Scrolls by lines of this level; reaching the end does not switch following on by itself. */
export function scrollLog(buffer: LogBuffer, view: LogView, by: number): LogView {
  let anchor = Math.min(view.follow ? buffer.nextLine : view.anchor, buffer.nextLine);
  const step = Math.sign(by);
  for (let left = Math.abs(by); left > 0; left--) {
    let next = anchor + step;
    while (next > buffer.firstLine && next < buffer.nextLine && !shows(buffer, view, next - 1)) next += step;
    if (next <= buffer.firstLine || next > buffer.nextLine) break;
    anchor = next;
  }
  return { ...view, follow: false, anchor };
}

const shows = (buffer: LogBuffer, view: LogView, number: number): boolean => {
  const line = buffer.lines[number - buffer.firstLine];
  return line !== undefined && RANK[line.level] >= RANK[view.level];
};

/** The next line, older or newer than the last one in view, that holds the search. */
export function seekMatch(buffer: LogBuffer, view: LogView, direction: 'older' | 'newer'): LogView | undefined {
  const from = (view.follow ? buffer.nextLine : view.anchor) - 1 - buffer.firstLine;
  const step = direction === 'older' ? -1 : 1;
  const first = view.follow && direction === 'older' ? from : from + step;
  for (let at = first; at >= 0 && at < buffer.lines.length; at += step) {
    const line = buffer.lines[at];
    if (line !== undefined && matchesSearch(line, view.search))
      return { ...view, follow: false, anchor: buffer.firstLine + at + 1 };
  }
  return undefined;
}
