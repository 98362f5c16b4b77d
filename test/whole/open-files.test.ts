import { execFileSync, spawnSync } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { loopbackSite, makeFolder, run, type Serving, serve } from './run-program.ts';

/** A host that lets the program open no more files, and an engine that comes to its end. */

const WAIT = { timeout: 60_000, interval: 100 };
const works = spawnSync('prlimit', ['--version']).status === 0;
if (!works) process.stderr.write('skipped: limits of a running program need prlimit(1)\n');
const testHere = test.skipIf(!works && process.env['CI'] !== 'true');

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

interface Served extends Serving {
  readonly errors: () => string;
  readonly http: number;
}

async function start(env: Readonly<Record<string, string>> = {}): Promise<Served> {
  const site = await loopbackSite();
  const folder = makeFolder({ 'inventory/_site.yaml': site, 'inventory/n1.yaml': 'macs: ["52:54:00:99:00:01"]\n' });
  const words = ['--inventory', join(folder, 'inventory'), '--state', join(folder, 'state')];
  const serving = await serve([...words, '--assets', join(folder, 'assets')], env);
  undo.push(() => serving.stop('SIGKILL'));
  let errors = '';
  serving.child.stderr?.on('data', (bytes) => {
    errors += String(bytes);
  });
  return { ...serving, errors: () => errors, http: Number(/ http: (\d+)/.exec(site)?.[1]) };
}

const limit = ({ child }: Serving, soft: string): void => {
  execFileSync('prlimit', ['--pid', String(child.pid), `--nofile=${soft}:`]);
};

/** A program that is loaded before the engine, and in it: what is to go wrong there. */
function meanwhile(work: string): Readonly<Record<string, string>> {
  const text = `const { isMainThread, workerData } = require('node:worker_threads');
if (!isMainThread && workerData?.role === 'engine') setTimeout(() => { ${work} }, 4000);\n`;
  return { NODE_OPTIONS: `--require ${join(makeFolder({ 'meanwhile.cjs': text }), 'meanwhile.cjs')}` };
}

testHere(
  'that no file can be opened ends nothing, and is over when there are some again',
  { timeout: 120_000 },
  async () => {
    const served = await start();
    limit(served, '10');
    const clients: Socket[] = [];
    for (let index = 0; index < 5; index += 1) {
      const client = connect({ host: '127.77.0.1', port: served.http });
      client.on('error', () => undefined);
      clients.push(client);
    }
    undo.push(() => clients.map((client) => client.destroy()));
    // Several rounds of all that looks every two seconds.
    await new Promise((later) => setTimeout(later, 9000));
    expect(served.child.exitCode).toBe(null);
    limit(served, '4096');
    await vi.waitFor(async () => {
      const answer = await fetch(`http://127.77.0.1:${served.http}/boot.ipxe`);
      expect(answer.status).toBe(200);
    }, WAIT);
    const { code } = await run(['status', '--socket', served.socket]);
    expect(code).toBe(0);
    expect(await served.stop()).toBe(0);
  },
);

test('an error of a shortage that nobody took is told, and the engine goes on', { timeout: 120_000 }, async () => {
  const error = "Object.assign(new Error('EMFILE: too many open files, open'), { code: 'EMFILE' })";
  const served = await start(meanwhile(`Promise.reject(${error}); setTimeout(() => { throw ${error} }, 10)`));
  await vi.waitFor(() => expect(served.lines().join('\n')).toContain('no more files can be opened'), WAIT);
  expect((await run(['status', '--socket', served.socket])).code).toBe(0);
  expect(await served.stop()).toBe(0);
});

test.each([
  ['a promise that nobody waits for', "Promise.reject(new Error('made up'))"],
  ['a timer', "throw new Error('made up')"],
])(
  'an engine that ends by a fault of %s says which, on stderr and in the log',
  { timeout: 120_000 },
  async (_, work) => {
    const served = await start(meanwhile(work));
    await vi.waitFor(() => expect(served.child.exitCode).toBe(1), WAIT);
    expect(served.errors()).toMatch(
      /^crashcart: the engine ended by a fault of its own: made up \(at .*meanwhile\.cjs/m,
    );
    const last: unknown = JSON.parse(served.lines().at(-1) ?? '');
    expect(last).toMatchObject({
      level: 'error',
      source: 'engine',
      text: expect.stringMatching(/^the engine ended by a fault of its own: made up \(at .*meanwhile\.cjs/),
    });
  },
);
