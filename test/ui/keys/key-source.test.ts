import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createKeySource, ESC_WAIT_MS } from '../../../src/ui/keys/key-source.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function listen() {
  const input = new EventEmitter();
  const names: string[] = [];
  const source = createKeySource(input, (keys) =>
    names.push(...keys.map((key) => (key.kind === 'key' ? key.name : key.kind))),
  );
  source.resume();
  return { input, names, source };
}

test('a lone Esc is the Esc key only after the wait', () => {
  const { input, names } = listen();
  input.emit('data', '\u001b');
  expect(names).toEqual([]);
  vi.advanceTimersByTime(ESC_WAIT_MS);
  expect(names).toEqual(['esc']);
});

test('the rest of an arrow within the wait makes it an arrow', () => {
  const { input, names } = listen();
  input.emit('data', '\u001b');
  vi.advanceTimersByTime(ESC_WAIT_MS - 1);
  input.emit('data', Buffer.from('[A'));
  vi.advanceTimersByTime(ESC_WAIT_MS);
  expect(names).toEqual(['up']);
});

test('while paused the bytes belong to the editor', () => {
  const { input, names, source } = listen();
  source.pause();
  input.emit('data', 'dd');
  expect(input.listenerCount('data')).toBe(0);
  source.resume();
  input.emit('data', 'j');
  expect(names).toEqual(['j']);
});
