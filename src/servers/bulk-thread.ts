import type { MessagePort } from 'node:worker_threads';
import { fail, ok } from '../core/result.ts';
import { createTransferSockets } from './batched-sockets.ts';
import {
  type BulkStart,
  createOutbox,
  type FromBulkThread,
  fileKey,
  type Outbox,
  type ToBulkThread,
} from './bulk-messages.ts';
import { createFileSender } from './file-sender.ts';
import { createFileStore, type FileStore, loadShared, type StoredFile, storedFrom } from './file-store.ts';
import { createHttpFront } from './http-front.ts';
import { httpLimits } from './http-limits.ts';
import type { HttpVerdict } from './http-question.ts';
import { createLanTcp } from './lan-tcp.ts';
import { loadLibc } from './libc.ts';
import { listenTcpAt, type TcpListeners } from './listen-tcp.ts';
import { countRefused } from './refused-connections.ts';
import type { ListenAddress } from './server-parts.ts';
import { loadSocketOptions } from './socket-options.ts';
import { createTftpRunner } from './tftp-runner.ts';
import type { BreakOff } from './tftp-session.ts';
import { standBehindEngine } from './thread-priority.ts';

/** The engine passes on at most four a second of each transfer. */
const REPORT_MS = 125;

/** A thread that sends: it asks the engine about every request, and carries the bytes that the engine named. */
export function runBulkThread(port: MessagePort, { http }: Pick<BulkStart, 'http'> = {}): void {
  const place = standBehindEngine();
  const out = createOutbox<FromBulkThread>((messages) => port.postMessage(messages));
  const shared = new Map<string, StoredFile>();
  // Files that are too large for the shared memory are read in pieces, by each thread for itself.
  const own = createFileStore(0);
  const files: Pick<FileStore, 'open'> = {
    open: async (file) => {
      const known = shared.get(fileKey(file));
      return known === undefined ? own.open(file) : ok(known);
    },
  };
  const moves = createMoves(out);
  const native = loadSocketOptions();
  const libc = loadLibc();
  const lan = createLanTcp(native);
  const asks = new Map<number, (verdict: HttpVerdict) => void>();
  let lastAsk = 0;
  const front = createHttpFront(
    {
      ask: (question, _front, answer) => {
        lastAsk += 1;
        asks.set(lastAsk, answer);
        out.put({ t: 'ask', ask: lastAsk, question });
      },
      refused: (count, first) => out.put({ t: 'refused', count, first }),
      moved: moves.http,
      ended: (follow, complete, bytes, reason) => {
        moves.forgetHttp(follow);
        out.put({ t: 'ended', follow, complete, bytes, reason });
      },
    },
    files,
    lan,
    createFileSender(libc),
  );
  const runner = createTftpRunner(files, createTransferSockets(libc, native));
  const aborts = new Map<number, BreakOff>();
  let listeners: TcpListeners | undefined;
  const refused = countRefused((refused) => out.put({ t: 'tooMany', refused }));

  const startTftp = (order: number, what: Extract<ToBulkThread, { readonly t: 'tftp' }>['what']): void => {
    const over = () => {
      aborts.delete(order);
      moves.forgetTftp(order);
      if (aborts.size === 0) place.blocks(false);
    };
    const abort = runner.start(what, {
      began: (sizeBytes) => out.put({ t: 'tftpBegan', order, sizeBytes }),
      moved: (bytes) => moves.tftp(order, bytes),
      blockLost: (blockBytes) => out.put({ t: 'tftpBlockLost', order, blockBytes }),
      unheard: () => out.put({ t: 'tftpUnheard', order }),
      seen: (notes) => out.put({ t: 'tftpSeen', order, notes }),
      refused: (code, message) => {
        over();
        out.put({ t: 'tftpRefused', order, code, message });
      },
      ended: (end) => {
        over();
        out.put({ t: 'tftpEnded', order, end });
      },
    });
    aborts.set(order, abort);
    if (aborts.size === 1) place.blocks(true);
  };

  const listen = async (at: readonly ListenAddress[]): Promise<void> => {
    if (listeners !== undefined) {
      out.put({ t: 'listening', listens: await listeners.add(at) });
      return;
    }
    const opened = await listenTcpAt('HTTP', at, httpLimits(http), front.serve, {
      reusePort: true,
      mayWaitForAck: true,
      tellsWhyClosed: true,
      onListener: lan.listener,
      onTooMany: refused.add,
    });
    if (opened.ok) listeners = opened.value;
    out.put({ t: 'listening', listens: opened.ok ? ok(opened.value.listens) : fail(opened.error) });
  };

  const close = async (): Promise<void> => {
    await listeners?.stop();
    listeners = undefined;
    out.put({ t: 'closed' });
  };

  const take = (message: ToBulkThread): void => {
    switch (message.t) {
      case 'listen':
        void listen(message.at);
        break;
      case 'drop':
        void listeners?.drop(message.at);
        break;
      case 'close':
        void close();
        break;
      case 'verdict':
        asks.get(message.ask)?.(message.verdict);
        asks.delete(message.ask);
        break;
      case 'cut':
        front.cut(message.follow);
        break;
      case 'load':
        void loadShared(message.file).then((shared) => out.put({ t: 'loaded', load: message.load, shared }));
        break;
      case 'shared':
        shared.set(fileKey(message.file), storedFrom(message.file, message.shared));
        break;
      case 'forget':
        shared.delete(fileKey(message.file));
        break;
      case 'tftp':
        startTftp(message.order, message.what);
        break;
      case 'abort':
        aborts.get(message.order)?.(...message.why);
        break;
      case 'ping':
        out.put({ t: 'pong', connections: listeners?.sockets.size ?? 0 });
        break;
      case 'end':
        // Of this thread alone.
        process.exit(0);
    }
  };

  port.on('message', (messages: readonly ToBulkThread[]) => {
    for (const message of messages) take(message);
  });
}

interface Moves {
  readonly http: (follow: number, bytes: number) => void;
  readonly tftp: (order: number, bytes: number) => void;
  readonly forgetHttp: (follow: number) => void;
  readonly forgetTftp: (order: number) => void;
}

/** Only the newest figure of each transfer, eight times a second, all in one message. */
function createMoves(out: Outbox<FromBulkThread>): Moves {
  const http = new Map<number, number>();
  const tftp = new Map<number, number>();
  setInterval(() => {
    if (http.size === 0 && tftp.size === 0) return;
    out.put({ t: 'moved', http: [...http].flat(), tftp: [...tftp].flat() });
    http.clear();
    tftp.clear();
  }, REPORT_MS);
  return {
    http: (follow, bytes) => void http.set(follow, bytes),
    tftp: (order, bytes) => void tftp.set(order, bytes),
    forgetHttp: (follow) => void http.delete(follow),
    forgetTftp: (order) => void tftp.delete(order),
  };
}
