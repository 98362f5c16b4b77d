import { Worker } from 'node:worker_threads';
import { afterEach, expect, test, vi } from 'vitest';
import { startRadar } from '../../src/cli/start-radar.ts';
import type { BootServer } from '../../src/servers/server-parts.ts';
import { bootSite, createTestEngine, siteSpec, subnet } from '../netboot/boot-fixture.ts';

/** The thread is a stub that opens its ears; the first one dies of the first word that it is told. */

const PATIENT = { timeout: 30_000, interval: 10 };
const OPENS = `const { parentPort } = require('node:worker_threads');
parentPort.on('message', () => { throw new Error('out of luck') });
parentPort.postMessage({ t: 'opened', listens: [{ address: 'eth1', port: 68 }], warnings: [] });`;

afterEach(() => vi.useRealTimers());

test('a radar whose thread dies is told as failed, and another one starts; it can be restarted, and ends with all servers', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const { relay: _relay, ...net } = subnet({ interface: 'eth1', address: '127.77.0.9' });
  const engine = createTestEngine([]);
  const site = bootSite(siteSpec([net]));
  const threads: Worker[] = [];
  const startThread = () => {
    const thread = new Worker(OPENS, { eval: true, stderr: true });
    threads.push(thread);
    return thread;
  };
  const running = new Map<string, BootServer>();
  const parts = { engine, site: () => site, onLog: () => undefined };
  const radar = await startRadar(parts, running, startThread);
  const states = () => engine.events.flatMap((event) => (event.type === 'service.changed' ? [event.state] : []));
  const ok = { is: 'ok', listens: 'eth1:68' };
  expect(states()).toEqual([ok]);
  threads[0]?.postMessage('die');
  await vi.waitFor(() => expect(states()).toHaveLength(2), PATIENT);
  expect(states()[1]).toEqual({
    is: 'failed',
    why: 'its thread ended: out of luck',
    advice: 'another one starts in 10 s',
  });
  expect(running.size).toBe(0);
  await vi.advanceTimersByTimeAsync(10_000);
  vi.useRealTimers();
  await vi.waitFor(() => expect(states().slice(2)).toEqual([ok]), PATIENT);
  expect(await radar.restart()).toEqual({ ok: true, value: 'radar listens on eth1:68' });
  expect([threads.length, running.size]).toEqual([3, 1]);
  await radar.stop();
  for (const server of running.values()) await server.stop();
  await vi.waitFor(() => expect(threads.map((thread) => thread.threadId)).toEqual([-1, -1, -1]), PATIENT);
  expect(states()).toHaveLength(4);
});

const LISTENS = `const { parentPort } = require('node:worker_threads');
parentPort.on('message', () => process.exit(0));
parentPort.postMessage({ t: 'opened', listens: [{ address: 'eth1', port: 68 }], warnings: [] });`;

test('wishes for another one that fall together leave one thread, and none once all servers end', async () => {
  const { relay: _relay, ...net } = subnet({ interface: 'eth1', address: '127.77.0.9' });
  const engine = createTestEngine([]);
  const site = bootSite(siteSpec([net]));
  const threads: Worker[] = [];
  const startThread = () => {
    const thread = new Worker(LISTENS, { eval: true, stderr: true });
    threads.push(thread);
    return thread;
  };
  const running = new Map<string, BootServer>();
  const parts = { engine, site: () => site, onLog: () => undefined };
  const radar = await startRadar(parts, running, startThread);
  const first = radar.restart();
  // It is under way when the next ones come.
  await Promise.resolve();
  const results = await Promise.all([first, ...Array.from({ length: 5 }, radar.restart)]);
  expect(new Set(results.map((result) => JSON.stringify(result)))).toEqual(
    new Set(['{"ok":true,"value":"radar listens on eth1:68"}']),
  );
  expect(threads.map((thread) => thread.threadId === -1)).toEqual([true, true, false]);
  const late = radar.restart();
  await radar.stop();
  expect(await late).toEqual({ ok: false, error: 'it is stopping' });
  for (const server of running.values()) await server.stop();
  expect(threads.map((thread) => thread.threadId)).toEqual([-1, -1, -1]);
});
