import { expect, test } from 'vitest';
import { createBmcLimiter } from '../../src/drivers/bmc-limiter.ts';

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
