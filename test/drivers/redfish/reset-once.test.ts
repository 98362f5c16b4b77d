import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { createBmcDrivers } from '../../../src/drivers/bmc-open.ts';
import { createSimBmc, type SimBmc } from '../../../src/sim/bmc/sim-bmc.ts';
import { fastTimings, mustBe, problemOf, TIME_SCALE, targetFor } from './sim-port.ts';

/** What becomes of a reset: it goes through and its answer is lost, or it never gets there. */
type Fate = 'cut after' | '500 after' | 'silent after' | '503 before' | 'gone after' | 'passes';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const closeServer = (server: Server) =>
  new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });

/** Between the driver and its BMC, and in the way of the answers to a reset; after `looks` at the system it is gone. */
async function between(
  sim: SimBmc,
  fates: Fate[],
  looks: number,
): Promise<{ readonly url: string; readonly resets: string[] }> {
  const resets: string[] = [];
  let left = looks;
  const server = createServer((asked, answer) => {
    const parts: Buffer[] = [];
    asked.on('data', (part: Buffer) => parts.push(part));
    asked.on('end', () => {
      const body = Buffer.concat(parts);
      const isReset = asked.method === 'POST' && asked.url?.endsWith('ComputerSystem.Reset') === true;
      const fate = isReset ? (fates.shift() ?? 'passes') : 'passes';
      if (isReset) resets.push(String(JSON.parse(body.toString()).ResetType));
      if (asked.method === 'GET' && /Systems\/[^/]+$/.test(asked.url ?? '')) left -= 1;
      if (left === 0) server.close();
      if (fate === '503 before') {
        answer.writeHead(503).end();
        return;
      }
      const { method, headers } = asked;
      const passed = request(
        `${sim.url}${asked.url}`,
        { ...(method === undefined ? {} : { method }), headers },
        (got) => {
          if (fate === 'cut after') answer.socket?.destroy();
          if (fate === '500 after') answer.writeHead(500).end();
          if (fate === 'gone after') server.close();
          if (fate === 'passes' || fate === 'gone after') {
            answer.writeHead(got.statusCode ?? 500, got.headers);
            got.pipe(answer);
          } else got.resume();
        },
      );
      passed.on('error', () => answer.socket?.destroy());
      passed.end(body);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  closing.push(() => closeServer(server));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, resets };
}

async function open(
  fates: Fate[],
  power: 'On' | 'Off',
  { looks = Number.POSITIVE_INFINITY, timings = fastTimings }: { looks?: number; timings?: typeof fastTimings } = {},
) {
  const sim = await createSimBmc({ personality: 'dell-idrac9-6', timeScale: TIME_SCALE, power });
  closing.push(() => sim.close());
  const { url, resets } = await between(sim, fates, looks);
  const drivers = createBmcDrivers({ timings });
  closing.push(() => drivers.closeAll());
  const target = targetFor(sim);
  const port = drivers.openBmc({ ...target, spec: { ...target.spec, url } });
  return { sim, resets, port };
}

describe('a reset whose answer tells nothing', () => {
  test.each<Fate>(['cut after', '500 after'])('is not sent again: %s', async (fate) => {
    const { resets, port } = await open([fate, fate, fate, fate, fate], 'On');
    const problem = await problemOf(port.setPower('reset'));
    expect(problem.message).toMatch(/Whether "ForceRestart" was carried out is not known: it was not sent again/);
    expect(problem.maybeDone).toBe(true);
    expect(resets).toEqual(['ForceRestart']);
  });

  test('is sent again where the BMC says that it was too busy for it', async () => {
    const { resets, port } = await open(['503 before', '503 before'], 'On');
    expect(await mustBe(port.setPower('reset'))).toEqual({ power: 'on', did: 'cut' });
    expect(resets).toEqual(['ForceRestart', 'ForceRestart', 'ForceRestart']);
  });

  test.each<Fate>(['cut after', '500 after'])('is looked up where the power state tells it: %s', async (fate) => {
    const { resets, port, sim } = await open([fate, fate, fate], 'Off');
    expect(await mustBe(port.setPower('on'))).toEqual({ power: 'on', did: 'on' });
    expect(sim.state.power).toBe('On');
    expect(new Set(resets)).toEqual(new Set(['On']));
  });
});

describe('what failed may be carried out yet', () => {
  // The pauses grow: the last question ends well before the time does, on a busy host too.
  const impatient = {
    ...fastTimings,
    requestMs: 300,
    readMs: 600,
    powerWaitMs: 1_000,
    retryFirstMs: 100,
    retryMaxMs: 10_000,
  };
  const silent = (): Fate[] => Array(9).fill('silent after');

  test.each(['reset', 'forceOff', 'cycle'] as const)('where no answer came: %s', async (action) => {
    const { sim, port } = await open(silent(), 'On', { timings: impatient });
    // Nothing of it is seen either.
    sim.setFaults({ powerStuck: true });
    expect(await problemOf(port.setPower(action))).toMatchObject({ code: 'timeout', maybeDone: true });
  });

  test.each(['reset', 'forceOff'] as const)('where it was taken, and the BMC was gone then: %s', async (action) => {
    const { resets, port, sim } = await open(['gone after'], 'On', { timings: impatient });
    sim.setFaults({ powerStuck: true });
    expect(await problemOf(port.setPower(action))).toMatchObject({ maybeDone: true });
    expect(resets).toHaveLength(1);
  });

  test('where it was sent once, and only refused after that', async () => {
    const fates: Fate[] = ['silent after', ...Array(99).fill('503 before')];
    const { sim, port } = await open(fates, 'On', { timings: impatient });
    sim.setFaults({ powerStuck: true });
    expect(await problemOf(port.setPower('forceOff'))).toMatchObject({ code: 'busy', maybeDone: true });
  });

  test('but not where the BMC says each time that it is too busy', async () => {
    const { port } = await open(Array(99).fill('503 before'), 'On', { timings: impatient });
    const problem = await problemOf(port.setPower('reset'));
    expect([problem.code, problem.maybeDone]).toEqual(['busy', undefined]);
  });

  test('nor where the BMC was gone before it could be sent', async () => {
    // It looks at the power, and at what resets there are.
    const { resets, port } = await open([], 'On', { looks: 2, timings: impatient });
    const problem = await problemOf(port.setPower('reset'));
    expect([problem.code, problem.maybeDone, resets]).toEqual(['unreachable', undefined, []]);
    expect(problem.message).toMatch(/refuses the connection\.$/);
  });

  test('nor where it took it, and was seen to do nothing', async () => {
    const { sim, port } = await open([], 'On', { timings: impatient });
    sim.setFaults({ powerStuck: true });
    const problem = await problemOf(port.setPower('forceOff'));
    expect([problem.code, problem.maybeDone]).toEqual(['notTaken', undefined]);
  });

  test('and what only switches on cuts nothing, whenever that comes', async () => {
    const { sim, port } = await open(silent(), 'Off', { timings: impatient });
    sim.setFaults({ powerStuck: true });
    const problem = await problemOf(port.setPower('on'));
    expect([problem.code, problem.maybeDone]).toEqual(['timeout', undefined]);
  });
});

test('a machine that hangs on a restart is switched off, left alone for a while, and switched on', async () => {
  const rename = (json: unknown): unknown => JSON.parse(JSON.stringify(json).replaceAll('SR650 V2', 'SR675 V3'));
  const sim = await createSimBmc({
    personality: 'lenovo-xcc',
    timeScale: TIME_SCALE,
    power: 'On',
    faults: { wrongShapes: rename },
  });
  closing.push(() => sim.close());
  const notes: string[] = [];
  const timings = { ...fastTimings, offToOnMs: 1, restartPauseMs: 400 };
  const drivers = createBmcDrivers({ timings, onNote: (_, text) => notes.push(text) });
  closing.push(() => drivers.closeAll());
  const began = performance.now();
  expect(await mustBe(drivers.openBmc(targetFor(sim)).setPower('reset'))).toEqual({ power: 'on', did: 'cut' });
  expect(notes.filter((note) => note.startsWith('POST')).map((note) => note.split(':')[0])).toEqual([
    'POST ForceOff',
    'POST On',
  ]);
  // Never sooner; how much later is for the machine that runs the test.
  expect(performance.now() - began).toBeGreaterThan(399);
});
