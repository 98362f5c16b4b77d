import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { createBmcDrivers } from '../../../src/drivers/bmc-open.ts';
import { createSimBmc, type SimBmc } from '../../../src/sim/bmc/sim-bmc.ts';
import { fastTimings, mustBe, problemOf, TIME_SCALE, targetFor } from './sim-port.ts';

/** What becomes of a reset: it goes through and its answer is lost, or it never gets there. */
type Fate = 'cut after' | '500 after' | '503 before' | 'passes';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const closeServer = (server: Server) =>
  new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });

/** Between the driver and its BMC, and in the way of the answers to a reset. */
async function between(sim: SimBmc, fates: Fate[]): Promise<{ readonly url: string; readonly resets: string[] }> {
  const resets: string[] = [];
  const server = createServer((asked, answer) => {
    const parts: Buffer[] = [];
    asked.on('data', (part: Buffer) => parts.push(part));
    asked.on('end', () => {
      const body = Buffer.concat(parts);
      const isReset = asked.method === 'POST' && asked.url?.endsWith('ComputerSystem.Reset') === true;
      const fate = isReset ? (fates.shift() ?? 'passes') : 'passes';
      if (isReset) resets.push(String(JSON.parse(body.toString()).ResetType));
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
          if (fate === 'passes') {
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

async function open(fates: Fate[], power: 'On' | 'Off') {
  const sim = await createSimBmc({ personality: 'dell-idrac9-6', timeScale: TIME_SCALE, power });
  closing.push(() => sim.close());
  const { url, resets } = await between(sim, fates);
  const drivers = createBmcDrivers({ timings: fastTimings });
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
