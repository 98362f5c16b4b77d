import { describe, expect, test } from 'vitest';
import { toRow } from '../../src/cli/node-rows.ts';
import type { EventBody } from '../../src/core/event.ts';
import { type Fleet, putNode } from '../../src/core/fleet.ts';
import type { JobKind } from '../../src/core/job.ts';
import { ok } from '../../src/core/result.ts';
import type { NodeSpec } from '../../src/core/spec.ts';
import { viewWave } from '../../src/core/wave.ts';
import { type ActParts, act } from '../../src/engine/act.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
import { createDisarmLog } from '../../src/engine/disarm-log.ts';
import { createOrdersUnderWay } from '../../src/engine/orders-under-way.ts';
import { newsBetween } from '../../src/ui/select/plain-news.ts';
import { disarmNews } from '../../src/ui/state/disarm-news.ts';
import { ACTOR, apply, armed, at, fleetOf, planOf, reduceAt, specOf, stateOf, type Timed } from './kit.ts';

/** What ends the job of an armed machine ends the place of one that waits for its turn: no wave arms it behind a cancel. */

const by = ACTOR;
const [first, second, third, spare] = ['node-01', 'node-02', 'node-03', 'node-04'].map((name) => specOf(name)) as [
  NodeSpec,
  NodeSpec,
  NodeSpec,
  NodeSpec,
];

function started(kind: JobKind = 'reinstall', stopAfterFailures = 3, specs = [first, second, third]): Fleet {
  const nodes = specs.map(({ name }, index) => ({
    node: name,
    job: `w-${index + 1}`,
    plan: planOf(kind),
    confirmed: name,
  }));
  const wave: EventBody = {
    type: 'site.waveStarted',
    wave: 'w',
    kind,
    nodes,
    canary: 0,
    width: 1,
    stopAfterFailures,
    by,
  };
  return apply(fleetOf(first, second, third, spare), [1, wave]);
}

const load = (seconds: number, nodes: readonly NodeSpec[], follows = true, guards = true): Timed => [
  seconds,
  {
    type: 'inventory.loaded',
    nodes,
    site: 'lab',
    hash: 'x',
    warnings: [],
    remembers: true,
    ...(follows && { follows }),
    ...(guards && { guards }),
  },
];
const wave = (fleet: Fleet) => viewWave(fleet.waves['w'] ?? fail('there is no wave'));
const fail = (why: string): never => {
  throw new Error(why);
};
const freed: Timed = [20, { type: 'operator.cancelled', node: 'node-01', leavesWaves: true, by }];
/** The place of the one before is free. */
const jobsAfter = (fleet: Fleet): readonly string[] =>
  ['node-02', 'node-03'].filter((name) => stateOf(apply(fleet, freed), name).job !== undefined);

describe('an order', () => {
  const cancelled: EventBody = { type: 'operator.cancelled', node: 'node-02', leavesWaves: true, by };
  const held: EventBody = { type: 'operator.held', node: 'node-02', why: 'DIMM', leavesWaves: true, by };
  const kept: EventBody = { type: 'operator.protected', node: 'node-02', leavesWaves: true, by };

  test.each<readonly [string, EventBody, EventBody | undefined]>([
    ['a cancel', cancelled, undefined],
    ['a hold, also when it is released', held, { type: 'operator.released', node: 'node-02', by }],
    ['a protection, also when it is lifted', kept, { type: 'operator.unprotected', node: 'node-02', by }],
  ])('%s takes a machine out of the wave in which it waits, and the next one goes', (_, order, lifted) => {
    const out = apply(started(), [5, order], ...(lifted === undefined ? [] : [[6, lifted] as const]));
    expect(wave(out)).toMatchObject({ waiting: ['node-03'], active: ['node-01'], cancelled: 1 });
    expect(jobsAfter(out)).toEqual(['node-03']);
  });

  test('a protection leaves it in a wave that writes nothing', () => {
    expect(wave(apply(started('inspect'), [5, kept])).waiting).toEqual(['node-02', 'node-03']);
  });

  test('a cancel of a job of its own takes it out as well', () => {
    const own = apply(started(), [3, armed('install', { node: 'node-02', job: 'own' })], [5, cancelled]);
    expect(stateOf(own, 'node-02').job).toBeUndefined();
    expect(jobsAfter(own)).toEqual(['node-03']);
  });

  test('of a paused wave too, which does not arm it when it goes on', () => {
    const paused = apply(started(), [3, { type: 'site.wavePaused', wave: 'w', by }], [5, cancelled]);
    const on = apply(paused, freed, [30, { type: 'site.waveResumed', wave: 'w', by }]);
    expect(stateOf(on, 'node-02').job).toBeUndefined();
    expect(stateOf(on, 'node-03').job?.id).toBe('w-3');
  });

  test('to one that waits stops no wave that goes on behind a failure', () => {
    const failed = apply(started('reinstall', 1, [first, second, third, spare]), [9_000_000, { type: 'clock.ticked' }]);
    expect([failed.waves['w']?.state, wave(failed).failed]).toEqual(['stopped', 1]);
    const last: EventBody = { type: 'operator.cancelled', node: 'node-03', leavesWaves: true, by };
    const on = apply(failed, [9_000_001, { type: 'site.waveResumed', wave: 'w', by }], [9_000_002, last]);
    expect([on.waves['w']?.state, wave(on).cancelled]).toEqual(['running', 1]);
    const all = ['node-02', 'node-03', 'node-04'].map((node): Timed => [9_000_001, { ...last, node }]);
    expect(apply(failed, ...all).waves['w']?.state).toBe('done');
  });

  test('in a journal of an older version it left it there, and replays so', () => {
    const { leavesWaves: _new, ...old } = { ...cancelled, leavesWaves: true };
    expect(jobsAfter(apply(started(), [5, old]))).toEqual(['node-02']);
  });
});

