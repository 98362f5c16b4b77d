import { expect, test } from 'vitest';
import { inTurn } from '../../src/cli/in-turn.ts';

const later = () => new Promise<void>((resolve) => setTimeout(resolve, 5));

test('of wishes that fall together one is done, and one more behind it for those that come meanwhile', async () => {
  let done = 0;
  let atOnce = 0;
  const turns = inTurn(async () => {
    atOnce += 1;
    expect(atOnce).toBe(1);
    await later();
    atOnce -= 1;
    done += 1;
    return done;
  });
  const together = [turns.ask(), turns.ask(), turns.ask()];
  await Promise.resolve();
  const meanwhile = [turns.ask(), turns.ask()];
  expect(await Promise.all([...together, ...meanwhile])).toEqual([1, 1, 1, 2, 2]);
  expect(await turns.ask()).toBe(3);
});

test('who fails is told so, and keeps nobody behind him waiting; the end is waited for', async () => {
  let tries = 0;
  const turns = inTurn(async () => {
    await later();
    tries += 1;
    if (tries === 1) throw new Error('out of luck');
    return tries;
  });
  const first = turns.ask();
  await Promise.resolve();
  const second = turns.ask();
  await expect(first).rejects.toThrow('out of luck');
  await turns.ended();
  expect(tries).toBe(2);
  expect(await second).toBe(2);
});
