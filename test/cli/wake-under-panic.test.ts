import { expect, test } from 'vitest';
import { createWorldEffects, type WorldEffectsParts } from '../../src/cli/world-effects.ts';
import type { EventBody } from '../../src/core/event.ts';
import { ACTOR, apply, at, fleetOf, specOf, withoutBmc } from '../core/kit.ts';

/** A packet that wakes a machine is an order to power it, and PANIC holds it as it holds those to BMCs. */

function woken(...before: readonly EventBody[]) {
  const fleet = apply(fleetOf(withoutBmc(specOf('node-01'))), ...before.map((body) => [1, body] as const));
  const said: string[] = [];
  let asked = 0;
  const parts: Partial<WorldEffectsParts> = {
    engine: () => ({ fleet: () => fleet, now: () => at(2) }) as ReturnType<WorldEffectsParts['engine']>,
    log: ({ text }) => said.push(text),
    broadcastFor: () => {
      asked++;
      return undefined;
    },
  };
  const world = createWorldEffects(parts as WorldEffectsParts);
  world.run({ type: 'wake.send', node: 'node-01', mac: '52:54:00:00:00:01' }, () => undefined);
  return { said, asked };
}

test('nobody is woken while the panic key is pressed, and the log of the machine says so', () => {
  const panic: EventBody = { type: 'site.panicSwitched', on: true, by: ACTOR };
  expect(woken(panic)).toEqual({ said: ['no wake-up packet was sent: the panic key is pressed'], asked: 0 });
  expect(woken()).toEqual({ said: [], asked: 1 });
});
