import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { endThread } from '../../src/servers/end-thread.ts';

const thread = (text: string) =>
  new Worker(`const { parentPort } = require('node:worker_threads');${text}`, { eval: true, stderr: true });
const LIVES = 'setInterval(() => {}, 1000);';
/** Of a thread that is broken off: 1. */
const codeOf = async (worker: Worker): Promise<unknown> => (await once(worker, 'exit'))[0];

test('a thread ends by itself when it is asked, also before it has begun to listen', async () => {
  const worker = thread(
    `const until = Date.now() + 300; while (Date.now() < until); ${LIVES} parentPort.on('message', () => process.exit(7));`,
  );
  const code = codeOf(worker);
  await endThread(worker, () => worker.postMessage('end'), 20_000);
  expect(await code).toBe(7);
});

test('one that does not hear is broken off in time', async () => {
  const worker = thread('for (;;);');
  const code = codeOf(worker);
  await endThread(worker, () => worker.postMessage('end'), 300);
  expect(await code).toBe(1);
});

test('one that is gone is not waited for', async () => {
  const worker = thread('');
  await codeOf(worker);
  await endThread(worker, () => expect.fail('nobody hears'));
});
