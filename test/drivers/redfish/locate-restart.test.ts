import { afterEach, expect, test } from 'vitest';
import type { Effect } from '../../../src/core/effect.ts';
import type { EventBody } from '../../../src/core/event.ts';
import { ok } from '../../../src/core/result.ts';
import { createBmcEffects } from '../../../src/drivers/bmc-effects.ts';
import { createBmcDrivers } from '../../../src/drivers/bmc-open.ts';
import { createSimBmc, type SimBmc } from '../../../src/sim/bmc/sim-bmc.ts';
import { createRecordedSite, load } from '../../cli/recorded-site.ts';
import { ACTOR, specOf, stateOf } from '../../core/kit.ts';
import { fastTimings, TIME_SCALE, targetFor } from './sim-port.ts';

const NAME = 'node-01';
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** One run of the program: its own drivers, its journal from the disk. */
async function runOnce(site: ReturnType<typeof createRecordedSite>, sim: SimBmc, wishes: readonly boolean[]) {
  const target = targetFor(sim, { node: NAME });
  const drivers = createBmcDrivers({ timings: fastTimings });
  const bmc = createBmcEffects({
    openBmc: drivers.openBmc,
    targetOf: async () => ok(target),
    now: Date.now,
    mayPower: () => ok(undefined),
    isUnread: () => false,
    mediumOf: () => '',
  });
  const run = (effect: Effect, emit: (event: EventBody) => void) => {
    if (effect.type === 'bmc.locate') bmc.run(effect, emit);
  };
  const live = await site.run('crashcart', { run });
  await live.engine.emitDurably([load(specOf(NAME, { bmc: target.spec }))]);
  for (const on of wishes) {
    live.engine.emit({ type: 'operator.locatedBy', node: NAME, on, by: ACTOR });
    await bmc.settled();
  }
  const state = stateOf(live.engine.fleet(), NAME);
  await drivers.closeAll();
  await live.end();
  return state;
}

test.each([
  ['is lit again where it was lit, though its kind rests dark', 'hpe-ilo5', 'Lit'],
  ['is dark again where it was dark, though its kind rests lit', 'dell-idrac9-6', 'Off'],
  ['goes by its kind where it blinked already', 'dell-idrac9-6', 'Blinking'],
] as const)(
  'a locate light that was switched on before a restart of the program %s',
  async (_, personality, before) => {
    const site = createRecordedSite();
    closing.push(site.remove);
    const sim = await createSimBmc({ personality, timeScale: TIME_SCALE });
    closing.push(sim.close);
    sim.state.led = before;
    const rest = before === 'Blinking' ? {} : { lampRest: before };
    expect(await runOnce(site, sim, [true, true])).toMatchObject({ locate: true, ...rest });
    expect(sim.state.led).toBe('Blinking');
    const after = await runOnce(site, sim, [false]);
    expect([after.locate, after.lampRest]).toEqual([false, undefined]);
    expect(sim.state.led).toBe(before === 'Blinking' ? 'Lit' : before);
  },
);
