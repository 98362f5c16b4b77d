import { expect, test } from 'vitest';
import { createBmcLimiter } from '../../src/drivers/bmc-limiter.ts';
import { createDeadline } from '../../src/drivers/bmc-wait.ts';
import { createHeldUp } from '../../src/drivers/held-up.ts';

/** One socket, held by `first`; what waits behind it is written down in the order in which it is let in. */
async function orderOf(asks: readonly string[], hurry: (limiter: ReturnType<typeof createBmcLimiter>) => void) {
  const limiter = createBmcLimiter(1);
  const order: string[] = [];
  const held = Promise.withResolvers<void>();
  const first = limiter.run('first', undefined, () => held.promise);
  const all = asks.map((key) => limiter.run(key, undefined, async () => void order.push(key)));
  hurry(limiter);
  held.resolve();
  await Promise.all([first, ...all]);
  return order.join(' ');
}

test.each<readonly [string, Parameters<typeof orderOf>[1], string]>([
  ['in the order of arrival', () => undefined, 'a b c b'],
  ['a BMC that somebody waits for goes first, with all that is asked of it', (one) => void one.hurry('b'), 'b b a c'],
  [
    'as long as one of two waits',
    (one) => {
      const calm = one.hurry('c');
      one.hurry('c');
      calm();
      calm();
    },
    'c a b b',
  ],
  ['and in its turn again afterwards', (one) => one.hurry('c')(), 'a b c b'],
])('questions to BMCs are let in: %s', async (_name, hurry, expected) => {
  expect(await orderOf(['a', 'b', 'c', 'b'], hurry)).toBe(expected);
});

test('what a BMC waits for a socket is counted, and what it takes itself is not', () => {
  let at = 0;
  const held = createHeldUp(() => at);
  const then = (seconds: number, key: string, change: Parameters<typeof held.note>[1]) => {
    at = seconds;
    held.note(key, change);
  };
  then(0, 'a', 'waits');
  then(3, 'a', 'goes');
  // A second question waits for the first one: that is the BMC's own time.
  then(4, 'a', 'waits');
  then(9, 'a', 'done');
  at = 11;
  expect([held.ms('a'), held.ms('b')]).toEqual([5, 0]);
  then(12, 'a', 'goes');
  then(20, 'a', 'done');
  then(30, 'a', 'waits');
  then(31, 'a', 'gaveUp');
  at = 90;
  expect(held.ms('a')).toBe(7);
});

test('hundreds that wait for two sockets run into no deadline of theirs', async () => {
  const limiter = createBmcLimiter(2);
  const never = new AbortController().signal;
  const late = await Promise.all(
    Array.from({ length: 40 }, async (_, index) => {
      const key = `bmc-${index}`;
      const deadline = createDeadline(5_000, never, () => limiter.heldMs(key));
      const before = deadline.remainingMs();
      await limiter.run(key, never, () => new Promise((resolve) => setTimeout(resolve, 10)));
      // The last one waited twenty turns, and has as much time left as the first.
      return before - deadline.remainingMs();
    }),
  );
  const [first = 0, last = 0] = [late[0], late.at(-1)];
  expect(limiter.heldMs('bmc-39')).toBeGreaterThan(100);
  expect(last - first).toBeLessThan(limiter.heldMs('bmc-39') / 2 + 100);
});

test('one BMC is asked one question at a time, however many ask and however many sockets are free', async () => {
  const limiter = createBmcLimiter(8);
  const never = new AbortController().signal;
  const running = new Map<string, number>();
  const peaks = new Map<string, number>();
  const ask = (key: string) =>
    limiter.run(key, never, async () => {
      const now = (running.get(key) ?? 0) + 1;
      running.set(key, now);
      peaks.set(key, Math.max(peaks.get(key) ?? 0, now));
      await new Promise((resolve) => setTimeout(resolve, 2));
      running.set(key, (running.get(key) ?? 0) - 1);
    });
  await Promise.all(['a', 'b', 'a', 'a', 'b'].map(ask));
  expect([...peaks]).toEqual([
    ['a', 1],
    ['b', 1],
  ]);
});
