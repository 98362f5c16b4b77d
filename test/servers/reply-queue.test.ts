import { expect, test } from 'vitest';
import { createReplyQueue, type QueuedReply } from '../../src/servers/reply-queue.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

function listen(whenStored?: () => Promise<unknown>, isBlocked = false) {
  const said: string[] = [];
  const errors: string[] = [];
  const queue = createReplyQueue((error) => {
    if (error !== null) errors.push(error.message);
  }, whenStored);
  const socket = {
    send: (bytes: Uint8Array) => void said.push(String(bytes[0])),
    getSendQueueCount: () => (isBlocked ? said.length : 0),
  };
  const reply = (mark: number): QueuedReply => ({
    buffer: Buffer.of(mark),
    size: 1,
    socket,
    mayWait: 2,
    host: '10.0.0.1',
    port: 68,
  });
  return { said, errors, queue, reply };
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

test('what the kernel took is counted in bytes, and what it refused is not', async () => {
  const { queue, reply } = listen();
  const send = (size: number, error: Error | null): QueuedReply => ({
    ...reply(1),
    size,
    socket: { send: (...[, , , , , done]) => done(error, size), getSendQueueCount: () => 0 },
  });
  for (const one of [send(300, null), send(548, null), send(400, new Error('no link'))]) queue.add(one);
  await turn();
  expect(queue.sentBytes()).toBe(848);
});

test('behind a socket that takes nothing only so many wait as may, and the rest are errors', async () => {
  const { said, errors, queue, reply } = listen(undefined, true);
  for (const mark of [1, 2, 3, 4, 5]) queue.add(reply(mark));
  await turn();
  expect(said).toEqual(['1', '2', '3']);
  expect(errors).toEqual(Array.from({ length: 2 }, () => 'the kernel takes no more replies'));
});
