import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import type { SimRun } from '../run/sim-run.ts';
import type { HostPort } from './loopback.ts';

/** One node's connection to the event sink: gRPC over h2c, one Publish at a time, in order. */
export interface EventSinkClient {
  /** Queued; sent as soon as the sink can be reached. */
  publish(message: Uint8Array): void;
  setEndpoint(endpoint: HostPort | undefined): void;
  /** Waits until all is acknowledged, at most so long: what Talos does before it reboots. */
  drain(maxSimMs: number): Promise<void>;
  close(): void;
}

export interface EventSinkOptions {
  readonly from: string;
  readonly endpoint: HostPort | undefined;
  /** Closes a connection on which nothing was sent for so long; the next event opens another. Absent: kept. */
  readonly idleMs?: number;
  /** Tells its whole boot again on every new connection, acknowledged or not. */
  readonly replays?: boolean;
}

const PATH = '/events.EventSinkService/Publish';
/** The ring of 1000 events that Talos replays from. */
const MAX_QUEUE = 990;
const FIRST_WAIT_SIM_MS = 500;
const LONGEST_WAIT_SIM_MS = 60_000;
/** Real milliseconds: scaled back-off would hammer a sink that restarts. */
const LEAST_WAIT_MS = 250;
const CALL_TIMEOUT_MS = 15_000;
/** A program that serves thousands takes its time: what was said before a reboot must not be lost to a scaled clock. */
const LEAST_DRAIN_MS = 5_000;

/** gRPC: one byte "not compressed", four bytes length. */
function frame(message: Uint8Array): Buffer {
  const bytes = Buffer.alloc(5 + message.length);
  bytes.writeUInt32BE(message.length, 1);
  bytes.set(message, 5);
  return bytes;
}

/** By hand over node:http2, because grpc-js cannot bind the source address by which the sink knows the node. */
export function createEventSinkClient(run: SimRun, options: EventSinkOptions): EventSinkClient {
  const queue: Uint8Array[] = [];
  const history: Uint8Array[] = [];
  const idlers = new Set<() => void>();
  let endpoint = options.endpoint;
  let session: ClientHttp2Session | undefined;
  let busy = false;
  let closed = false;
  let waitMs = FIRST_WAIT_SIM_MS;
  let cancelIdle: (() => void) | undefined;

  const hangUp = () => {
    const old = session;
    session = undefined;
    old?.destroy();
  };
  const open = (to: HostPort): ClientHttp2Session => {
    if (options.replays === true) queue.splice(0, queue.length, ...history);
    const made = connectHttp2(`http://${to.address}:${to.port}`, {
      createConnection: () => connectTcp({ host: to.address, port: to.port, localAddress: options.from }),
    });
    made.on('error', () => undefined);
    made.on('close', () => {
      if (session === made) session = undefined;
    });
    return made;
  };

  const settled = (sent: boolean) => {
    busy = false;
    if (closed) return;
    if (sent) {
      queue.shift();
      waitMs = FIRST_WAIT_SIM_MS;
      pump();
      return;
    }
    hangUp();
    busy = true;
    run.clock.after(Math.max(waitMs, LEAST_WAIT_MS * run.clock.speed), () => {
      busy = false;
      pump();
    });
    waitMs = Math.min(LONGEST_WAIT_SIM_MS, waitMs * 1.5);
  };

  const pump = () => {
    cancelIdle?.();
    const message = queue[0];
    if (message === undefined) {
      for (const idle of idlers) idle();
      if (options.idleMs !== undefined && session !== undefined) {
        cancelIdle = run.clock.after(options.idleMs * run.clock.speed, hangUp);
      }
      return;
    }
    if (busy || closed || endpoint === undefined) return;
    busy = true;
    session ??= open(endpoint);
    call(session, `${endpoint.address}:${endpoint.port}`, queue[0] ?? message, settled);
  };

  const close = () => {
    closed = true;
    cancelIdle?.();
    hangUp();
  };
  const forget = run.onEnd(close);

  return {
    publish(message) {
      if (closed) return;
      if (queue.length >= MAX_QUEUE) queue.splice(busy ? 1 : 0, 1);
      queue.push(message);
      if (options.replays === true) {
        history.push(message);
        if (history.length > MAX_QUEUE) history.shift();
      }
      pump();
    },
    setEndpoint(next) {
      if (next?.address === endpoint?.address && next?.port === endpoint?.port) return;
      endpoint = next;
      if (!busy) hangUp();
      pump();
    },
    async drain(maxSimMs) {
      if (queue.length === 0 || endpoint === undefined) return;
      await run.wait<true>(Math.max(maxSimMs, LEAST_DRAIN_MS * run.clock.speed), (done) => {
        const idle = () => done(true);
        idlers.add(idle);
        return () => idlers.delete(idle);
      });
    },
    close() {
      forget();
      close();
    },
  };
}

function call(
  session: ClientHttp2Session,
  authority: string,
  message: Uint8Array,
  settled: (sent: boolean) => void,
): void {
  let isOver = false;
  let isGood = false;
  const finish = () => {
    if (isOver) return;
    isOver = true;
    settled(isGood);
  };
  const stream = session.request({
    ':method': 'POST',
    ':path': PATH,
    ':scheme': 'http',
    ':authority': authority,
    'content-type': 'application/grpc',
    te: 'trailers',
    'user-agent': 'grpc-go/1.75.0',
  });
  stream.setTimeout(CALL_TIMEOUT_MS, () => stream.destroy());
  const readStatus = (headers: Readonly<Record<string, unknown>>) => {
    if (headers['grpc-status'] !== undefined) isGood = headers['grpc-status'] === '0';
  };
  stream.on('response', readStatus);
  stream.on('trailers', readStatus);
  stream.on('error', () => undefined);
  stream.on('close', finish);
  stream.resume();
  stream.end(frame(message));
}
