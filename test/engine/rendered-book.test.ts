import { expect, test } from 'vitest';
import type { EventBody } from '../../src/core/event.ts';
import { emptyFleet, nodeOf } from '../../src/core/fleet.ts';
import type { Plan } from '../../src/core/job.ts';
import type { NodeState } from '../../src/core/node.ts';
import { fail, ok, type Result } from '../../src/core/result.ts';
import { actArm } from '../../src/engine/act-arm.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
import type { PlannerPort } from '../../src/engine/engine-ports.ts';
import { createOrdersUnderWay } from '../../src/engine/orders-under-way.ts';
import { createRenderedBook } from '../../src/engine/rendered-book.ts';
import { bodiesOf } from '../core/bodies.ts';
import { ACTOR, planOf, specOf, T0 } from '../core/kit.ts';

/** A wave takes hours: what its last machines are served must be there when they come. */

const names = ['node-01', 'node-02', 'node-03'];
const by = ACTOR;
const waveStarted: EventBody = {
  type: 'site.waveStarted',
  wave: 'w',
  kind: 'install',
  nodes: names.map((node, index) => ({ node, job: `w-${index + 1}`, plan: planOf('install') })),
  canary: 1,
  width: 1,
  stopAfterFailures: 1,
  by,
};

function open(names: readonly string[] = ['node-01', 'node-02', 'node-03']) {
  let at = T0;
  let planned = 0;
  let made: Result<Plan> = ok(planOf('install'));
  const engine = createEngine({
    fleet: emptyFleet(T0),
    journal: { append: () => 0, durable: async () => ok(undefined) },
    effects: { run: () => undefined },
    now: () => at,
  });
  const planner = {
    plan: async (node: NodeState) => {
      planned += 1;
      return made.ok
        ? ok({ rendered: { node: node.name, plan: made.value, artefactsProven: true }, shown: {} })
        : fail(made.error);
    },
  } as unknown as PlannerPort;
  engine.emit({
    type: 'inventory.loaded',
    nodes: names.map((name) => specOf(name)),
    site: 's',
    hash: 'h',
    warnings: [],
  });
  const book = createRenderedBook(engine, planner);
  const tell = (...bodies: readonly EventBody[]) => {
    for (const body of bodies) {
      at += 1_000;
      engine.emit(body);
    }
  };
  const start = () => {
    for (const node of names) book.put({ node, plan: planOf('install'), artefactsProven: true });
    tell(waveStarted);
  };
  const held = () => names.filter((name) => book.of(name) !== undefined).join(' ');
  const makes = (plan: Result<Plan>) => {
    made = plan;
  };
  const healthOf = (name: string) => nodeOf(engine.fleet(), name)?.health;
  return { engine, book, planner, tell, start, held, makes, healthOf, planned: () => planned };
}

const noise = (node: string): EventBody => ({ type: 'bmc.powerRead', node, power: 'on' });

test('what a machine that waits in a wave will be served is kept, whatever is heard of it', () => {
  const { tell, start, held } = open();
  start();
  tell(noise('node-03'), noise('node-02'));
  expect(held()).toBe('node-01 node-02 node-03');
});

test('it is dropped when the wave is cancelled, and of a machine whose job is over', () => {
  const { tell, start, held } = open();
  start();
  const e = bodiesOf('node-01');
  tell(e.script('install', 'w-1'), e.phase('install'), e.up(), e.stage('running'));
  expect(held()).toBe('node-02 node-03');
  tell({ type: 'site.waveCancelled', wave: 'w', by }, noise('node-02'), noise('node-03'));
  // The second one was armed before that.
  expect(held()).toBe('node-02');
});

test('a new inventory makes it again for those that wait too', async () => {
  const { book, start, held, planned } = open();
  start();
  expect(await book.refresh()).toEqual([]);
  expect([held(), planned()]).toEqual(['node-01 node-02 node-03', 3]);
});

