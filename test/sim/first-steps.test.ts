import { afterEach, expect, test } from 'vitest';
import { createWholeStack, type WholeStack } from './whole-stack.ts';

let stack: WholeStack | undefined;
afterEach(async () => {
  await stack?.stop();
  stack = undefined;
});

/** What README lets a newcomer do first works in every demo, whatever that breaks on purpose. */
test.each([
  [1, 'r01-u01'],
  [2, 'r01-u02'],
  [8, 'r01-u02'],
])('of a demo with %i machines %s goes through to ready', { timeout: 60_000 }, async (nodes, name) => {
  stack = await createWholeStack({ nodes, faults: 'some', strangers: 2, speed: 60 });
  const { node, arm, until, rack } = stack;
  expect(rack.played.faults.filter((one) => one.node === name)).toEqual([]);
  expect(await arm([name])).toMatchObject({ ok: true });
  const seen = new Set<string>();
  await until(() => {
    const { health, phase } = node(name);
    seen.add('code' in health ? `${health.is} ${health.code}` : health.is);
    return phase.is === 'ready';
  }, 40_000);
  expect(node(name).endedJobs.at(-1)?.outcome).toBe('done');
  expect([...seen].filter((one) => one.startsWith('failed') || one.startsWith('conflict'))).toEqual([]);
});
