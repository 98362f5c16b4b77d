import { describe, expect, test } from 'vitest';
import { isKnownProcess, noteReported, type Reported, type Told, wasReported } from '../../src/core/reported.ts';

const event = (count: number, at = 1_000, series = 'aa'): Told => ({ by: 'events', series, count, at });
const line = (mark: number): Told => ({ by: 'kernelLog', mark });
const knowing = (...told: readonly Told[]): Reported | undefined =>
  told.reduce<Reported | undefined>((known, one) => noteReported(known, one, 5), undefined);
const range = (from: number, to: number): readonly Told[] =>
  Array.from({ length: to - from + 1 }, (_, i) => event(from + i, 1_000 + i));

describe('what a node reported before', () => {
  test.each<readonly [string, Reported | undefined, Told, boolean]>([
    ['nothing was told', undefined, event(5), false],
    ['the latest again', knowing(event(5)), event(5), true],
    ['the next one', knowing(event(5)), event(6, 1_001), false],
    ['one of hundreds before it', knowing(...range(1, 900)), event(17, 1_016), true],
    ['one that another overtook, and that was not counted', knowing(event(5), event(7)), event(6), false],
    ['one that another overtook, counted since', knowing(event(5), event(7), event(6)), event(6), true],
    ['across the end of the counter', knowing(event(2 ** 24 - 1), event(2, 2_000)), event(2 ** 24 - 1), true],
    ['the first after the end of the counter', knowing(event(2 ** 24 - 1)), event(0, 1_001), false],
    ['another process with the same number', knowing(event(5)), event(5, 1_000, 'bb'), false],
    ['the same machine after a boot, counting from elsewhere', knowing(event(5)), event(90_000, 9_000), false],
    ['the same machine after a boot, counting from nearly there', knowing(event(500)), event(450, 9_000), false],
    ['the boot before, told again beside the new one', knowing(event(5), event(90_000, 9_000)), event(5), true],
    ['a line of the log', knowing(line(77)), line(77), true],
    ['another line of the log', knowing(line(77)), line(78), false],
  ])('%s', (_name, known, told, expected) => {
    expect(wasReported(known, told)).toBe(expected);
  });

  test('takes a bounded place, however much is told', () => {
    let known: Reported | undefined;
    for (let i = 0; i < 5_000; i += 1) {
      known = noteReported(known, event(i * 10_000, i * 1_000, `s${i % 7}`), i);
      known = noteReported(known, line(i), i);
    }
    expect(known?.events).toHaveLength(3);
    expect(known?.lines).toHaveLength(64);
    expect(JSON.stringify(known).length).toBeLessThan(800);
  });

  test('what is told again leaves it as it is', () => {
    const known = knowing(...range(1, 40), line(3));
    expect(noteReported(known, event(9, 1_008), 9)).toBe(known);
    expect(noteReported(known, line(3), 9)).toBe(known);
  });

  test('tells a process that goes on from one that is new', () => {
    const known = knowing(event(100));
    expect(isKnownProcess(known, event(130, 1_030))).toBe(true);
    expect(isKnownProcess(known, event(90_000, 9_000))).toBe(false);
    expect(isKnownProcess(known, line(1))).toBe(false);
    expect(isKnownProcess(undefined, event(1))).toBe(false);
  });
});
