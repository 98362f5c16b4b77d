import { afterEach, describe, expect, test } from 'vitest';
import type { EventBody } from '../../../src/core/event.ts';
import { fail, ok } from '../../../src/core/result.ts';
import { createBmcEffects } from '../../../src/drivers/bmc-effects.ts';
import { type Bench, fastTimings, openSim } from './sim-port.ts';

let bench: Bench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

const URL = 'http://127.0.0.1:8080/m/token/boot.iso';
const boot = {
  type: 'bmc.bootFromNetwork',
  node: 'x',
  job: 'j',
  mode: 'uefi',
  fullPayload: false,
  power: 'cycle',
} as const;
const clear = { type: 'bmc.clearOverride', node: 'x', job: 'j' } as const;

async function open(...args: Parameters<typeof openSim>) {
  bench = await openSim(...args);
  const { drivers, target, sim } = bench;
  // Its own port would keep the shared session open.
  await bench.port.close();
  const events: EventBody[] = [];
  const parts = {
    openBmc: drivers.openBmc,
    targetOf: async () => ok(target),
    now: Date.now,
    mayPower: () => ok(undefined),
    isUnread: () => false,
    mediumOf: () => '/m/token/boot.iso',
  };
  const emit = (event: EventBody) => void events.push(event);
  return { sim, events, emit, parts, types: () => events.map((event) => event.type) };
}

