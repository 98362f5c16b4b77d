import { expect, test } from 'vitest';
import { createHeldDatagrams } from '../../src/servers/held-datagrams.ts';

test('what came before is received in turn, as it was then, and what comes later at once', () => {
  const held = createHeldDatagrams();
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

test('of a flood no more is held than a second brings', () => {
  const held = createHeldDatagrams();
  let received = 0;
  for (let index = 0; index < 10_000; index += 1) held.take(Buffer.alloc(1), '10.9.0.7', 68, () => (received += 1));
  held.open();
  expect(received).toBe(4_000);
});
