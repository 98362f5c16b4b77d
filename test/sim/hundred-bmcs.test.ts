import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { nodesOf } from '../../src/core/fleet.ts';
import { type BmcTimings, defaultBmcTimings } from '../../src/drivers/bmc-timings.ts';
import { createWholeStack, type WholeStack } from './whole-stack.ts';

let stack: WholeStack | undefined;
afterEach(async () => {
  await stack?.stop();
  stack = undefined;
});

/** The network has all the patience of the real program, on a busy machine; what hardware takes is simulated time. */
const timings: BmcTimings = {
  ...defaultBmcTimings,
  readBackPollMs: 100,
  powerWaitMs: 15_000,
  powerPollMs: 250,
  offToOnMs: 50,
  retryFirstMs: 100,
  retryMaxMs: 2_000,
  sessionLimitMs: 5_000,
  closeMs: 10_000,
};

/** Two machines each. With how it ends: `ready`, or the cause by name and a word of what was seen. */
const FAULTS: Readonly<Record<string, readonly [end: string, seen?: RegExp]>> = {
  slowBmc: ['ready'],
  flappingBmc: ['ready'],
  unavailableBmc: ['ready'],
  etagBmc: ['ready'],
  inPost: ['ready'],
  lyingOverride: ['BMC_OVERRIDE_IGNORED', /disk answered/],
  fullBmc: ['BMC_SESSIONS', /to the login: /],
  deadPower: ['BMC_NO_POWER', /still off/],
  cutBmc: ['BMC_UNREACHABLE', /cut its answer off in the middle/],
  newCertificate: ['BMC_PIN', /another certificate/],
};
const BY_TEST = new Set(['inPost', 'newCertificate']);

interface Crowd {
  /** Machine → its fault. */
  readonly faulty: ReadonlyMap<string, string>;
  readonly all: readonly string[];
}

function spoil({ rack, node, names }: WholeStack): Crowd {
  const workers = names().filter((name) => node(name).spec.role === 'worker');
  const faulty = new Map<string, string>();
  const faultOf = (name: string) => {
    const faults = rack.machines.get(name)?.faults() ?? {};
    if (faults.lyingOverride === true) return 'lyingOverride';
    const { slowS, flapping, unavailable, wrongEtag, sessionLimit, powerStuck, cutMidBody } = faults.bmc ?? {};
    const named = { slowS, flapping, unavailable, wrongEtag, sessionLimit, powerStuck, cutMidBody };
    const [key] = Object.entries(named).find(([, value]) => value !== undefined) ?? [];
    return key === undefined ? undefined : NAMES[key];
  };
  for (const name of workers) {
    const fault = faultOf(name);
    if (fault !== undefined) faulty.set(name, fault);
  }
  // As slow as it is, it is asked a hundred questions: the shortest way to its end is the test's.
  for (const [name, fault] of faulty) if (fault === 'slowBmc') rack.bmcs.get(name)?.setFaults({ slowS: 10 });
  const sound = () => workers.filter((name) => !faulty.has(name));
  const inTls = sound().filter((name) => rack.bmcs.get(name)?.fingerprint !== undefined);
  for (const name of inTls.slice(0, 2)) {
    rack.bmcs.get(name)?.changeCertificate();
    faulty.set(name, 'newCertificate');
  }
  const refusing = sound().filter((name) => rack.bmcs.get(name)?.state.personality.boot.busyInPost !== undefined);
  for (const name of refusing.slice(0, 2)) {
    const bmc = rack.bmcs.get(name);
    if (bmc !== undefined) bmc.state.inPost = true;
    faulty.set(name, 'inPost');
  }
  return { faulty, all: [...faulty.keys(), ...sound()].slice(0, 100) };
}

const NAMES: Readonly<Record<string, string>> = {
  slowS: 'slowBmc',
  flapping: 'flappingBmc',
  unavailable: 'unavailableBmc',
  wrongEtag: 'etagBmc',
  sessionLimit: 'fullBmc',
  powerStuck: 'deadPower',
  cutMidBody: 'cutBmc',
};

