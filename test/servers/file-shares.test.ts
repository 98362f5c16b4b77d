import { expect, test, vi } from 'vitest';
import { shareFiles } from '../../src/servers/file-shares.ts';
import { countRefused, type Refused, refusedText } from '../../src/servers/refused-connections.ts';

/** All that machines can make it open at once: in HTTP of each thread, to both receivers of reports, and by TFTP. */
function mostOpen(openFiles: number, threads: number): number {
  const { http, reports, transfers } = shareFiles(openFiles, threads);
  return Math.max(1, threads) * http.connections + 2 * reports.connections + transfers;
}

test.each([
  [1024, 0],
  [1024, 4],
  [4096, 2],
  [20_000, 4],
  [65_536, 4],
  [65_536, 64],
])('of %d open files with %d threads at least 256 and an eighth stay for all else', (openFiles, threads) => {
  expect(mostOpen(openFiles, threads)).toBeLessThanOrEqual(openFiles - 256 - (openFiles - 256) / 8);
});

test('a host without a limit gives each as much as it ever takes', () => {
  expect(shareFiles(undefined, 4)).toEqual({
    http: { connections: 16_384, perClient: 4096 },
    reports: { connections: 8192, perClient: 8 },
    transfers: 4096,
  });
  expect(shareFiles(1024, 2).http).toEqual({ connections: 192, perClient: 48 });
});

test('a limit that leaves next to nothing still serves a few', () => {
  expect(shareFiles(64, 4).http.connections).toBe(16);
});

test('what is refused is told at once, and then now and then with how many there were', () => {
  vi.useFakeTimers();
  try {
    const told: Refused[] = [];
    const { add } = countRefused((refused) => told.push(refused), 1000);
    for (let index = 0; index < 5; index += 1) add('10.0.0.1', 48, true);
    add('10.0.0.2', 192, false);
    vi.advanceTimersByTime(1000);
    vi.advanceTimersByTime(5000);
    add('10.0.0.3', 192, false);
    expect(told.map((one) => refusedText('HTTP', one))).toEqual([
      'HTTP: a connection too many refused, the last of 10.0.0.1: 48 are open from there, as many as it may have here',
      'HTTP: 5 connections too many refused, the last of 10.0.0.2: 192 are open, as many as it may have here',
      'HTTP: a connection too many refused, the last of 10.0.0.3: 192 are open, as many as it may have here',
    ]);
  } finally {
    vi.useRealTimers();
  }
});
