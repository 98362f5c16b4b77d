import type { EventLoopUtilization } from 'node:perf_hooks';
import type { Worker } from 'node:worker_threads';
import type { LogSink } from '../core/ports.ts';
import { createBulkCrew } from './bulk-crew.ts';
import { createBulkFiles } from './bulk-files.ts';
import { type BulkHttp, createBulkHttp, GONE } from './bulk-http.ts';
import { createBulkLoads } from './bulk-loads.ts';
import type { FromBulkThread } from './bulk-messages.ts';
import { createBulkTftp } from './bulk-tftp.ts';
import type { BulkThreadLink } from './bulk-thread-link.ts';
import type { DhcpRush } from './dhcp-rush.ts';
import type { FileOpener } from './http-desk.ts';
import { refusedText } from './refused-connections.ts';
import type { TftpRunner } from './tftp-runner.ts';

export interface BulkPoolOptions {
  readonly threads: number;
  /** One more thread of this program that runs `runBulkThread`. */
  readonly start: () => Worker;
  readonly onLog: LogSink;
  readonly now: () => number;
  readonly budgetBytes?: number;
  readonly rush?: DhcpRush;
}

/** The threads that carry image bytes. One that dies takes its transfers along, and is replaced; the service goes on. */
export interface BulkPool {
  readonly files: FileOpener;
  readonly tftp: TftpRunner;
  readonly listenHttp: BulkHttp['listen'];
  readonly counts: () => { readonly threads: number; readonly restarts: number };
  /** Of each thread that is there: how much of its time it worked. */
  readonly loads: () => readonly EventLoopUtilization[];
  readonly stop: () => Promise<void>;
}

export function createBulkPool(options: BulkPoolOptions): BulkPool {
  const log = (level: 'info' | 'warn' | 'error', text: string): void =>
    options.onLog({ at: options.now(), node: '', source: 'engine', level, text });
  const live = () => crew.live();
  /** Whoever has least to do. */
  const idlest = (): BulkThreadLink | undefined => [...live()].sort((a, b) => tftp.runningIn(a) - tftp.runningIn(b))[0];

  const loads = createBulkLoads(idlest);
  const files = createBulkFiles(loads.load, (message) => crew.tellAll(message), options.budgetBytes);
  const tftp = createBulkTftp(files, idlest);
  const http = createBulkHttp(live, log);

  const take = (thread: BulkThreadLink, message: FromBulkThread): void => {
    switch (message.t) {
      case 'ask':
        http.ask(thread, message.ask, message.question);
        break;
      case 'refused':
        http.refused(message.count, message.first);
        break;
      case 'moved':
        eachPair(message.http, http.moved);
        eachPair(message.tftp, tftp.moved);
        break;
      case 'ended':
        http.ended(message);
        break;
      case 'loaded':
        loads.loaded(message.load, message.shared);
        break;
      case 'tftpBegan':
        tftp.began(message.order, message.sizeBytes);
        break;
      case 'tftpRefused':
        tftp.refused(message.order, message.code, message.message);
        break;
      case 'tftpBlockLost':
        tftp.blockLost(message.order, message.blockBytes);
        break;
      case 'tftpUnheard':
        tftp.unheard(message.order);
        break;
      case 'tftpSeen':
        tftp.seen(message.order, message.notes);
        break;
      case 'tftpEnded':
        tftp.ended(message.order, message.end);
        break;
      case 'listening':
        http.listening(thread, message.listens);
        break;
      case 'closed':
        http.closed(thread);
        break;
      case 'tooMany':
        log('warn', refusedText('HTTP', message.refused));
        break;
      case 'pong':
        http.connected(thread, message.connections);
    }
  };

  const crew = createBulkCrew(
    {
      threads: options.threads,
      start: options.start,
      now: options.now,
      log,
      ...(options.rush === undefined ? {} : { rush: options.rush }),
    },
    {
      onMessage: take,
      onBegun: (thread) => files.known().forEach(thread.tell),
      onLost: (thread, why) => {
        const broken = tftp.lost(thread, GONE);
        loads.lost(thread, GONE);
        http.lost(thread, why);
        return broken === 0 ? '' : ` and ${broken} transfers by TFTP`;
      },
      onReplaced: http.replaced,
    },
  );

  return {
    files,
    tftp,
    listenHttp: http.listen,
    counts: () => ({ threads: live().length, restarts: crew.restarts() }),
    loads: () => live().map((thread) => thread.load()),
    stop: crew.stop,
  };
}

function eachPair(list: readonly number[], visit: (id: number, bytes: number) => void): void {
  for (let at = 0; at < list.length; at += 2) visit(list[at] ?? 0, list[at + 1] ?? 0);
}
