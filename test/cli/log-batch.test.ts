import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLogBatch } from '../../src/cli/log-batch.ts';
import type { LogLine } from '../../src/core/ports.ts';

const line = (text: string, level: LogLine['level'] = 'info'): LogLine => ({
  at: 0,
  node: 'r01-u01',
  source: 'dhcp',
  level,
  text,
});
const said = (text: string, level = 'info') =>
  `{"at":"1970-01-01T00:00:00.000Z","node":"r01-u01","source":"dhcp","level":"${level}","text":"${text}"}\n`;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('lines of one moment are one message, and the next moment is another', () => {
  const sent: string[] = [];
  const batch = createLogBatch((text) => sent.push(text), 50);
  batch.add(line('a'));
  batch.add(line('b'));
  expect(sent).toEqual([]);
  vi.advanceTimersByTime(50);
  expect(sent).toEqual([said('a') + said('b')]);
  batch.add(line('c'));
  vi.advanceTimersByTime(50);
  expect(sent.slice(1)).toEqual([said('c')]);
  vi.advanceTimersByTime(500);
  expect(sent.length).toBe(2);
});

test('what went wrong does not wait, and brings along what came before it', () => {
  const sent: string[] = [];
  const batch = createLogBatch((text) => sent.push(text), 50);
  batch.add(line('a'));
  batch.add(line('it broke', 'error'));
  expect(sent).toEqual([said('a') + said('it broke', 'error')]);
});

test('a flood goes out in pieces of bounded size, and nothing of it is lost', () => {
  const sent: string[] = [];
  const batch = createLogBatch((text) => sent.push(text), 50);
  for (let index = 0; index < 5000; index += 1) batch.add(line(`line ${index}`));
  batch.flush();
  expect(Math.max(...sent.map((text) => text.length))).toBeLessThan(66_000);
  expect(sent.join('').split('\n').length).toBe(5001);
});
