import { expect, test } from 'vitest';
import { createProgressLine, renderProgress } from '../../src/cli/progress-line.ts';

test.each<[string, Parameters<typeof renderProgress>, string]>([
  ['half of it', [50e6, 100e6, 5000], '[############............]  50% of 100.0 MB 10.0 MB/s eta 5s'],
  ['what was there before counts for the bar alone', [60e6, 100e6, 1000, 50e6], '60% of 100.0 MB 10.0 MB/s eta 4s'],
  ['nothing moved yet', [0, 100e6, 0], '[........................]   0% of 100.0 MB'],
  ['an unknown length', [5e6, 0, 1000], '5.0 MB 5.0 MB/s'],
  ['minutes', [1e6, 1000e6, 1000], 'eta 16m39s'],
])('a bar of %s', (_name, input, expected) => {
  expect(renderProgress(...input)).toContain(expected);
});

test('each file has a speed of its own, and a terminal gets the end of it', () => {
  const drawn: string[] = [];
  let at = 0;
  const line = createProgressLine(
    (text) => drawn.push(text),
    'pull',
    true,
    () => at,
  );
  line.update(0, 10e6, 'kernel');
  at = 10_000;
  line.update(10e6, 10e6, 'kernel');
  line.update(0, 10e6, 'initramfs');
  at = 11_000;
  line.update(5e6, 10e6, 'initramfs');
  line.end();
  expect(drawn.at(-2)).toContain('5.0 MB/s eta 1s');
  expect(drawn.at(-1)).toBe('\r\x1b[K');
});

test('where nobody watches nothing is drawn', () => {
  const line = createProgressLine(() => expect.unreachable(), 'pull', false);
  line.update(1, 2);
  line.end();
});
