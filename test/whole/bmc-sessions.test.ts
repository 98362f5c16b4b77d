import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { PersonalityName } from '../../src/sim/bmc/personality.ts';
import { createSimBmc, type SimBmc } from '../../src/sim/bmc/sim-bmc.ts';
import { loopbackSite, makeFolder, type Serving, serve } from './run-program.ts';

/** Sessions that a program leaves on a BMC lock its operators out: none may stay, however the program ends. */

const NAMES: readonly PersonalityName[] = ['dell-idrac9-6', 'hpe-ilo5', 'openbmc', 'ami-megarac'];
const credentials = { username: 'crashcart', password: 'not-a-default' };

let sims: readonly SimBmc[] = [];
let folder = '';
let serving: Serving | undefined;

beforeEach(async () => {
  // Slow enough that a session is open for seconds when the program is killed.
  sims = await Promise.all(
    NAMES.map((personality, index) =>
      createSimBmc({ personality, index, credentials, timeScale: 1, faults: { slowS: 0.1 } }),
    ),
  );
  const nodes = sims.map((sim, index): readonly [string, string] => [
    `inventory/n${index}.yaml`,
    `macs: ["${sim.identity.macs[0]}"]\nbmc: { url: "${sim.url}", username: ${credentials.username}, password: env:BMC_PASSWORD }\n`,
  ]);
  folder = makeFolder({ 'inventory/_site.yaml': await loopbackSite(), ...Object.fromEntries(nodes) });
});

afterEach(async () => {
  await serving?.stop('SIGKILL');
  serving = undefined;
  await Promise.all(sims.map((sim) => sim.close()));
  rmSync(folder, { recursive: true, force: true });
});

async function start(): Promise<Serving> {
  const args = [
    '--inventory',
    join(folder, 'inventory'),
    '--state',
    join(folder, 'state'),
    '--assets',
    join(folder, 'assets'),
  ];
  serving = await serve(args, { BMC_PASSWORD: credentials.password });
  return serving;
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const end = Date.now() + 60_000;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`it did not come to that: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const open = () => sims.map((sim) => sim.sessions.list().length);

test('SIGKILL leaves sessions on the BMCs, and the next start ends them', { timeout: 120_000 }, async () => {
  const first = await start();
  await until('a session on every BMC', () => open().every((count) => count === 1));
  const left = sims.map((sim) => sim.sessions.list()[0]);
  await first.stop('SIGKILL');
  expect(open()).toEqual([1, 1, 1, 1]);
  for (const sim of sims) sim.setFaults({});
  const second = await start();
  await until('the sessions of the dead run are gone', () =>
    sims.every((sim, index) => !sim.sessions.list().includes(left[index] ?? '')),
  );
  expect(await second.stop('SIGTERM')).toBe(0);
  expect(open()).toEqual([0, 0, 0, 0]);
});

test('a kill between the asking and the answer leaves one that nobody can name: it is found', {
  timeout: 120_000,
}, async () => {
  const [dell] = sims;
  if (dell === undefined) throw new Error('no BMC');
  // The session is made when the request comes in; its answer takes long enough for the kill.
  dell.setFaults({ slowS: 1.5 });
  const first = await start();
  await until('the session is made', () => dell.sessions.counts.created === 1);
  await first.stop('SIGKILL');
  const [left = ''] = dell.sessions.list();
  expect(left).not.toBe('');
  for (const sim of sims) sim.setFaults({});
  const second = await start();
  await until('it is gone', () => !dell.sessions.list().includes(left));
  expect(await second.stop('SIGINT')).toBe(0);
  expect(open()).toEqual([0, 0, 0, 0]);
});

test('SIGTERM in the middle of reading deletes them all', { timeout: 120_000 }, async () => {
  const running = await start();
  await until('a session on every BMC', () => open().every((count) => count === 1));
  expect(await running.stop('SIGTERM')).toBe(0);
  expect(open()).toEqual([0, 0, 0, 0]);
});
