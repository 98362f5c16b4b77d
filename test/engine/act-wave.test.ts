import { describe, expect, test } from 'vitest';
import { emptyFleet, type Wave } from '../../src/core/fleet.ts';
import type { OperatorAction } from '../../src/core/operator-action.ts';
import { ok } from '../../src/core/result.ts';
import { type ActParts, act } from '../../src/engine/act.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
import { createOrdersUnderWay } from '../../src/engine/orders-under-way.ts';
import { planOf, T0 } from '../core/kit.ts';

const by = { user: 'ada', from: 'tty1' };

function openIn(state: Wave['state'], change: Partial<Wave> = {}) {
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
    ...change,
  };
  const engine = createEngine({
    fleet: { ...emptyFleet(T0), waves: { w: wave } },
    journal: { append: (event) => stored.push(event.type), durable: async () => ok(undefined) },
    effects: { run: () => undefined },
    now: () => T0,
  });
  const parts = {
    engine,
    audit: { append: async () => ok(undefined) },
    readOnly: false,
    underWay: createOrdersUnderWay(),
  } as unknown as ActParts;
  const ask = async (action: OperatorAction) => {
    const done = await act(parts, action, { actor: by, mayWrite: true });
    return done.ok ? done.value : `refused: ${done.error}`;
  };
  return { ask, stored, engine };
}

function open(state: Wave['state']) {
  const { ask, stored } = openIn(state);
  return async (type: 'wavePause' | 'waveResume' | 'waveCancel', id = 'w') => {
    const said = await ask({ type, wave: id });
    return said.startsWith('refused') ? said : stored.join();
  };
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

describe('under PANIC', () => {
  test.each(['paused', 'stopped'] as const)('a wave that is %s does not go on, and is ended', async (state) => {
    const { ask } = openIn(state);
    await ask({ type: 'panic', on: true });
    expect(await ask({ type: 'waveResume', wave: 'w' })).toMatch(
      /^refused: the panic key is pressed: release it first, then/,
    );
    expect(await ask({ type: 'waveCancel', wave: 'w' })).toMatch(/^wave cancelled/);
  });

  test('its end names the wave that it paused, and how many more', async () => {
    const { ask, engine } = openIn('running');
    await ask({ type: 'panic', on: true });
    expect(engine.fleet().waves['w']?.state).toBe('paused');
    const said = 'panic released; wave w (reinstall) is paused: `crashcart wave resume w` lets it go on';
    expect(await ask({ type: 'panic', on: false })).toBe(said);
  });

  test('its end names no wave that stopped by itself', async () => {
    const { ask } = openIn('stopped');
    await ask({ type: 'panic', on: true });
    expect(await ask({ type: 'panic', on: false })).toBe('panic released');
  });
});

describe('one that erases what waits', () => {
  const names = ['node-01', 'node-02', 'node-03'];
  const entries = names.map((node) => ({ node, job: `j-${node}`, plan: planOf('reinstall'), confirmed: node }));
  const opened = (change: Partial<Wave> = {}) => openIn('paused', { entries, started: ['node-01'], ...change });

  test.each([undefined, 'ERASE 3', 'node-02', ''])('does not go on by %o', async (confirmed) => {
    const { ask, engine } = opened();
    const typed = confirmed === undefined ? {} : { confirmed };
    expect(await ask({ type: 'waveResume', wave: 'w', ...typed })).toBe(
      `refused: this wave goes on to ERASE the disks of 2 machines: type ERASE 2 to confirm${confirmed === undefined ? ' (a crashcart older than this engine cannot)' : ''}`,
    );
    expect(engine.fleet().waves['w']?.state).toBe('paused');
  });

  test('goes on when the number of those that wait is typed', async () => {
    const { ask } = opened();
    expect(await ask({ type: 'waveResume', wave: 'w', confirmed: 'ERASE 2' })).toBe('wave goes on');
  });

  test.each<readonly [string, Partial<Wave>]>([
    ['one that erases nothing', { kind: 'install' }],
    ['one of which all have begun', { started: names }],
  ])('%s goes on without it', async (_, change) => {
    expect(await opened(change).ask({ type: 'waveResume', wave: 'w' })).toBe('wave goes on');
  });
});

test('a wave that is not there is refused', async () => {
  expect(await open('running')('waveCancel', 'x')).toBe('refused: there is no wave x');
});
