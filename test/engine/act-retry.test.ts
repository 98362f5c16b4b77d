import { describe, expect, test } from 'vitest';
import type { Effect } from '../../src/core/effect.ts';
import type { EventBody } from '../../src/core/event.ts';
import { emptyFleet, nodeOf } from '../../src/core/fleet.ts';
import { mayPower } from '../../src/core/may-power.ts';
import { ok } from '../../src/core/result.ts';
import type { NodeSpec } from '../../src/core/spec.ts';
import { type ActParts, act } from '../../src/engine/act.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
import { createOrdersUnderWay } from '../../src/engine/orders-under-way.ts';
import { bodiesOf } from '../core/bodies.ts';
import { ACTOR, armed, specOf, stored, T0 } from '../core/kit.ts';

/** What runs on a machine is not cut off for a job that is given nothing more. */

const name = 'node-01';
const spec = specOf(name);
const e = bodiesOf(name);

function open(...events: readonly EventBody[]) {
  const effects: Effect[] = [];
  let seconds = 0;
  const engine = createEngine({
    fleet: emptyFleet(T0),
    journal: { append: () => 0, durable: async () => ok(undefined) },
    effects: { run: (effect) => effects.push(effect) },
    now: () => T0 + seconds * 1000,
  });
  const load = (changes: Partial<NodeSpec> = {}): EventBody => ({
    type: 'inventory.loaded',
    nodes: [{ ...spec, ...changes }],
    site: 'lab',
    hash: 'h',
    warnings: [],
    guards: true,
  });
  for (const event of [load(), ...events]) engine.emit(event);
  const parts = {
    engine,
    audit: { append: async () => ok(undefined) },
    readOnly: false,
    underWay: createOrdersUnderWay(),
  } as unknown as ActParts;
  const retry = async () => {
    const done = await act(parts, { type: 'retry', nodes: [name] }, { actor: ACTOR, mayWrite: true });
    return done.ok ? done.value : `refused: ${done.error}`;
  };
  const boots = () => effects.filter(({ type }) => type === 'bmc.bootFromNetwork').length;
  const pass = (until: number) => {
    for (; seconds < until; seconds += 5) engine.emit(e.tick());
  };
  /** The newest order comes to its BMC, and is told as the driver tells it. */
  const atItsBmc = () => {
    if (spec.bmc === undefined) throw new Error('no BMC');
    const may = mayPower(engine.fleet(), name, { wants: 'set', job: 'job-1', bmc: spec.bmc });
    if (!may.ok) engine.emit({ type: 'bmc.failed', node: name, job: 'job-1', step: 'override', problem: may.error });
    return may.ok;
  };
  return { engine, load, retry, boots, pass, atItsBmc, health: () => nodeOf(engine.fleet(), name)?.health };
}

describe.each(['wipe', 'reinstall', 'install'] as const)(
  'a machine armed for %s that its file protects since',
  (kind) => {
    test('is not retried, with the reason, until the file lets it', async () => {
      const { engine, load, retry, boots } = open(armed(kind, { confirmed: name }), stored());
      const before = boots();
      engine.emit(load({ protected: true }));
      expect(await retry()).toMatch(
        /^refused: a retry would only cut off what runs on node-01, and end at its disk: the node is protected in the inventory/,
      );
      expect(boots()).toBe(before);
      engine.emit(load());
      expect([await retry(), boots()]).toEqual(['node-01 retried', before + 1]);
    });

    test('is not powered for its job by what is ordered unasked, and says why', () => {
      const { engine, load, boots, pass, atItsBmc, health } = open(armed(kind, { confirmed: name }), stored());
      const before = boots();
      engine.emit(load({ protected: true }));
      pass(30);
      for (const event of [e.discover(1), e.up(), e.stage('running', true)]) engine.emit(event);
      pass(600);
      expect([boots(), health()]).toMatchObject([before + 1, { code: 'BOOTED_DISK' }]);
      expect(atItsBmc()).toBe(false);
      expect(health()).toMatchObject({ is: 'stalled', code: 'HELD_BACK' });
      expect(JSON.stringify(health())).toContain('protected in the inventory');
    });
  },
);

test('one whose plan is another one now is not retried either', async () => {
  const differs = 'the plan is no longer the one that was confirmed; cancel it and arm it again';
  const { retry } = open(armed('install'), stored(), { type: 'job.compared', node: name, job: 'job-1', differs });
  expect(await retry()).toContain(`end at its disk: ${differs}`);
});
