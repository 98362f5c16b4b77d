import { afterEach, describe, expect, test } from 'vitest';
import { emptyFleet } from '../../../src/core/fleet.ts';
import { bmcUnread, mayPower } from '../../../src/core/may-power.ts';
import { ok } from '../../../src/core/result.ts';
import { createBmcEffects } from '../../../src/drivers/bmc-effects.ts';
import { createBmcDrivers } from '../../../src/drivers/bmc-open.ts';
import { createEngine } from '../../../src/engine/create-engine.ts';
import type { SimFaults } from '../../../src/sim/bmc/faults.ts';
import { PERSONALITIES } from '../../../src/sim/bmc/personalities.ts';
import type { PersonalityName } from '../../../src/sim/bmc/personality.ts';
import { createSimBmc } from '../../../src/sim/bmc/sim-bmc.ts';
import { bodiesOf } from '../../core/bodies.ts';
import { armed, specOf, stateOf, stored, T0 } from '../../core/kit.ts';
import { fastTimings, TIME_SCALE, targetFor } from './sim-port.ts';

/** Engine, reducer, drivers and a BMC with a machine behind it, on one clock that is a thousand times too fast. */

const NAME = 'node-01';
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A busy machine that runs the test is no fault of a BMC. */
const patient = {
  ...fastTimings,
  requestMs: 60_000,
  readMs: 60_000,
  inventoryMs: 60_000,
  busyMs: 60_000,
  powerWaitMs: 60_000,
  readBackMs: 5_000,
};

const minutesMs = (minutes: number) => minutes * 60_000 * TIME_SCALE;

async function open(
  personality: PersonalityName,
  postMinutes: number,
  faults: SimFaults = {},
  power: 'On' | 'Off' = 'Off',
) {
  const e = bodiesOf(NAME);
  const boots: string[] = [];
  let post: NodeJS.Timeout | undefined;
  const began = performance.now();
  const now = () => T0 + (performance.now() - began) / TIME_SCALE;
  const sim = await createSimBmc({
    personality,
    timeScale: TIME_SCALE,
    power,
    faults: { ...faults, postMinutes },
    machine: {
      powerOn: () => {
        post = setTimeout(() => {
          boots.push(sim.takeBoot().target);
          if (boots.at(-1) === 'pxe') engine.emit(e.discover(boots.length));
        }, minutesMs(postMinutes));
      },
      powerOff: () => clearTimeout(post),
    },
  });
  const drivers = createBmcDrivers({ timings: patient });
  const { macs, uuid, serial } = sim.identity;
  const target = targetFor(sim, { node: NAME });
  const bmc = createBmcEffects({
    openBmc: drivers.openBmc,
    targetOf: async () => ok(target),
    now,
    mayPower: (node, order) => mayPower(engine.fleet(), node, order),
    isUnread: () => bmcUnread(engine.fleet(), stateOf(engine.fleet(), NAME)),
    mediumOf: () => '',
  });
  const engine = createEngine({
    fleet: emptyFleet(T0),
    journal: { append: () => 0, durable: async () => ok(undefined) },
    effects: {
      run: (effect, emit) => {
        if (effect.type.startsWith('bmc.')) bmc.run(effect as Parameters<typeof bmc.run>[0], emit);
      },
    },
    now,
  });
  const spec = specOf(NAME, { bmc: target.spec, identity: { macs: [...macs], uuid, serial } });
  engine.emit({ type: 'inventory.loaded', nodes: [spec], site: 'lab', hash: 'h', warnings: [] });
  engine.emit(armed('install', { expiresAt: T0 + 10_000 * 60_000 }));
  engine.emit(stored());
  const ticks = setInterval(() => engine.emit({ type: 'clock.ticked' }), 5);
  closing.push(async () => {
    clearInterval(ticks);
    clearTimeout(post);
    await drivers.closeAll();
    await bmc.settled();
    await sim.close();
  });
  const node = () => stateOf(engine.fleet(), NAME);
  const resets = () => sim.requests.seen.filter((line) => line.startsWith('POST') && line.includes('Reset')).length;
  return { sim, node, boots, resets, engine };
}

async function until(holds: () => boolean, tell: () => unknown): Promise<void> {
  const end = performance.now() + 60_000;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`it did not come to that: ${JSON.stringify(tell())}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const names = PERSONALITIES.map((one) => [one.name, one.progress !== 'none'] as const);

describe.each(names)('of a machine behind %s', (name, tells) => {
  test('an order that POST used up is given again, and boots it', { timeout: 90_000 }, async () => {
    const { node, boots } = await open(name, 2, { losesOrder: 1 });
    await until(() => node().phase.is === 'firmware', node);
    expect(boots).toEqual(['disk', 'pxe']);
    expect(node().job).toMatchObject({ orderedAgain: 1 });
    const said = node().evidence.map((one) => one.text);
    expect(said.filter((text) => /used the boot order up/.test(text))).toHaveLength(1);
  });

  test('a POST of thirty minutes is not cut off', { timeout: 90_000 }, async () => {
    // Where nothing is told of POST, an order that stands is what tells that it goes on.
    const { node, boots, resets } = await open(name, 30, tells ? { takesOrderEarly: true } : {});
    await until(() => node().phase.is === 'powering', node);
    const before = resets();
    await until(() => node().phase.is === 'firmware', node);
    expect([boots, resets()]).toEqual([['pxe'], before]);
    expect(node().job?.orderedAgain).toBeUndefined();
    const said = node().evidence.map((one) => one.text);
    expect(said.join('\n')).toMatch(tells ? /still in POST/ : /still stands/);
  });
});

test('an override that a BMC takes only while the machine is off is set then, and boots it', {
  timeout: 90_000,
}, async () => {
  const { node, boots } = await open('ami-megarac', 2, { deafOverride: 'whileOn' }, 'On');
  await until(() => node().phase.is === 'firmware', node);
  expect(boots).toEqual(['pxe']);
  const said = node().evidence.map((one) => one.text);
  expect(said.filter((text) => /accepted the boot override, but reads back/.test(text))).toHaveLength(1);
});

test('what is used up again and again ends with a person', { timeout: 90_000 }, async () => {
  const { node, boots } = await open('dell-idrac9-7', 1, { losesOrder: 9 });
  await until(() => node().job?.orderedAgain === 2 && node().health.is === 'stalled' && boots.length === 3, node);
  await until(() => node().ask !== undefined, node);
  await new Promise((resolve) => setTimeout(resolve, minutesMs(12)));
  expect(boots).toEqual(['disk', 'disk', 'disk']);
  expect(node()).toMatchObject({ health: { code: 'NO_PXE' }, ask: expect.stringMatching(/F12/) });
});

test('a BMC that names another machine by then gets no second order', { timeout: 90_000 }, async () => {
  const { sim, node, boots, resets, engine } = await open('dell-idrac9-7', 2, { losesOrder: 1 });
  await until(() => boots.length === 1, node);
  const before = resets();
  // Cabled anew: what was read of it in this run is another machine's.
  const identity = { vendor: 'x', uuid: '11111111-2222-3333-4444-555555555555', macs: [], drives: [] } as const;
  const read = { ...identity, bootTargets: ['pxe'], canInsertMedia: false } as const;
  engine.emit({ type: 'bmc.identityRead', node: NAME, identity: read });
  await new Promise((resolve) => setTimeout(resolve, minutesMs(25)));
  expect([node().health.is, boots, resets()]).toEqual(['conflict', ['disk'], before]);
  expect(sim.requests.seen.filter((line) => line.startsWith('PATCH')).length).toBeLessThanOrEqual(1);
});
