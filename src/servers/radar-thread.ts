import type { MessagePort } from 'node:worker_threads';
import { type EarsOrder, type HeardAnswer, openEars } from './radar-ears.ts';
import type { ListenAddress } from './server-parts.ts';
import { yieldToEngine } from './thread-priority.ts';

/** How the thread of the radar is started. */
export interface RadarStart extends EarsOrder {
  readonly role: 'radar';
}

export type FromRadarThread =
  /** Again where that is another thing by now. */
  | { readonly t: 'opened'; readonly listens: readonly ListenAddress[]; readonly warnings: readonly string[] }
  | { readonly t: 'heard'; readonly answers: readonly HeardAnswer[] };

/** From now on these addresses are our own; or it is to end. */
export type ToRadarThread = { readonly own: readonly string[] } | { readonly end: true };

/** A rival that answers a thousand machines at once takes 2 ms of the engine at a time, and not 100. */
const POST_MOST = 32;
const POST_MS = 10;

/** libuv reads so many datagrams of a socket in one turn of the loop. */
const TURN = 32;
const REST_MS = 20;

/**
 * A thread that waits for packets is woken by whoever sends one, in its time: 25 µs of the engine for each answer
 * (measured). Who rests is not woken, and what came meanwhile is read in one go.
 */
function createRest(): () => void {
  const never = new Int32Array(new SharedArrayBuffer(4));
  let frames = 0;
  const rest = (): void => {
    const isAllRead = frames < TURN;
    frames = 0;
    if (isAllRead) Atomics.wait(never, 0, 0, REST_MS);
  };
  return () => {
    frames += 1;
    if (frames === 1) setImmediate(rest);
  };
}

/**
 * Hears what others broadcast. Where the kernel cannot be told to drop ours, those come by again, two for each machine that
 * boots, and are read no further than their sender. What the engine would lose in a burst waits in the buffer of the socket.
 */
export async function runRadarThread(port: MessagePort, start: RadarStart): Promise<void> {
  yieldToEngine();
  const tell = (message: FromRadarThread) => port.postMessage(message);
  const waiting: HeardAnswer[] = [];
  const post = (): void => {
    tell({ t: 'heard', answers: waiting.splice(0, POST_MOST) });
    if (waiting.length > 0) setTimeout(post, POST_MS);
  };
  const hear = (heard: HeardAnswer): void => {
    waiting.push(heard);
    if (waiting.length === 1) setTimeout(post, POST_MS);
  };
  const tellPlace = () => tell({ t: 'opened', listens: ears.listens, warnings: ears.warnings });
  const ears = await openEars(start, hear, createRest(), tellPlace);
  port.on('message', (message: ToRadarThread) => {
    // Of this thread alone.
    if ('end' in message) process.exit(0);
    ears.setOwn(message.own);
  });
  tellPlace();
}