test('a wave that is resumed after a restart gets it back, and a start does not wait for it', async () => {
  const { book, tell, start, held, planned } = open();
  start();
  tell({ type: 'engine.started', version: '1', simulated: false });
  const later = open();
  // Another program: it has the wave from the journal, and an empty book.
  later.tell(waveStarted);
  later.tell({ type: 'engine.started', version: '1', simulated: false });
  await later.book.refresh();
  expect([later.held(), later.planned()]).toEqual(['node-01', 1]);
  later.tell({ type: 'site.waveResumed', wave: 'w', by });
  await expect.poll(later.held, { timeout: 20_000 }).toBe('node-01 node-02 node-03');
  expect([held(), planned(), book.of('x')]).toEqual(['node-01 node-02 node-03', 0, undefined]);
});

test('of many that are armed at once each is served, whatever is heard of the last ones meanwhile', async () => {
  const many = Array.from({ length: 70 }, (_, index) => `node-${String(index + 1).padStart(2, '0')}`);
  const { engine, book, planner, held } = open(many);
  engine.follow((event) => {
    if (event.type === 'operator.armed' && event.node === 'node-01') for (const node of many) engine.emit(noise(node));
  });
  let jobs = 0;
  const underWay = createOrdersUnderWay();
  const parts = { engine, rendered: book, planner, newId: () => `j-${++jobs}`, underWay };
  const planning = underWay.begin({ kind: 'install', nodes: many, by }, () => undefined);
  const armed = await actArm(parts, { type: 'arm', kind: 'install', nodes: many, planHashes: {} }, by, planning);
  expect(armed).toEqual(ok('70 machines armed: install'));
  expect(held()).toBe(many.join(' '));
});

const ANOTHER = ok({ ...planOf('install'), hash: 'another' });
const OTHER_PLAN = {
  is: 'failed',
  code: 'PLAN_CHANGED',
  detail: 'the plan is no longer the one that was confirmed; cancel it and arm it again',
};

test('an armed machine whose plan changed hears of it when the inventory does, before it boots', async () => {
  const { book, start, makes, healthOf } = open();
  start();
  await book.refresh();
  expect(healthOf('node-01')).toEqual({ is: 'ok' });
  makes(ANOTHER);
  await book.refresh();
  expect(healthOf('node-01')).toMatchObject(OTHER_PLAN);
  // Of a wave it waits, and is armed with what is confirmed then.
  expect(healthOf('node-02')).toEqual({ is: 'ok' });
});

test('and is well again when what changed is put back, or its job is cancelled', async () => {
  const { book, start, makes, healthOf, tell } = open();
  start();
  makes(ANOTHER);
  await book.refresh();
  makes(ok(planOf('install')));
  await book.refresh();
  expect(healthOf('node-01')).toEqual({ is: 'ok' });
  makes(fail('no image v1.13.9 for amd64 is in the vault'));
  await book.refresh();
  expect(healthOf('node-01')).toMatchObject({
    code: 'PLAN_CHANGED',
    detail: expect.stringContaining('no image v1.13.9'),
  });
  tell({ type: 'operator.cancelled', node: 'node-01', by });
  expect(healthOf('node-01')).toEqual({ is: 'ok' });
});

test('it is told once, and never to a machine that has had what it was armed for', async () => {
  const { engine, book, start, makes } = open();
  const told: string[] = [];
  engine.follow((event) => told.push(event.type));
  start();
  makes(ANOTHER);
  await book.refresh();
  await book.refresh();
  expect(told.filter((type) => type === 'job.compared')).toHaveLength(1);
  const other = open();
  other.start();
  const e = bodiesOf('node-01');
  other.tell(e.script('install', 'w-1'), e.phase('install'));
  other.makes(ANOTHER);
  await other.book.refresh();
  expect(other.healthOf('node-01')).toEqual({ is: 'ok' });
});
