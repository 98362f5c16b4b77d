import { describe, expect, test } from 'vitest';
import type { EventBody } from '../../src/core/event.ts';
import { emptyFleet } from '../../src/core/fleet.ts';
import type { OperatorAction } from '../../src/core/operator-action.ts';
import { fail, ok } from '../../src/core/result.ts';
import { type ActParts, act } from '../../src/engine/act.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
import { createOrdersUnderWay } from '../../src/engine/orders-under-way.ts';
import { ACTOR, armed, planOf, specOf, stored, T0 } from '../core/kit.ts';

/** What changes nothing is refused in words, and stands in no journal. */

async function ask(action: OperatorAction, ...before: readonly EventBody[]) {
  const kept: string[] = [];
  const engine = createEngine({
    fleet: emptyFleet(T0),
    journal: { append: (event) => kept.push(event.type), durable: async () => ok(undefined) },
    effects: { run: () => undefined },
    now: () => T0,
  });
  const nodes = [specOf('node-01'), specOf('node-02')];
  for (const event of [{ type: 'inventory.loaded', nodes, site: 'lab', hash: 'h', warnings: [] } as const, ...before])
    engine.emit(event);
  const already = kept.length;
  const parts = {
    engine,
    audit: { append: async () => ok(undefined) },
    readOnly: false,
    underWay: createOrdersUnderWay(),
  } as unknown as ActParts;
  const done = await act(parts, action, { actor: ACTOR, mayWrite: true });
  return [done.ok ? done.value : `refused: ${done.error}`, kept.slice(already)] as const;
}

const [one, two] = ['node-01', 'node-02'] as const;
const job: readonly EventBody[] = [armed('install', { expiresAt: T0 + 60_000 }), stored()];
const held: EventBody = { type: 'operator.held', node: two, why: 'DIMM', by: ACTOR };
const panic: EventBody = { type: 'site.panicSwitched', on: true, by: ACTOR };
const writes: EventBody = { type: 'talos.phaseStarted', node: one, phase: 'install' };
const script: EventBody = {
  type: 'http.scriptAsked',
  node: one,
  address: '10.77.0.1',
  answer: 'install',
  job: 'job-1',
  reason: '',
  hardware: {},
};

describe('of machines', () => {
  test.each<readonly [string, OperatorAction, readonly EventBody[], string, readonly string[]]>([
    ['a retry of a job goes', { type: 'retry', nodes: [one] }, job, 'node-01 retried', ['operator.retried']],
    [
      'who holds machines hears of the disk that is written all the same',
      { type: 'hold', nodes: [one, two], why: 'x' },
      [...job, { ...script, job: 'job-1' }, writes],
      '2 machines on hold; node-01: its disk is already being written, and the machine goes on by itself: power it off now to stop that; its disk is to be taken as erased until a system is seen to run from it',
      ['operator.held', 'operator.held'],
    ],
    [
      'who cancels hears nothing of a disk that nothing was sent for',
      { type: 'cancel', nodes: [one] },
      job,
      'node-01 cancelled',
      ['operator.cancelled'],
    ],
    [
      'a retry without a job is refused',
      { type: 'retry', nodes: [one] },
      [],
      'refused: node-01 has nothing to retry',
      [],
    ],
    [
      'a retry under PANIC is refused, once for all of them',
      { type: 'retry', nodes: [one, two] },
      [...job, armed('install', { node: two, job: 'job-2', expiresAt: T0 + 60_000 }), stored(two, 'job-2'), panic],
      'refused: the panic key is pressed, so a retry would send nothing: release it first',
      [],
    ],
    [
      'a retry of a job whose own script went out is refused',
      { type: 'retry', nodes: [one] },
      [
        armed('reinstall', {
          plan: planOf('reinstall', { foreign: true, templateHash: 't' }),
          confirmed: one,
          expiresAt: T0 + 60_000,
        }),
        stored(),
        script,
      ],
      'refused: the disk of node-01 may be written: it is not disturbed',
      [],
    ],
    [
      'a retry of a job that writes is refused',
      { type: 'retry', nodes: [one] },
      [...job, script, writes],
      'refused: the disk of node-01 is being written: it is not disturbed',
      [],
    ],
    [
      'a retry of several means those that have a job, and names the others',
      { type: 'retry', nodes: [one, two] },
      job,
      'node-01 retried; node-02 has nothing to retry',
      ['operator.retried'],
    ],
    [
      'a release of one on hold goes',
      { type: 'release', nodes: [two] },
      [held],
      'node-02 released',
      ['operator.released'],
    ],
    [
      'a release of one that is free is refused',
      { type: 'release', nodes: [one] },
      [],
      'refused: nothing holds node-01',
      [],
    ],
    ['none is refused', { type: 'retry', nodes: [] }, [], 'refused: no machine is named', []],
  ])('%s', async (_name, action, before, said, events) => {
    expect(await ask(action, ...before)).toEqual([said, events]);
  });
});

test('an arming that cannot be stored says so once: whoever tells it says that nothing was armed', async () => {
  const engine = createEngine({
    fleet: emptyFleet(T0),
    journal: { append: () => 0, durable: async () => fail('no space left') },
    effects: { run: () => undefined },
    now: () => T0,
  });
  engine.emit({ type: 'inventory.loaded', nodes: [specOf(one)], site: 'lab', hash: 'h', warnings: [] });
  const rendered = { node: one, plan: planOf('install') };
  const parts = {
    engine,
    planner: { plan: async () => ok({ rendered }) },
    rendered: { put: () => undefined },
    newId: () => 'job-1',
    audit: { append: async () => ok(undefined) },
    readOnly: false,
    underWay: createOrdersUnderWay(),
  } as unknown as ActParts;
  const arm: OperatorAction = { type: 'arm', kind: 'install', nodes: [one], planHashes: {} };
  const done = await act(parts, arm, { actor: ACTOR, mayWrite: true });
  expect(done).toEqual({
    ok: false,
    error:
      'it could not be stored: no space left (should it have reached the disk all the same, the next start ends it)',
  });
});
