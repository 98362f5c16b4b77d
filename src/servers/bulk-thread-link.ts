import type { EventLoopUtilization } from 'node:perf_hooks';
import type { Worker } from 'node:worker_threads';
import { createOutbox, type FromBulkThread, type Outbox, type ToBulkThread } from './bulk-messages.ts';
import type { DhcpRush } from './dhcp-rush.ts';
import { endThread } from './end-thread.ts';
import type { HttpFront } from './http-question.ts';

/**
 * What is answered in one turn of the loop. Hundreds of scripts asked for in one moment took 35 ms, in which no DHCP answer
 * went out (storm of 500): the rest waits behind the packets that came meanwhile.
 */
const TURN_MS = 4;
const TURN_IN_A_RUSH_MS = 0.25;

/** One bulk thread as the engine sees it, from its start to its end. */
export interface BulkThreadLink {
  readonly tell: (message: ToBulkThread) => void;
  readonly front: HttpFront;
  readonly isAlive: () => boolean;
  /** How much of its time it worked; two readings make a share. */
  readonly load: () => EventLoopUtilization;
  readonly end: () => Promise<void>;
}

export interface BulkThreadEvents {
  readonly onMessage: (link: BulkThreadLink, message: FromBulkThread) => void;
  readonly onEnd: (link: BulkThreadLink, why: string) => void;
}

const PING_MS = 5000;
/** A thread that does not answer half a minute long does not send either. Counted in pings: a suspended host is no fault. */
const MISSED_PINGS = 6;

export function linkBulkThread(worker: Worker, events: BulkThreadEvents, rush?: DhcpRush): BulkThreadLink {
  let alive = true;
  let why = '';
  let missed = 0;
  const out: Outbox<ToBulkThread> = createOutbox((messages) => {
    if (alive) worker.postMessage(messages);
  });
  const link: BulkThreadLink = {
    tell: (message) => {
      if (alive) out.put(message);
    },
    front: { cut: (follow) => link.tell({ t: 'cut', follow }) },
    isAlive: () => alive,
    load: () => worker.performance.eventLoopUtilization(),
    end: async () => {
      alive = false;
      clearInterval(pings);
      await endThread(worker, () => worker.postMessage([{ t: 'end' }] satisfies readonly ToBulkThread[]));
    },
  };
  const pings = setInterval(() => {
    missed += 1;
    if (missed > MISSED_PINGS) {
      why = `it did not answer for ${(PING_MS * MISSED_PINGS) / 1000} s`;
      void worker.terminate();
    } else link.tell({ t: 'ping' });
  }, PING_MS);
  const waiting: (readonly FromBulkThread[])[] = [];
  let at = 0;
  const turnMsNow = (): number => (rush?.isOn() === true ? TURN_IN_A_RUSH_MS : TURN_MS);
  const work = (turnMs = turnMsNow()): void => {
    const untilMs = performance.now() + turnMs;
    for (let batch = waiting[0]; alive && batch !== undefined; batch = waiting[0]) {
      for (let message = batch[at]; alive && message !== undefined; message = batch[at]) {
        if (performance.now() > untilMs) {
          setImmediate(() => work());
          return;
        }
        at += 1;
        if (message.t === 'pong') missed = 0;
        events.onMessage(link, message);
      }
      waiting.shift();
      at = 0;
    }
    // They gathered before they asked: the answers wait for no further company, 5.7 instead of 9.7 ms for a script by the thousand.
    out.flush();
  };
  worker.on('message', (messages: readonly FromBulkThread[]) => {
    waiting.push(messages);
    // Else a turn of it comes anyway, and what came before goes first.
    if (waiting.length === 1) work();
  });
  worker.on('error', (error: unknown) => {
    why = error instanceof Error ? error.message : String(error);
  });
  worker.on('exit', (code) => {
    clearInterval(pings);
    if (!alive) return;
    // What it said before its end counts.
    work(Number.POSITIVE_INFINITY);
    alive = false;
    events.onEnd(link, why === '' ? `it ended with ${code}` : why);
  });
  return link;
}
