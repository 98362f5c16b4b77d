import { expect, test } from 'vitest';
import { emptyFleet, type Wave } from '../../src/core/fleet.ts';
import type { OperatorAction } from '../../src/core/operator-action.ts';
import { ok } from '../../src/core/result.ts';
import { type ActParts, act } from '../../src/engine/act.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
import { T0 } from '../core/kit.ts';

const by = { user: 'ada', from: 'tty1' };

function open(state: Wave['state']) {
  const stored: string[] = [];
  const wave: Wave = {
    id: 'w',
    kind: 'reinstall',
    entries: [],
    canary: 1,
    width: 5,
    stopAfterFailures: 1,
    startedAt: T0,
    by,
    state,
    started: [],
    ended: {},
  };
  const engine = createEngine({
    fleet: { ...emptyFleet(T0), waves: { w: wave } },
    journal: { append: (event) => stored.push(event.type), durable: async () => ok(undefined) },
    effects: { run: () => undefined },
    now: () => T0,
  });
  const parts = { engine, audit: { append: async () => ok(undefined) }, readOnly: false } as unknown as ActParts;
  const ask = async (type: 'wavePause' | 'waveResume' | 'waveCancel', id = 'w') => {
    const action: OperatorAction = { type, wave: id };
    const done = await act(parts, action, { actor: by, mayWrite: true });
    return done.ok ? stored.join() : `refused: ${done.error}`;
  };
  return ask;
}

test.each<readonly [Wave['state'], Parameters<ReturnType<typeof open>>[0], string]>([
  ['running', 'wavePause', 'site.wavePaused'],
  ['paused', 'wavePause', 'refused: this wave is paused'],
  ['stopped', 'wavePause', 'refused: this wave is stopped'],
  ['paused', 'waveResume', 'site.waveResumed'],
  ['stopped', 'waveResume', 'site.waveResumed'],
  ['running', 'waveResume', 'refused: this wave is running already'],
  ['done', 'waveResume', 'refused: this wave is done'],
  ['stopped', 'waveCancel', 'site.waveCancelled'],
  ['done', 'waveCancel', 'refused: this wave is done'],
  ['cancelled', 'waveCancel', 'refused: this wave is cancelled'],
])('a wave that is %s: %s', async (state, type, want) => {
  expect(await open(state)(type)).toBe(want);
});

test('a wave that is not there is refused', async () => {
  expect(await open('running')('waveCancel', 'x')).toBe('refused: there is no wave x');
});