describe('a file that names another machine', () => {
  const edited: NodeSpec = { ...second, identity: spare.identity };
  const NOTE =
    'its place in a wave (reinstall) was ended: its identity in the inventory changed; arm it again if it is the machine that is meant';

  test('ends its place, and says so in the row, the log and the news', () => {
    const before = started();
    const [, body] = load(5, [first, edited, third]);
    const fleet = reduceAt(before, 5, body)[0];
    expect(wave(fleet)).toMatchObject({ waiting: ['node-03'], cancelled: 1 });
    expect(jobsAfter(fleet)).toEqual(['node-03']);
    expect(toRow(stateOf(fleet, 'node-02'), { fleet, nowMs: at(9) }).disarmed).toBe(NOTE);
    expect(disarmNews(before, fleet)).toBe(`node-02: ${NOTE}`);
    expect(newsBetween(before, fleet)).toContainEqual({ node: 'node-02', text: NOTE });
    const lines: string[] = [];
    createDisarmLog(before, ({ node, text }) => lines.push(`${node} ${text}`))({ ...body, time: at(5) }, fleet);
    expect(lines).toEqual([
      'node-02 inventory: its identity changed (macs, uuid, serial): its place in wave w (reinstall, by ada) is ended',
    ]);
  });

  test('in a paused wave as well, which does not arm it when it goes on', () => {
    const paused = apply(started(), [3, { type: 'site.wavePaused', wave: 'w', by }], load(5, [first, edited, third]));
    const on = apply(paused, freed, [30, { type: 'site.waveResumed', wave: 'w', by }]);
    expect([stateOf(on, 'node-02').job, stateOf(on, 'node-03').job?.id]).toEqual([undefined, 'w-3']);
  });

  test('one that leaves, and is in a file again by another name, says that it waited', () => {
    const fleet = apply(started(), load(5, [first, { ...second, name: 'node-09' }, third]));
    expect(toRow(stateOf(fleet, 'node-09'), { fleet, nowMs: at(9) }).disarmed).toBe(
      'its place in a wave (reinstall) was ended: its file was renamed, it was node-02; arm it again if it is the machine that is meant',
    );
  });

  test('another edit ends nothing, and neither does a journal of an older version', () => {
    const moved = { ...second, place: { ...second.place, rack: 'r09' } };
    expect(jobsAfter(apply(started(), load(5, [first, moved, third, spare])))).toEqual(['node-02']);
    expect(jobsAfter(apply(started(), load(5, [first, edited, third], false)))).toEqual(['node-02']);
  });
});

describe('a file that protects who waits', () => {
  const closed: NodeSpec = { ...second, protected: true };
  const broken: Timed = [3, { type: 'site.glassBroken', reason: 'node-01 alone', until: at(900), by }];
  const behindGlass = (kind: JobKind, ...more: Parameters<typeof load>) => apply(started(kind), broken, load(...more));

  test('ends its place, so that glass which was broken for another one does not arm it', () => {
    const fleet = behindGlass('reinstall', 5, [first, closed, third]);
    expect(wave(fleet)).toMatchObject({ waiting: ['node-03'], cancelled: 1 });
    expect(jobsAfter(fleet)).toEqual(['node-03']);
    expect(stateOf(fleet, 'node-02').evidence.at(-1)?.text).toBe(
      'inventory: it is protected since: its place in a wave (reinstall) is ended',
    );
    const lines: string[] = [];
    const [, body] = load(5, [first, closed, third]);
    createDisarmLog(started(), ({ node, text }) => lines.push(`${node} ${text}`))({ ...body, time: at(5) }, fleet);
    expect(lines).toEqual([
      'node-02 inventory: it is protected since: its place in wave w (reinstall, by ada) is ended',
    ]);
  });

  test('and none in a wave that writes nothing, nor in a journal of an older version', () => {
    expect(wave(behindGlass('inspect', 5, [first, closed, third])).waiting).toEqual(['node-02', 'node-03']);
    expect(jobsAfter(behindGlass('reinstall', 5, [first, closed, third], true, false))).toEqual(['node-02']);
  });
});

test('what is said of it: who is out of a wave, and which wave arms a machine that is let go', async () => {
  const conflict = { is: 'conflict', code: 'IDENTITY_CONFLICT', since: at(2), detail: 'two' } as const;
  const fleet = started();
  const engine = createEngine({
    fleet: putNode(fleet, { ...stateOf(fleet, 'node-03'), health: conflict }),
    journal: { append: () => 1, durable: async () => ok(undefined) },
    effects: { run: () => undefined },
    now: () => at(6),
  });
  const parts = {
    engine,
    audit: { append: async () => ok(undefined) },
    readOnly: false,
    underWay: createOrdersUnderWay(),
  } as unknown as ActParts;
  const ask = async (action: Parameters<typeof act>[1]) => act(parts, action, { actor: by, mayWrite: true });
  expect(await ask({ type: 'release', nodes: ['node-03'] })).toEqual(
    ok(
      'node-03 released; node-03 waits in wave w (reinstall), which arms it when its turn comes: `crashcart cancel node-03` takes it out',
    ),
  );
  expect(await ask({ type: 'hold', nodes: ['node-02', 'node-03'], why: 'DIMM' })).toEqual(
    ok('2 machines on hold; node-02 is out of wave w, in which it waited (and 1 more like it)'),
  );
  expect(await ask({ type: 'release', nodes: ['node-02', 'node-03'] })).toEqual(ok('2 machines released'));
  expect(stateOf(engine.fleet(), 'node-02').job).toBeUndefined();
});
