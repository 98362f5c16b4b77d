import { describe, expect, test } from 'vitest';
import type { LogLine } from '../../../src/link/screen-port.ts';
import {
  addLogSlice,
  countNew,
  EMPTY_LOG,
  LOG_KEPT,
  linesInView,
  scrollLog,
  seekMatch,
} from '../../../src/ui/state/log-buffer.ts';
import { freshUi } from '../../../src/ui/state/ui-state.ts';

const line = (text: string, level: LogLine['level'] = 'info'): LogLine => ({ at: 0, source: 'ctl', level, text });
const slice = (fromLine: number, ...texts: readonly string[]) => ({
  fromLine,
  nextLine: fromLine + texts.length,
  lines: texts.map((text) => line(text)),
});
const { log } = freshUi(80, 25);
const texts = (buffer: typeof EMPTY_LOG, view = log, count = 10) =>
  linesInView(buffer, view, count).map((one) => one.line.text);

describe('the ring of a log', () => {
  test('slices join', () => {
    const buffer = addLogSlice(addLogSlice(EMPTY_LOG, slice(0, 'a', 'b')), slice(2, 'c'));
    expect([texts(buffer), buffer.nextLine]).toEqual([['a', 'b', 'c'], 3]);
  });

  test('what comes twice is kept once', () => {
    expect(texts(addLogSlice(addLogSlice(EMPTY_LOG, slice(0, 'a', 'b')), slice(1, 'b', 'c')))).toEqual(['a', 'b', 'c']);
  });

  test('a gap replaces what was there', () => {
    expect(texts(addLogSlice(addLogSlice(EMPTY_LOG, slice(0, 'a')), slice(50, 'x', 'y')))).toEqual(['x', 'y']);
  });

  test('it is bounded and keeps its numbers', () => {
    let buffer = EMPTY_LOG;
    for (let round = 0; round < 30; round++)
      buffer = addLogSlice(
        buffer,
        slice(round * 100, ...Array.from({ length: 100 }, (_, at) => `${round * 100 + at}`)),
      );
    expect([buffer.lines.length, buffer.firstLine, buffer.nextLine]).toEqual([LOG_KEPT, 3000 - LOG_KEPT, 3000]);
    expect(texts(buffer, log, 1)).toEqual(['2999']);
  });
});

describe('the view', () => {
  const buffer = addLogSlice(EMPTY_LOG, {
    fromLine: 0,
    nextLine: 5,
    lines: [line('one'), line('two', 'debug'), line('three'), line('four', 'error'), line('five')],
  });

  test('shows its level and above', () => {
    expect(texts(buffer)).toEqual(['one', 'three', 'four', 'five']);
    expect(texts(buffer, { ...log, level: 'error' })).toEqual(['four']);
  });

  test('stays where it is when new lines come, and counts them', () => {
    const paused = scrollLog(buffer, log, -1);
    const more = addLogSlice(buffer, slice(5, 'six', 'seven'));
    expect([texts(more, paused, 2), countNew(more, paused)]).toEqual([['three', 'four'], 3]);
    expect(texts(more, { ...paused, follow: true }, 2)).toEqual(['six', 'seven']);
  });

  test('steps over lines of other levels', () => {
    const up = scrollLog(buffer, log, -3);
    expect(texts(buffer, up, 1)).toEqual(['one']);
    expect(texts(buffer, scrollLog(buffer, up, 1), 1)).toEqual(['three']);
  });

  test('finds older and newer matches', () => {
    const found = seekMatch(buffer, { ...log, search: 'THREE' }, 'older');
    expect(found === undefined ? [] : texts(buffer, found, 1)).toEqual(['three']);
    expect(seekMatch(buffer, { ...log, search: 'absent' }, 'older')).toBeUndefined();
    expect(found === undefined ? undefined : seekMatch(buffer, { ...found, search: 'five' }, 'newer')?.anchor).toBe(5);
  });
});
