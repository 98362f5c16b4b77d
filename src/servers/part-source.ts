import type { SentFile } from './file-sender.ts';
import type { StoredFile } from './file-store.ts';
import type { FilePart } from './http-question.ts';
import type { HttpSource } from './http-reply.ts';

/** Four megabytes of shared memory at a time: libuv refills the socket from them without a turn through JavaScript. */
const PIECE_BYTES = 4 * 1024 * 1024;
/** Where the kernel sends by itself: a piece that is taken says that there is room again. */
const WAITING_BYTES = 4096;

export interface PartSource extends Required<Pick<HttpSource, 'next' | 'straight' | 'whyNot'>> {
  readonly close: () => void;
}

/** A part of a file: by the kernel where it can, and else from memory. */
export function createPartSource({ start, end }: FilePart, stored: StoredFile, sent: SentFile | undefined): PartSource {
  let at = start;
  let byKernel = sent;
  let isBroken = false;
  const close = (): void => {
    byKernel?.close();
    byKernel = undefined;
  };
  return {
    straight: () => {
      if (byKernel === undefined || at === end) return 0;
      const bytes = byKernel.send(at, end);
      if (typeof bytes === 'number') {
        at += bytes;
        return bytes;
      }
      close();
      isBroken = bytes === 'changed';
      return 0;
    },
    next: async () => {
      if (isBroken || at >= end) return undefined;
      const most = byKernel === undefined ? PIECE_BYTES : WAITING_BYTES;
      const piece = await stored.read(at, Math.min(at + most, end));
      const bytes = Buffer.isBuffer(piece) ? piece : piece.ok ? piece.value : undefined;
      at += bytes?.length ?? 0;
      return bytes;
    },
    whyNot: () => (isBroken ? 'the file changed on disk while it was sent' : undefined),
    close,
  };
}