async function until(holds: () => boolean): Promise<void> {
  const end = Date.now() + 30_000;
  while (!holds()) {
    if (Date.now() > end) throw new Error('it did not come to that');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('a job that is cancelled while its order is patient with the BMC', () => {
  test('breaks the order off, clears the override, and does not power the machine', async () => {
    // In POST for ever: the override would be asked for again and again.
    const { sim, events, emit, parts } = await open(
      { personality: 'hpe-ilo5', faults: { postMinutes: 500 }, power: 'On' },
      { timings: { ...fastTimings, busyMs: 60_000, closeMs: 10_000 } },
    );
    sim.state.inPost = true;
    const effects = createBmcEffects(parts);
    effects.run(bootFrom('pxe'), emit);
    await until(() => sim.requests.seen.some((line) => line.startsWith('PATCH')));
    effects.run({ ...clear, media: false }, emit);
    await effects.settled();
    expect(events).toEqual([
      { type: 'bmc.powerRead', node: 'x', power: 'on' },
      { type: 'bmc.overrideCleared', node: 'x', job: 'j' },
    ]);
    expect(sim.requests.seen.filter((line) => line.includes('Reset'))).toEqual([]);
    expect(sim.sessions.list()).toEqual([]);
  });

  test('tells that its power order was broken off: the BMC may carry out what it was asked', async () => {
    const { sim, events, emit, parts, types } = await open(
      { personality: 'openbmc', faults: { powerStuck: true }, power: 'On' },
      { timings: { ...fastTimings, powerWaitMs: 60_000, closeMs: 10_000 } },
    );
    const effects = createBmcEffects(parts);
    effects.run(bootFrom('pxe'), emit);
    await until(() => sim.requests.seen.some((line) => line.startsWith('POST') && line.includes('Reset')));
    effects.run({ ...clear, media: false }, emit);
    await effects.settled();
    expect(types().slice(-4)).toEqual(['bmc.powerAsked', 'bmc.failed', 'bmc.powerRead', 'bmc.overrideCleared']);
    expect(events.at(-3)).toMatchObject({ step: 'power', job: 'j', problem: { code: 'stopped' } });
  });

  test('leaves no override behind, whatever was set by then', async () => {
    const { sim, emit, parts, types } = await open({ personality: 'dell-idrac9-6', machine: {} });
    const effects = createBmcEffects(parts);
    effects.run({ ...bootFrom('pxe'), power: 'none' }, emit);
    await until(() => types().includes('bmc.overrideSet'));
    expect(sim.state.boot.enabled).toBe('Once');
    effects.run({ ...clear, media: false }, emit);
    await effects.settled();
    expect(types()).toEqual(['bmc.overrideSet', 'bmc.overrideCleared']);
    expect(sim.state.boot).toMatchObject({ enabled: 'Disabled', target: 'None' });
  });

  test('is taken back once, where the BMC tells who it is meanwhile and it is ordered again', async () => {
    const { sim, emit, parts, types } = await open({ personality: 'dell-idrac9-6' });
    const effects = createBmcEffects(parts);
    for (let turn = 0; turn < 3; turn += 1) effects.run({ ...clear, media: false }, emit);
    await effects.settled();
    expect(types()).toEqual(['bmc.overrideCleared']);
    effects.run({ ...clear, media: false }, emit);
    await effects.settled();
    expect(types()).toHaveLength(2);
    expect(sim.sessions.list()).toEqual([]);
  });

  test('does not even begin an order that still waits', async () => {
    const { sim, emit, parts, types } = await open({ personality: 'openbmc' });
    const effects = createBmcEffects(parts);
    effects.run({ type: 'bmc.identify', node: 'x' }, emit);
    effects.run(bootFrom('pxe'), emit);
    effects.run({ ...clear, media: false }, emit);
    await effects.settled();
    expect(types()).not.toContain('bmc.overrideSet');
    expect(types().at(-1)).toBe('bmc.overrideCleared');
    expect(sim.state.power).toBe('Off');
  });
});

describe('a machine that boots by a virtual medium', () => {
  test.each(['dell-idrac9-6', 'hpe-ilo6', 'supermicro-x11', 'lenovo-xcc', 'ami-megarac'] as const)(
    'gets it inserted before the override and the power, and ejected at the end (%s)',
    async (personality) => {
      // Its firmware asks here alone, however long the order takes.
      const { sim, emit, parts, types } = await open({ personality, machine: {} });
      const effects = createBmcEffects({ ...parts, mediaUrl: async () => ok(URL) });
      effects.run(bootFrom('cd'), emit);
      await effects.settled();
      expect(types()).toEqual([
        'bmc.mediaInserted',
        'bmc.overrideSet',
        'bmc.powerRead',
        'bmc.powerAsked',
        'bmc.resetDone',
      ]);
      expect(sim.takeBoot()).toMatchObject({ target: 'cd', imageUrl: URL });
      effects.run({ ...clear, media: true }, emit);
      await effects.settled();
      expect(types().slice(5)).toEqual(['bmc.mediaEjected', 'bmc.overrideCleared']);
      expect([...sim.state.media.values()].some((slot) => slot.inserted)).toBe(false);
      expect(sim.state.boot.enabled).toBe('Disabled');
    },
  );

  test('gets nothing inserted where the gate says no, and is not powered', async () => {
    const { sim, events, emit, parts } = await open({ personality: 'dell-idrac9-6' });
    const effects = createBmcEffects({ ...parts, mediaUrl: async () => fail('not armed') });
    effects.run(bootFrom('cd'), emit);
    await effects.settled();
    expect(events).toMatchObject([{ type: 'bmc.failed', step: 'insertMedia', problem: { code: 'noMedium' } }]);
    expect(sim.state.power).toBe('Off');
  });

  test('is told when its BMC takes no image', async () => {
    const { events, emit, parts } = await open({ personality: 'supermicro-x10' });
    const effects = createBmcEffects({ ...parts, mediaUrl: async () => ok(URL) });
    effects.run(bootFrom('cd'), emit);
    await effects.settled();
    expect(events).toMatchObject([{ type: 'bmc.failed', step: 'insertMedia' }]);
  });
});

describe('an order that is given again only if it was used up', () => {
  const again = {
    ...bootFrom('pxe'),
    fullPayload: true,
    power: 'offThenOn',
    onlyIfUsedUp: { since: 7, trustsSilence: false },
  } as const;
  const writes = (seen: readonly string[]) =>
    seen.filter((line) => /^(?:POST|PATCH)/.test(line) && !/Session/.test(line));

  async function openUsedUp(change: Partial<Bench['sim']['state']> = {}) {
    const opened = await open({ personality: 'dell-idrac9-7', machine: {}, power: 'On' });
    Object.assign(opened.sim.state, { progress: 'OSBootStarted', ...change });
    return opened;
  }

  test('is read, then set and powered, and asked for before each of it', async () => {
    const { sim, events, emit, parts, types } = await openUsedUp();
    const asked: unknown[] = [];
    const effects = createBmcEffects({
      ...parts,
      now: () => 99,
      mayPower: (_, { wants, silentSince, notAfter }) => ok(void asked.push([wants, silentSince, notAfter])),
    });
    effects.run(again, emit);
    await effects.settled();
    expect(types()).toEqual([
      'bmc.orderRead',
      'bmc.powerAsked',
      'bmc.overrideSet',
      'bmc.powerRead',
      'bmc.powerAsked',
      'bmc.resetDone',
    ]);
    expect(events[0]).toMatchObject({ found: 'usedUp', progress: 'OSBootStarted', read: { enabled: 'disabled' } });
    expect(asked).toEqual([
      ['power', 7, undefined],
      ['power', undefined, 99],
      ['set', undefined, undefined],
      ['power', undefined, undefined],
    ]);
    expect(sim.takeBoot().target).toBe('pxe');
  });

  test.each([
    ['stands', { boot: { enabled: 'Once', target: 'Pxe', mode: 'UEFI' } }, 'stands'],
    ['may still be wanted by a POST that goes on', { inPost: true, progress: 'MemoryInitializationStarted' }, 'inPost'],
    ['was for a machine that somebody switched off', { power: 'Off' }, 'notOn'],
  ] as const)('is only read where it %s', async (_name, change, found) => {
    const { sim, events, emit, parts } = await openUsedUp(change);
    const effects = createBmcEffects(parts);
    effects.run(again, emit);
    await effects.settled();
    expect(events).toMatchObject([{ type: 'bmc.orderRead', found }]);
    expect(writes(sim.requests.seen)).toEqual([]);
  });

  test.each([
    ['the machine was heard meanwhile', fail({ code: 'held' as const, message: 'It went on.', advice: 'Look.' })],
    ['it may be the BMC of another', fail({ code: 'notOurs' as const, message: 'It is of y.', advice: 'Look.' })],
  ])('is not given where %s', async (_name, refusal) => {
    const { sim, events, emit, parts } = await openUsedUp();
    const effects = createBmcEffects({ ...parts, mayPower: () => refusal });
    effects.run(again, emit);
    await effects.settled();
    expect(events).toMatchObject([
      { found: 'usedUp' },
      { type: 'bmc.failed', step: 'readOrder', problem: refusal.error },
    ]);
    expect(writes(sim.requests.seen)).toEqual([]);
  });
});

function bootFrom(target: 'pxe' | 'cd') {
  return { ...boot, target };
}

describe('the log of a BMC', () => {
  const read = { type: 'bmc.readLog', node: 'x' } as const;

  test('becomes an event and lines of the node, the newest last, cleaned and with their age', async () => {
    const { sim, events, emit, parts } = await open({ personality: 'hpe-ilo5' });
    sim.addLog('OK', 'System power on');
    sim.addLog('Critical', 'PSU 2 \u001b[31mfailed');
    const said: string[] = [];
    const effects = createBmcEffects({ ...parts, onLog: (node, level, text) => said.push(`${node} ${level} ${text}`) });
    effects.run(read, emit);
    await effects.settled();
    const [event] = events;
    if (event?.type !== 'bmc.logRead') throw new Error(`${event?.type}`);
    expect(event.lines.map((line) => [line.severity, line.text]).toSorted()).toEqual([
      ['Critical', 'PSU 2 failed'],
      ['OK', 'System power on'],
    ]);
    expect(event.lines.every((line) => Math.abs((line.at ?? 0) - Date.now()) < 120_000)).toBe(true);
    expect(said.join('\n')).toMatch(/x error its log, \d+ s ago: Critical: PSU 2 failed/);
    expect(said.join('\n')).toMatch(/x info its log, \d+ s ago: System power on/);
    expect(sim.sessions.list()).toEqual([]);
  });

  test('is asked for once, however often a machine stumbles meanwhile', async () => {
    const { emit, parts, types } = await open({ personality: 'openbmc' });
    const effects = createBmcEffects(parts);
    for (let turn = 0; turn < 5; turn += 1) effects.run(read, emit);
    await effects.settled();
    expect(types()).toEqual(['bmc.logRead']);
    effects.run(read, emit);
    await effects.settled();
    expect(types()).toEqual(['bmc.logRead', 'bmc.logRead']);
  });

  test('that takes long gives way to an order, and is no failure', async () => {
    const { sim, emit, parts, types } = await open({ personality: 'dell-idrac9-6', faults: { slowS: 200 } });
    const said: string[] = [];
    const effects = createBmcEffects({ ...parts, onLog: (_, __, text) => said.push(text) });
    effects.run(read, emit);
    await until(() => sim.requests.seen.some((line) => line.startsWith('GET /redfish/v1/Systems')));
    effects.run({ ...clear, media: false }, emit);
    sim.setFaults({});
    await effects.settled();
    expect(types()).toEqual(['bmc.overrideCleared']);
    expect(said).toEqual([]);
  });

  test('that cannot be read is told in the log of the node alone', async () => {
    const { emit, parts, types } = await open({ personality: 'openbmc', faults: { wrongPassword: true } });
    const said: string[] = [];
    const effects = createBmcEffects({ ...parts, onLog: (_, level, text) => said.push(`${level} ${text}`) });
    effects.run(read, emit);
    await effects.settled();
    expect(types()).toEqual([]);
    expect(said.join()).toMatch(/^warn the log of its BMC cannot be read: .*rejected the user name/);
  });
});

describe('whose BMC it is', () => {
  const foreign = fail({ code: 'notOurs' as const, message: 'It is the BMC of y.', advice: 'Look.' });
  const writes = (seen: readonly string[]) =>
    seen.filter((line) => /^(?:POST|PATCH)/.test(line) && !/Session/.test(line));

  test('is read before the first write where nobody read it in this run', async () => {
    const { sim, emit, parts, types } = await open({ personality: 'dell-idrac9-6', machine: {} });
    let unread = true;
    const effects = createBmcEffects({ ...parts, isUnread: () => unread });
    const note = (event: EventBody) => {
      if (event.type === 'bmc.identityRead') {
        unread = false;
        expect(writes(sim.requests.seen)).toEqual([]);
      }
      emit(event);
    };
    effects.run(bootFrom('pxe'), note);
    await effects.settled();
    expect(types()).toEqual([
      'bmc.identityRead',
      'bmc.overrideSet',
      'bmc.powerRead',
      'bmc.powerAsked',
      'bmc.resetDone',
    ]);
  });

  test('must be known for a job; a person who names the machine may switch one that cannot say it', async () => {
    const { sim, events, emit, parts } = await open({ personality: 'dell-idrac9-6', machine: {} });
    const openBmc: typeof parts.openBmc = (target) => ({
      ...parts.openBmc(target),
      readIdentity: async () => fail({ code: 'garbage', message: 'It says nothing.', advice: 'Look.' }),
    });
    const effects = createBmcEffects({ ...parts, openBmc, isUnread: () => true });
    effects.run(bootFrom('pxe'), emit);
    await effects.settled();
    expect(events).toMatchObject([{ type: 'bmc.failed', step: 'identify', job: 'j' }]);
    expect(writes(sim.requests.seen)).toEqual([]);
    effects.run({ type: 'bmc.power', node: 'x', action: 'on' }, emit);
    await effects.settled();
    expect(sim.state.power).toBe('On');
  });

  test.each([
    ['boot', { ...boot, target: 'pxe' }],
    ['boot, off before', { ...boot, target: 'pxe', power: 'offThenOn' }],
    ['boot by medium', { ...boot, target: 'cd' }],
    ['power', { type: 'bmc.power', node: 'x', action: 'cycle' }],
    ['taking back', { ...clear, media: true }],
  ] as const)('is asked before the first write: %s', async (_, effect) => {
    const { sim, events, emit, parts } = await open({ personality: 'dell-idrac9-6', power: 'On' });
    const effects = createBmcEffects({ ...parts, mayPower: () => foreign, mediaUrl: async () => ok(URL) });
    effects.run(effect, emit);
    await effects.settled();
    expect(events.length).toBeGreaterThan(0);
    for (const event of events) expect(event).toMatchObject({ type: 'bmc.failed', problem: { code: 'notOurs' } });
    expect(writes(sim.requests.seen)).toEqual([]);
  });

  test('is asked again between the override and the power', async () => {
    const { sim, emit, parts, types } = await open({ personality: 'dell-idrac9-6', power: 'On', machine: {} });
    const asked: string[] = [];
    const effects = createBmcEffects({
      ...parts,
      mayPower: (_, order) => {
        asked.push(order.wants);
        return order.wants === 'power' ? foreign : ok(undefined);
      },
    });
    effects.run(bootFrom('pxe'), emit);
    await effects.settled();
    expect(asked).toEqual(['set', 'power']);
    expect(types()).toEqual(['bmc.overrideSet', 'bmc.powerRead', 'bmc.failed']);
    expect(sim.requests.seen.filter((line) => line.includes('Reset'))).toEqual([]);
  });
});

describe('what a power order did is told, and not what it was called', () => {
  const WAS_SO = [
    ['on', 'On'],
    ['forceOff', 'Off'],
    ['off', 'Off'],
  ] as const;
  test.each(WAS_SO)('nothing: %s where it was so already', async (action, power) => {
    const { sim, events, emit, parts } = await open({ personality: 'dell-idrac9-6', power });
    const effects = createBmcEffects(parts);
    effects.run({ type: 'bmc.power', node: 'x', action, order: 'o' }, emit);
    await effects.settled();
    expect(events).toEqual([
      { type: 'bmc.powerAsked', node: 'x', action, spares: true },
      { type: 'bmc.powerFound', node: 'x', action, power: power === 'On' ? 'on' : 'off', order: 'o' },
    ]);
    expect(sim.requests.seen.filter((line) => line.includes('Reset'))).toEqual([]);
  });

  const DONE = [
    ['cycle', 'Off', 'on'],
    ['reset', 'Off', 'on'],
    ['on', 'Off', 'on'],
    ['cycle', 'On', 'cycle'],
    ['reset', 'On', 'reset'],
    ['forceOff', 'On', 'forceOff'],
  ] as const;
  test.each(DONE)('%s at a machine that was %s: %s', async (action, power, told) => {
    const { events, emit, parts } = await open({ personality: 'dell-idrac9-6', power });
    const effects = createBmcEffects(parts);
    effects.run({ type: 'bmc.power', node: 'x', action }, emit);
    await effects.settled();
    expect(events.at(-1)).toMatchObject({ type: 'bmc.resetDone', action: told });
  });
});
