import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startTransfer } from '../../src/servers/start-transfer.ts';
import { createTestEngine, nodeSpec } from '../netboot/boot-fixture.ts';

/** How often the progress of a transfer is told, and that its last figure is. */

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function began(kind: 'loader' | 'image' = 'loader', running = 1) {
  const engine = createTestEngine([nodeSpec('n1', '52:54:00:00:00:01')], true);
  const transfer =
    kind === 'loader'
      ? ({ kind, node: 'n1', file: 'ipxe.efi' } as const)
      : ({ kind, node: 'n1', image: 'initrd' } as const);
  const report = startTransfer(engine, transfer, 100_000, 'http', () => running);
  const told = () => engine.events.flatMap((event) => ('sentBytes' in event ? [event.sentBytes] : []));
  return { engine, report, told };
}

test.each(['loader', 'image'] as const)('%s: what stops within the first moment is shown as far as it came', (kind) => {
  const { report, told } = began(kind);
  vi.advanceTimersByTime(40);
  report.moved(1000);
  vi.advanceTimersByTime(40);
  report.moved(60_000);
  expect(told()).toEqual([]);
  vi.advanceTimersByTime(400);
  expect(told()).toEqual([60_000]);
  vi.advanceTimersByTime(60_000);
  expect(told()).toEqual([60_000]);
});

test('so is what stops later', () => {
  const { report, told } = began();
  for (let index = 1; index <= 9; index += 1) {
    vi.advanceTimersByTime(50);
    report.moved(index * 1000);
  }
  vi.advanceTimersByTime(500);
  expect(told()).toEqual([5000, 9000]);
});

test('what moves on is told no more often than its interval lets it', () => {
  const { report, told } = began();
  for (let index = 1; index <= 80; index += 1) {
    vi.advanceTimersByTime(125);
    report.moved(index * 1000);
  }
  expect(told()).toEqual(Array.from({ length: 40 }, (_, index) => (index + 1) * 2000));
});

test('in a storm the last figure waits its turn too', () => {
  const { report, told } = began('loader', 1000);
  vi.advanceTimersByTime(100);
  report.moved(1000);
  vi.advanceTimersByTime(1900);
  expect(told()).toEqual([]);
  vi.advanceTimersByTime(400);
  expect(told()).toEqual([1000]);
});

test('what ends within its interval tells nothing but its end', () => {
  const { engine, report } = began();
  vi.advanceTimersByTime(100);
  report.moved(1000);
  report.done(100_000);
  vi.advanceTimersByTime(5000);
  expect(engine.events.slice(1).map(({ type }) => type)).toEqual(['loader.requested', 'loader.sent']);
});

test('a loader that breaks off within it tells with that how far it came', () => {
  const { engine, report } = began();
  report.moved(60_188);
  report.aborted(60_188, 'the client gave up');
  vi.advanceTimersByTime(5000);
  expect(engine.events.slice(2)).toMatchObject([{ type: 'loader.aborted', sentBytes: 60_188 }]);
});
