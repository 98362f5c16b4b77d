import { createInterface } from 'node:readline';
import { MessageChannel } from 'node:worker_threads';
import { connectLink, type Hello, type LinkClient } from '../link/connect-link.ts';
import type { FromClient, FromEngine } from '../link/link-protocol.ts';
import { createPortCarrier } from '../link/port-carrier.ts';
import type { StopLoss } from './close-state.ts';
import { cannotRun } from './command.ts';
import { whyOf } from './engine-death.ts';
import type { EngineStart, FromEngineThread, ToEngineThread } from './engine-messages.ts';
import { giveHeapRoom } from './heap-room.ts';
import { startThread } from './start-thread.ts';

export interface RunningEngine {
  readonly socket: string;
  readonly lines: readonly string[];
  readonly connect: (hello: Hello) => Promise<LinkClient>;
  readonly reload: () => void;
  /** Servers closed, BMC sessions ended, state saved, or what of it was not. `waits` is told why it takes long. */
  readonly stop: (waits: (text: string) => void) => Promise<StopLoss | undefined>;
  /** `why`: it ended by itself, and this is the reason. */
  readonly onExit: (exited: (code: number, why: string | undefined) => void) => void;
}

export interface StartWatch {
  /** What is under way, one after the other, until the engine is there. */
  readonly onStep?: (step: string) => void;
  /** JSON lines, as text that can be written out as it is: machines may be answered before the engine is there in all. */
  readonly onLog?: (text: string) => void;
  /** Nobody wants it any more: what was started is ended again, and the start fails. */
  readonly signal?: AbortSignal;
}

/** Longer than BMCs (8 s), what they do (3 s) and a disk (6 s) may take one after the other: what is lost is told by then. */
const STOP_LIMIT_MS = 20_000;
const STUCK_MS = 1_000;
const NOT_ENDED = 'the engine did not end: what it did last may not be on disk';

/** The engine in its own thread: a screen that draws can never delay an answer on the wire. */
export async function startEngine(
  start: Omit<EngineStart, 'role' | 'port' | 'logs'>,
  { onStep, onLog, signal }: StartWatch = {},
): Promise<RunningEngine> {
  const { port1, port2 } = new MessageChannel();
  const data: EngineStart = { ...start, role: 'engine', port: port2, logs: onLog !== undefined };
  giveHeapRoom();
  const worker = startThread(data, [port2], { stdout: true, stderr: true });
  const tell = (message: ToEngineThread) => worker.postMessage(message);
  // Libraries print their troubles; on a screen that would be rubbish, in the log it is a line.
  for (const output of [worker.stdout, worker.stderr])
    createInterface({ input: output }).on('line', (text) => tell({ t: 'printed', text }));
  const exitTakers: ((code: number, why: string | undefined) => void)[] = [];
  let exited = false;
  let why: string | undefined;
  let loss: StopLoss | undefined;
  worker.on('exit', (code) => {
    exited = true;
    for (const taker of exitTakers) taker(code, why);
  });
  // No memory left, for one: then it said nothing itself.
  worker.on('error', (error: unknown) => {
    why ??= whyOf(error);
  });
  const endLater = () => setTimeout(() => void worker.terminate(), STOP_LIMIT_MS).unref();
  signal?.addEventListener('abort', () => {
    tell({ t: 'stop' });
    endLater();
  });
  const ready = await new Promise<Extract<FromEngineThread, { readonly t: 'ready' }>>((resolve, reject) => {
    worker.on('message', (message: FromEngineThread) => {
      if (message.t === 'ready') resolve(message);
      if (message.t === 'starting') onStep?.(message.step);
      if (message.t === 'failed')
        reject(cannotRun(message.problems === '' ? message.message : `${message.message}\n${message.problems}`));
      if (message.t === 'dying') why = message.why;
      if (message.t === 'stopped') loss = message.loss;
      if (message.t === 'log') onLog?.(message.text);
    });
    worker.on('error', reject);
    worker.on('exit', (code) => reject(cannotRun(`the engine ended before it was ready (${why ?? code})`)));
  }).catch((error: unknown) => {
    // Whatever it still holds must not keep this process once the reason is told.
    worker.unref();
    throw error;
  });
  return {
    socket: ready.socket,
    lines: ready.lines,
    connect: async (hello) => {
      const client = await connectLink(createPortCarrier<FromClient, FromEngine>(port1), hello);
      if (!client.ok) throw cannotRun(client.error);
      return client.value;
    },
    reload: () => tell({ t: 'reload' }),
    stop: (waits) =>
      new Promise((resolve) => {
        if (exited) return resolve(loss);
        const stuck = () => resolve(loss ?? { lines: [NOT_ENDED], isStuck: true });
        worker.on('exit', () => resolve(loss));
        worker.on('message', (message: FromEngineThread) => {
          if (message.t === 'waits') waits(message.text);
          // A thread does not end while a write of it hangs.
          if (message.t === 'stopped') setTimeout(stuck, STUCK_MS).unref();
        });
        tell({ t: 'stop' });
        endLater();
        setTimeout(stuck, STOP_LIMIT_MS + STUCK_MS).unref();
      }),
    onExit: (taker) => {
      exitTakers.push(taker);
    },
  };
}
