import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';

/**
 * What a process takes of its host for clients that ask on and on and read nothing. The buffers of what was read are neither
 * in its heap nor counted as external at once: only its own size in memory shows them.
 */

const CLIENTS = 200;
const ASKED = Buffer.from('GET /boot.ipxe HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(1800));
/** Of each client, where it is read so far. */
const MOST_BYTES = 8 * 1024 * 1024;
const ASK_MS = 5_000;
const MB = 1024 * 1024;

let child: ChildProcess | undefined;
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  child?.kill('SIGKILL');
  child = undefined;
});

async function told(from: ChildProcess, field: 'port' | 'grown'): Promise<number> {
  const [message] = (await once(from, 'message')) as [Readonly<Record<string, number>>];
  return message[field] ?? expect.fail(`no ${field}`);
}

async function askAndReadNothing(port: number): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port }).pause();
  sockets.push(socket);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  let left = MOST_BYTES;
  const ask = (): void => {
    for (let goesOn = true; goesOn && left > 0; left -= ASKED.length) goesOn = socket.write(ASKED);
  };
  socket.on('drain', ask);
  ask();
}

test('hundreds who ask on and read nothing cost a server no more than what it reads ahead of each', {
  timeout: 60_000,
}, async () => {
  child = fork(new URL('./pipeliners-probe.ts', import.meta.url), { execArgv: [] });
  const port = await told(child, 'port');
  await Promise.all(Array.from({ length: CLIENTS }, () => askAndReadNothing(port)));
  await sleep(ASK_MS);
  const grown = told(child, 'grown');
  child.send('how much');
  // 64 KB are read at a time, and lie there until they are worked off.
  expect(Math.round((await grown) / MB)).toBeLessThan(150);
});
