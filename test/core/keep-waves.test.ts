import { expect, test } from 'vitest';
import type { Wave } from '../../src/core/fleet.ts';
import { keepWaves } from '../../src/core/keep-waves.ts';
import { memberStarted } from '../../src/core/wave.ts';

const wave = (number: number, machines: number, state: Wave['state'], open = false): Wave => {
  const names = Array.from({ length: machines }, (_, at) => `w${number}-n${at}`);
  return {
    id: `wave-${number}`,
    kind: 'install',
    entries: names.map((node) => ({ node, job: `job-${node}` }) as Wave['entries'][number]),
    canary: 0,
    width: machines,
    stopAfterFailures: 1,
    startedAt: number,
    by: { user: 'ann', from: 'tty1', screen: 's1' },
    state,
    started: names,
    ended: open ? {} : Object.fromEntries(names.map((name) => [name, { outcome: 'done' as const, at: number }])),
  };
};
const kept = (...waves: readonly Wave[]) =>
  Object.keys(keepWaves(Object.fromEntries(waves.map((one) => [one.id, one]))));

test('of many waves the 32 newest stay', () => {
  const all = Array.from({ length: 40 }, (_, at) => wave(at + 1, 3, 'done'));
  expect(kept(...all)).toEqual(all.slice(8).map(({ id }) => id));
});

test('of large waves as many stay as have 8,000 machines together', () => {
  expect(kept(...Array.from({ length: 6 }, (_, at) => wave(at + 1, 3000, 'done')))).toEqual(['wave-5', 'wave-6']);
});

test('a wave that can still start or wait for a machine is never let go, however old', () => {
  const newer = Array.from({ length: 40 }, (_, at) => wave(at + 10, 1, 'done'));
  const open = [
    wave(1, 1, 'running', true),
    wave(2, 1, 'paused'),
    wave(3, 1, 'stopped'),
    wave(4, 1, 'cancelled', true),
  ];
  expect(kept(...open, ...newer).slice(0, 4)).toEqual(['wave-1', 'wave-2', 'wave-3', 'wave-4']);
  expect(kept(wave(5, 1, 'cancelled'), ...newer)).not.toContain('wave-5');
});

test('the newest stays whatever its size', () => {
  expect(kept(wave(1, 9000, 'done'))).toEqual(['wave-1']);
});

test('a machine takes its plan along when it is armed: the wave keeps those of the machines that still wait', () => {
  const plan = { hash: 'p' } as NonNullable<Wave['entries'][number]['plan']>;
  const waiting = { ...wave(1, 3, 'running', true), started: [] };
  const started = memberStarted({ ...waiting, entries: waiting.entries.map((entry) => ({ ...entry, plan })) }, 'w1-n1');
  expect(started.started).toEqual(['w1-n1']);
  expect(started.entries.map((entry) => [entry.node, entry.job, entry.plan])).toEqual([
    ['w1-n0', 'job-w1-n0', plan],
    ['w1-n1', 'job-w1-n1', undefined],
    ['w1-n2', 'job-w1-n2', plan],
  ]);
});
