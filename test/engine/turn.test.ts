import { expect, test } from 'vitest';
import { createTurns } from '../../src/engine/turn.ts';

test('each piece of work has a turn of the loop for itself, also of many that are ready together', async () => {
  const turns = createTurns();
  let loop = 0;
  let counting = true;
  const count = () => {
    loop += 1;
    if (counting) setImmediate(count);
  };
  setImmediate(count);
  const seen: number[] = [];
  await Promise.all(Array.from({ length: 20 }, () => turns().then(() => seen.push(loop))));
  counting = false;
  expect(new Set(seen).size).toBe(20);
});
