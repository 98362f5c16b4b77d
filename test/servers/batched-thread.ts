import { once } from 'node:events';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { createBatchedSockets } from '../../src/servers/batched-sockets.ts';
import { loadLibc } from '../../src/servers/libc.ts';
import { bindUdp, createUdp } from '../../src/servers/udp-socket.ts';

/**
 * A thread with twenty transfers that never rest, on ports of every kind, for whoever ends it. Run as a program: five of
 * them one after the other, ended from outside, in a process that itself has nothing of what they use.
 */
const HOME = '127.0.0.1';

if (isMainThread) {
  for (let index = 0; index < 5; index += 1) {
    const worker = new Worker(new URL(import.meta.url), { execArgv: [] });
    await once(worker, 'message');
    await worker.terminate();
  }
} else await runTransfers();

async function runTransfers(): Promise<void> {
  const echo = createUdp('udp4');
  await bindUdp(echo, 0, HOME);
  echo.on('message', (bytes, from) => echo.send(bytes, from.port, HOME));
  const sockets = await createBatchedSockets(loadLibc());
  for (let index = 0; index < 20; index += 1) {
    const mayShare = index % 2 === 0;
    const made = await sockets?.open(HOME, { address: HOME, port: echo.address().port }, mayShare);
    if (made?.ok !== true) continue;
    const socket = made.value;
    socket.hear((bytes) => socket.send(Buffer.from(bytes), 0, bytes.length));
    socket.send(Buffer.from('ball'), 0, 4);
  }
  parentPort?.postMessage('they run');
}
