import { nodeOf } from '../core/fleet.ts';
import type { PhaseName } from '../core/phase.ts';
import type { EnginePort } from '../core/ports.ts';
import type { TimeMs } from '../core/time.ts';
import type { Transfer } from '../netboot/http-answer.ts';

/** At most 4 a second and transfer: rates are cut at the source. */
const PROGRESS_MS = 250;
/** And about 500 a second of all together: what a thousand machines report must not delay the next DHCP answer. */
const ALL_PER_SECOND = 500;
/**
 * A figure that was passed over is told so long after its time, where none came that was told instead: a transfer that moves
 * on is reported no more often for it, and one that stops is shown as far as it came.
 */
const LAST_WORD_MS = 150;

/** Turns the bytes of one transfer into the events that it means; nothing where nobody knows whose it is. */
export interface TransferReport {
  readonly moved: (sentBytes: number) => void;
  readonly blockLost: (blockBytes: number) => void;
  readonly done: (sentBytes: number) => void;
  readonly aborted: (sentBytes: number, reason: string, how?: 'probe' | 'askedAnew') => void;
}

const QUIET: TransferReport = {
  moved: () => undefined,
  blockLost: () => undefined,
  done: () => undefined,
  aborted: () => undefined,
};

export function startTransfer(
  engine: EnginePort,
  transfer: Transfer | undefined,
  totalBytes: number,
  by: 'tftp' | 'http',
  /** How many transfers run at this time. */
  running: () => number = () => 1,
  /** Where an image goes, if that is no address of its machine. */
  to?: string,
  askedAt: TimeMs = engine.now(),
): TransferReport {
  if (transfer === undefined) return QUIET;
  const { node } = transfer;
  const away = to === undefined ? {} : { to };
  if (transfer.kind === 'loader')
    engine.emit({ type: 'loader.requested', node, file: transfer.file, totalBytes, by, askedAt });
  else engine.emit({ type: 'image.requested', node, image: transfer.image, totalBytes, ...away });
  const progress = createProgress(engine, running, (sentBytes, bytesPerSecond) => {
    if (transfer.kind === 'loader') {
      engine.emit({ type: 'loader.progressed', node, file: transfer.file, sentBytes, totalBytes });
    } else
      engine.emit({ type: 'image.progressed', node, image: transfer.image, sentBytes, totalBytes, bytesPerSecond });
  });
  return {
    moved: progress.moved,
    blockLost: (blockBytes) => {
      if (transfer.kind === 'loader')
        engine.emit({ type: 'loader.firstBlockLost', node, file: transfer.file, blockBytes });
    },
    done: () => {
      progress.stop();
      if (transfer.kind === 'loader') engine.emit({ type: 'loader.sent', node, file: transfer.file, totalBytes });
      else engine.emit({ type: 'image.sent', node, image: transfer.image, totalBytes, ...away });
    },
    aborted: (sentBytes, reason, how) => {
      progress.stop();
      if (transfer.kind === 'loader') {
        const far = sentBytes > 0 ? { sentBytes } : {};
        const anew = how === 'askedAnew' ? { askedAnew: true as const } : {};
        const [file, probe] = [transfer.file, how === 'probe'];
        engine.emit({ type: 'loader.aborted', node, file, probe, reason, ...far, askedAt, ...anew });
      } else engine.emit({ type: 'image.aborted', node, image: transfer.image, sentBytes, reason });
    },
  };
}

const BEFORE_LOADER: ReadonlySet<PhaseName> = new Set(['powering', 'firmware', 'requesting']);

/** UEFI asks with HEAD before it fetches: it is at its loader from then on. Told once: a HEAD costs who asks nothing. */
export function tellSizeAsked(engine: EnginePort, transfer: Transfer | undefined, totalBytes: number): void {
  const file = transfer?.kind === 'loader' ? transfer.file : transfer?.uki;
  if (transfer === undefined || file === undefined) return;
  const phase = nodeOf(engine.fleet(), transfer.node)?.phase.is;
  if (phase === undefined || !BEFORE_LOADER.has(phase)) return;
  const askedAt = engine.now();
  engine.emit({ type: 'loader.requested', node: transfer.node, file, totalBytes, by: 'http', sizeOnly: true, askedAt });
}

interface Progress {
  readonly moved: (sentBytes: number) => void;
  readonly stop: () => void;
}

/** Of all that moves a figure now and then, and the last one. */
function createProgress(
  engine: EnginePort,
  running: () => number,
  tell: (sentBytes: number, bytesPerSecond: number) => void,
): Progress {
  let last: TimeMs = engine.now();
  let lastBytes = 0;
  /** Passed over, and when; nothing where it is what was told last. */
  let waitingBytes = 0;
  let movedAt: TimeMs = last;
  let timer: NodeJS.Timeout | undefined;
  const everyMs = (): number => Math.max(PROGRESS_MS, (running() * 1000) / ALL_PER_SECOND);
  const report = (sentBytes: number, at: TimeMs): void => {
    tell(sentBytes, Math.round(((sentBytes - lastBytes) * 1000) / Math.max(1, movedAt - last)));
    last = at;
    lastBytes = sentBytes;
    waitingBytes = sentBytes;
  };
  const wake = (afterMs: number): void => {
    timer = setTimeout(() => {
      timer = undefined;
      if (waitingBytes === lastBytes) return;
      const at = engine.now();
      const wholeMs = everyMs() + LAST_WORD_MS;
      // What was told meanwhile moved its time. A clock that was set back moves it no further.
      const leftMs = Math.min(wholeMs, last + wholeMs - at);
      if (leftMs > 0) wake(leftMs);
      else report(waitingBytes, at);
    }, afterMs);
    timer.unref();
  };
  return {
    moved: (sentBytes) => {
      const at = engine.now();
      movedAt = at;
      waitingBytes = sentBytes;
      if (at - last >= everyMs()) report(sentBytes, at);
      else if (timer === undefined) wake(everyMs() + LAST_WORD_MS);
    },
    stop: () => {
      waitingBytes = lastBytes;
      clearTimeout(timer);
    },
  };
}
