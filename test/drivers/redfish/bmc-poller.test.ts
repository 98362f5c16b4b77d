import { afterEach, expect, test } from 'vitest';
import type { BmcProblem, BmcStatus } from '../../../src/core/bmc.ts';
import { fail, ok } from '../../../src/core/result.ts';
import { type BmcPoller, createBmcPoller } from '../../../src/drivers/bmc-poller.ts';
import { bmcProblem } from '../../../src/drivers/bmc-problem.ts';
import { defaultBmcTimings } from '../../../src/drivers/bmc-timings.ts';

const timings = { ...defaultBmcTimings, pollJobMs: 10, pollIdleMs: 60, pollBackOffMaxMs: 400 };
let poller: BmcPoller | undefined;
afterEach(() => poller?.close());

function watch(answer: () => BmcStatus | BmcProblem) {
  const seen: string[] = [];
  let asked = 0;
  let inFlight = 0;
  let peak = 0;
  const made = createBmcPoller({
    timings,
    onStatus: (node, status, before) =>
      seen.push(`${node} ${before?.power ?? 'new'}>${status.power} ${status.health ?? '-'}`),
    onProblem: (node, problem) => seen.push(`${node} ${problem?.code ?? 'back'}`),
  });
  poller = made;
  const port = {
    readPower: async () => ok('on' as const),
    readStatus: async () => {
      asked += 1;
      inFlight += 1;
      peak = Math.max(peak, inFlight);
      await new Promise((resolve) => setTimeout(resolve, 1));
      inFlight -= 1;
      const result = answer();
      return 'power' in result ? ok(result) : fail(result);
    },
  };
  made.add('u1', port);
  return { seen, poller: made, asked: () => asked, peak: () => peak };
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const until = async (good: () => boolean) => {
  for (let turn = 0; !good(); turn += 1) {
    if (turn > 400) throw new Error('waited in vain');
    await wait(5);
  }
};

test('tells changes of power and health, and nothing where nothing changed', async () => {
  let status: BmcStatus = { power: 'off' };
  const { seen, poller: it, asked } = watch(() => status);
  it.setInJob('u1', true);
  await until(() => asked() > 3);
  status = { power: 'on', health: 'ok' };
  await until(() => seen.length === 2);
  status = { power: 'on', health: 'warning' };
  await until(() => seen.length === 3);
  expect(seen).toEqual(['u1 new>off -', 'u1 off>on ok', 'u1 on>on warning']);
});

test('asks often in a job and seldom else', async () => {
  const { poller: it, asked } = watch(() => ({ power: 'on' }));
  await wait(300);
  const idle = asked();
  it.setInJob('u1', true);
  await wait(300);
  expect(idle).toBeLessThanOrEqual(8);
  expect(asked() - idle).toBeGreaterThan(idle * 2);
});

test('asks ever less where none answers, and tells the first failure and the return', async () => {
  let down = true;
  const { seen, poller: it, asked } = watch(() => (down ? bmcProblem('unreachable', 'u1 is gone.') : { power: 'on' }));
  it.setInJob('u1', true);
  await wait(300);
  // Without back-off it would be thirty times.
  expect(asked()).toBeLessThan(12);
  expect(seen).toEqual(['u1 unreachable']);
  expect(it.stats()).toMatchObject({ failing: 1, known: 0 });
  down = false;
  it.pollNow('u1');
  await until(() => seen.length >= 3);
  expect(seen).toEqual(['u1 unreachable', 'u1 back', 'u1 new>on -']);
});

test('waits for the operator where a password is wrong', async () => {
  const { asked, poller: it } = watch(() => bmcProblem('credentials', 'u1 said no.'));
  it.setInJob('u1', true);
  await wait(250);
  expect(asked()).toBe(1);
  it.pollNow('u1');
  await until(() => asked() === 2);
});

test('never asks one BMC twice at a time, and not at all once it is removed', async () => {
  const { asked, poller: it, peak } = watch(() => ({ power: 'on' }));
  for (let turn = 0; turn < 50; turn += 1) it.pollNow('u1');
  await until(() => asked() > 0);
  for (let turn = 0; turn < 20; turn += 1) {
    it.pollNow('u1');
    await wait(1);
  }
  it.remove('u1');
  const before = asked();
  await wait(100);
  expect(asked() - before).toBeLessThanOrEqual(1);
  expect(peak()).toBe(1);
});

test('of many whose time has come some are looked at, and the others as those are done; a machine with a job waits for none', async () => {
  const made = createBmcPoller({ timings, onStatus: () => undefined, onProblem: () => undefined });
  poller = made;
  const open = new Map<string, () => void>();
  const seen = new Set<string>();
  const portOf = (node: string) => ({
    readPower: async () => ok('on' as const),
    readStatus: async () => {
      seen.add(node);
      await new Promise<void>((resolve) => open.set(node, resolve));
      open.delete(node);
      return ok({ power: 'on' as const });
    },
  });
  const names = Array.from({ length: 300 }, (_, at) => `u${at}`);
  for (const name of names) made.add(name, portOf(name));
  await until(() => open.size >= 128);
  await wait(timings.pollJobMs * 3);
  expect(open.size).toBe(128);
  const last = names.find((name) => !seen.has(name)) ?? '';
  made.setInJob(last, true);
  await until(() => open.has(last));
  expect(open.size).toBe(129);
  const gone = names.find((name) => !seen.has(name)) ?? '';
  made.remove(gone);
  let most = 0;
  await until(() => {
    most = Math.max(most, open.size);
    for (const release of [...open.values()]) release();
    return seen.size === names.length - 1;
  });
  expect(most).toBeLessThanOrEqual(129);
  expect(seen.has(gone)).toBe(false);
});
