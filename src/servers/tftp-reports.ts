import type { LogLine } from '../core/ports.ts';
import type { Transfer } from '../netboot/http-answer.ts';
import type { BootParts } from './server-parts.ts';
import { startTransfer, type TransferReport } from './start-transfer.ts';
import type { TftpCapture } from './tftp-capture.ts';
import type { TftpReports } from './tftp-runner.ts';
import type { Tally } from './traffic.ts';

export interface OneTransfer {
  /** Undefined: nobody knows whose it is. */
  readonly transfer: Transfer | undefined;
  /** With the address, where nobody knows whose it is. */
  readonly name: string;
  /** Strangers share what a person could read. */
  readonly mayLog: () => boolean;
  readonly log: (level: LogLine['level'], text: string) => void;
  readonly refuse: (code: number, message: string) => void;
  /** The client acknowledged something. */
  readonly heard: () => void;
  /** It is over, however it went. */
  readonly end: () => void;
  readonly capture: TftpCapture;
  readonly tally: Tally;
  /** How many transfers run at this time. */
  readonly running: () => number;
}

export interface DeskReports extends TftpReports {
  /** Another one to the same port takes its place: of this one no more is told of its machine. */
  readonly letGo: (why: string) => void;
}

/** What a transfer by TFTP means: events where it is known whose it is, and one line at its end. */
export function createTftpReports(engine: BootParts['engine'], one: OneTransfer): DeskReports {
  const { transfer, name, log, refuse, end, capture, tally } = one;
  let report: TransferReport | undefined;
  let sizeBytes = 0;
  let countedBytes = 0;
  const count = (bytes: number) => {
    tally.bytes += Math.max(0, bytes - countedBytes);
    countedBytes = Math.max(countedBytes, bytes);
  };
  let isSent = false;
  let isLetGo = false;
  const sent = (): void => {
    if (!isSent && !isLetGo) report?.done(sizeBytes);
    isSent = true;
  };
  const startedMs = performance.now();
  const askedAt = engine.now();
  return {
    began: (size) => {
      sizeBytes = size;
      if (isLetGo) return;
      report = startTransfer(engine, transfer, size, 'tftp', one.running, undefined, askedAt);
    },
    moved: (bytes) => {
      one.heard();
      count(bytes);
      if (!isSent && !isLetGo && bytes > 0) report?.moved(bytes);
    },
    blockLost: (blockBytes) => {
      if (!isLetGo) report?.blockLost(blockBytes);
    },
    letGo: (why) => {
      if (!isSent) report?.aborted(countedBytes, why, 'askedAnew');
      isLetGo = true;
    },
    unheard: sent,
    seen: capture.seen,
    refused: (code, message) => {
      end();
      if (isLetGo) return;
      if (one.mayLog()) log('warn', `${name}: ${message}`);
      refuse(code, message);
    },
    ended: ({ is, reason, resent, ackedBytes }) => {
      end();
      count(is === 'done' ? sizeBytes : ackedBytes);
      if (is === 'failed') tally.errors += 1;
      if (is === 'done') sent();
      else if (!isLetGo) report?.aborted(ackedBytes, reason, is === 'probe' ? 'probe' : undefined);
      // Of a stranger a probe says nothing that its transfer does not say.
      if ((transfer === undefined && is === 'probe') || !one.mayLog()) return;
      const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
      const again = resent === 0 ? '' : `, ${resent} blocks sent again`;
      const words = is === 'done' ? [`${sizeBytes} bytes in ${seconds} s`, reason] : [reason];
      const text = `${words.filter((one) => one !== '').join(', ')}${again}`;
      capture.ended(`end of ${name}: ${text}`);
      log(is === 'failed' ? 'warn' : 'info', `${name}: ${text}`);
    },
  };
}
