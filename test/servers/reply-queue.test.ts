import { expect, test } from 'vitest';
import { createReplyQueue, type QueuedReply } from '../../src/servers/reply-queue.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

function listen(whenStored?: () => Promise<unknown>) {
  const said: string[] = [];
  const queue = createReplyQueue(() => undefined, whenStored);
  const socket = {
    send: (bytes: Uint8Array) => void said.push(String(bytes[0])),
    getSendQueueCount: () => 0,
  };
  const reply = (mark: number): QueuedReply => ({
    buffer: Buffer.of(mark),
    size: 1,
    socket,
    host: '10.0.0.1',
    port: 68,
  });
  return { said, queue, reply };
}

test('replies of one turn go out together at its end', async () => {
  const { said, queue, reply } = listen();
  for (const mark of [1, 2, 3, 4]) queue.add(reply(mark));
  expect(said).toEqual([]);
  await turn();
  expect(said).toEqual(['1', '2', '3', '4']);
});

test('replies that wait for the disk go out after it, together, and what is told comes after those that do not', async () => {
  let stored: () => void = () => undefined;
  const { said, queue, reply } = listen(
    () =>
      new Promise<void>((resolve) => {
        stored = resolve;
      }),
  );
  for (const mark of [6, 7, 8, 9]) queue.addWhenStored(reply(mark));
  queue.add(reply(1));
  queue.later(() => said.push('told'));
  await turn();
  expect(said).toEqual(['1', 'told']);
  stored();
  await turn();
  expect(said).toEqual(['1', 'told', '6', '7', '8', '9']);
});
