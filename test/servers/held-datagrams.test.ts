import { expect, test } from 'vitest';
import { createHeldDatagrams } from '../../src/servers/held-datagrams.ts';

test('what came before is received in turn, as it was then, and what comes later at once', () => {
  const held = createHeldDatagrams(() => false);
  const received: string[] = [];
  const receive = (bytes: Buffer, sender: string, from: number) => received.push(`${bytes} ${sender}:${from}`);
  const shared = Buffer.from('one');
  held.take(shared, '10.9.0.7', 68, receive);
  shared.write('two');
  held.take(shared, '10.9.0.8', 68, receive);
  expect(received).toEqual([]);
  held.open();
  expect(received).toEqual(['one 10.9.0.7:68', 'two 10.9.0.8:68']);
  held.take(Buffer.from('three'), '10.9.0.9', 67, receive);
  expect(received).toHaveLength(3);
});

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('of a flood no more is held than a second brings, and it is received a few in each turn of the loop, in its order', async () => {
  const held = createHeldDatagrams(() => false);
  const received: number[] = [];
  const take = (index: number) => held.take(Buffer.alloc(1), '10.9.0.7', 68, () => received.push(index));
  for (let index = 0; index < 10_000; index += 1) take(index);
  held.open();
  const first = received.length;
  expect(first).toBeGreaterThan(0);
  expect(first).toBeLessThan(100);
  take(4_000);
  for (let turns = 0; turns < 1_000 && received.length < 4_001; turns += 1) {
    const before = received.length;
    await turn();
    expect(received.length - before).toBeLessThan(100);
  }
  expect(received).toEqual(Array.from({ length: 4_001 }, (_, index) => index));
});

test('a server that is stopped meanwhile receives no more', async () => {
  let isOver = false;
  const held = createHeldDatagrams(() => isOver);
  let received = 0;
  for (let index = 0; index < 1_000; index += 1) held.take(Buffer.alloc(1), '10.9.0.7', 68, () => (received += 1));
  held.open();
  const before = received;
  isOver = true;
  for (let turns = 0; turns < 50; turns += 1) await turn();
  expect(received).toBe(before);
});
