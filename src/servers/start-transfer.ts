import type { EnginePort } from '../core/ports.ts';
import type { TimeMs } from '../core/time.ts';
import type { Transfer } from '../netboot/answer-http.ts';

/** At most 4 a second and transfer: rates are cut at the source. */
const PROGRESS_MS = 250;
/** And about 500 a second of all together: what a thousand machines report must not delay the next DHCP answer. */
const ALL_PER_SECOND = 500;

/** Turns the bytes of one transfer into the events that it means; nothing where nobody knows whose it is. */
export interface TransferReport {
  readonly moved: (sentBytes: number) => void;
  readonly done: (sentBytes: number) => void;
  readonly aborted: (sentBytes: number, reason: string, probe?: boolean) => void;
}

const QUIET: TransferReport = { moved: () => undefined, done: () => undefined, aborted: () => undefined };

export function startTransfer(
  engine: EnginePort,
  transfer: Transfer | undefined,
  totalBytes: number,
  by: 'tftp' | 'http',
  /** How many transfers run at this time. */
  running: () => number = () => 1,
): TransferReport {
  if (transfer === undefined) return QUIET;
  const { node } = transfer;
  let last: TimeMs = engine.now();
  let lastBytes = 0;
  const rate = (sentBytes: number, at: TimeMs) => Math.round(((sentBytes - lastBytes) * 1000) / Math.max(1, at - last));
  if (transfer.kind === 'loader') engine.emit({ type: 'loader.requested', node, file: transfer.file, totalBytes, by });
  else engine.emit({ type: 'image.requested', node, image: transfer.image, totalBytes });
  return {
    moved: (sentBytes) => {
      const at = engine.now();
      if (at - last < Math.max(PROGRESS_MS, (running() * 1000) / ALL_PER_SECOND)) return;
      if (transfer.kind === 'loader') {
        engine.emit({ type: 'loader.progressed', node, file: transfer.file, sentBytes, totalBytes });
      } else {
        const bytesPerSecond = rate(sentBytes, at);
        engine.emit({ type: 'image.progressed', node, image: transfer.image, sentBytes, totalBytes, bytesPerSecond });
      }
      last = at;
      lastBytes = sentBytes;
    },
    done: () => {
      if (transfer.kind === 'loader') engine.emit({ type: 'loader.sent', node, file: transfer.file, totalBytes });
      else engine.emit({ type: 'image.sent', node, image: transfer.image, totalBytes });
    },
    aborted: (sentBytes, reason, probe = false) => {
      if (transfer.kind === 'loader') {
        engine.emit({ type: 'loader.aborted', node, file: transfer.file, probe, reason });
      } else engine.emit({ type: 'image.aborted', node, image: transfer.image, sentBytes, reason });
    },
  };
}