function endOf({ node }: WholeStack, name: string): string | undefined {
  const { phase, health, job } = node(name);
  if (phase.is === 'ready' && job === undefined) return 'ready';
  return health.is === 'failed' ? health.code : undefined;
}

test('a hundred BMCs are driven at once through a whole installation, twenty of them bad: none is lost', {
  timeout: 900_000,
}, async () => {
  const wishes = Object.keys(FAULTS).filter((name) => !BY_TEST.has(name));
  stack = await createWholeStack(
    { nodes: 104, seed: 5, speed: 80, faults: wishes.map((name) => `${name}:2`).join(','), api: false },
    (rack) => appendFileSync(join(rack.inventoryFolder, '_site.yaml'), 'threads: 0\n'),
    { bmcTimings: timings },
  );
  const { rack, node, until, arm, world } = stack;
  const whole = stack;
  const { faulty, all } = spoil(stack);
  expect([all.length, faulty.size]).toEqual([100, 20]);
  expect([...new Set(faulty.values())].sort()).toEqual(Object.keys(FAULTS).sort());
  expect(await arm(all)).toMatchObject({ ok: true });

  // Their POST is over when all others are home: nobody may have given up on them by then.
  const inPost = all.filter((name) => faulty.get(name) === 'inPost');
  const wanted = (name: string) => FAULTS[faulty.get(name) ?? '']?.[0] ?? 'ready';
  await until(() => all.every((name) => inPost.includes(name) || endOf(whole, name) === wanted(name)), 500_000);
  expect(inPost.map((name) => [node(name).phase.is, node(name).health.is])).toEqual(inPost.map(() => ['armed', 'ok']));
  for (const name of inPost) {
    const bmc = rack.bmcs.get(name);
    if (bmc !== undefined) bmc.state.inPost = false;
  }
  await until(() => all.every((name) => endOf(whole, name) === wanted(name)), 120_000);

  const ends = all.map((name) => [name, faulty.get(name) ?? 'sound', endOf(whole, name)]);
  expect(ends).toEqual(all.map((name) => [name, faulty.get(name) ?? 'sound', wanted(name)]));
  for (const [name, fault] of faulty) {
    const { health } = node(name);
    const [, seen] = FAULTS[fault] ?? [];
    if (seen !== undefined)
      expect([name, fault, 'detail' in health ? health.detail : '']).toEqual([
        name,
        fault,
        expect.stringMatching(seen),
      ]);
  }
  // What was installed is on the disk that was named, and nothing is on the disks of the others.
  for (const name of all) {
    const contents = rack.machines.get(name)?.disks.map((disk) => disk.content.is);
    const first = wanted(name) === 'ready' ? 'talos' : faulty.get(name) === 'lyingOverride' ? 'otherSystem' : 'blank';
    expect([name, contents]).toEqual([name, [first, 'blank']]);
  }

  // Whoever is given up is taken back, where its BMC lets us.
  const failed = all.filter((name) => wanted(name) !== 'ready');
  for (const name of failed)
    world.engine.emit({ type: 'operator.cancelled', node: name, by: { user: 'test', from: 'test' } });
  const reachable = all.filter((name) => !['fullBmc', 'cutBmc', 'newCertificate'].includes(faulty.get(name) ?? ''));
  await until(() => reachable.every((name) => rack.bmcs.get(name)?.state.boot.enabled === 'Disabled'), 120_000);
  await until(() => reachable.every((name) => node(name).seen.bmcLeft === undefined), 120_000);
  expect(nodesOf(world.engine.fleet()).filter((one) => one.job !== undefined)).toEqual([]);

  await stack.stopProgram();
  expect([...rack.bmcs].flatMap(([name, bmc]) => bmc.sessions.list().map((session) => [name, session]))).toEqual([]);
  expect(Math.max(...[...rack.bmcs.values()].map((bmc) => bmc.requests.peak))).toBe(1);
});
