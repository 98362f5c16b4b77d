import type { LoadedFile } from '../core/ports.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { negotiateTftp, TFTP_LIMITS, type TransferPlan } from '../protocols/tftp/negotiate-tftp.ts';
import { encodeNetascii } from '../protocols/tftp/netascii.ts';
import { createTftpImage, type TftpImage } from '../protocols/tftp/tftp-image.ts';
import { TFTP_ERROR, type TftpRequest } from '../protocols/tftp/tftp-message.ts';
import type { FileStore } from './file-store.ts';
import { createTftpRecorder, type TftpRecorder } from './tftp-recorder.ts';
import { type BreakOff, startTftpSession, type TftpSession, type TransferEnd } from './tftp-session.ts';
import { explainTransfer } from './transfer-problem.ts';
import type { TransferSocket, TransferSockets } from './transfer-socket.ts';

/** One transfer that the engine allowed: plain data, because it crosses threads. */
export interface TftpOrder {
  /** Our address that the machine asked. */
  readonly local: string;
  readonly peer: { readonly address: string; readonly port: number };
  readonly request: TftpRequest;
  readonly file: LoadedFile;
  /** Of larger blocks it acknowledged none. */
  readonly maxBlockBytes?: number;
  /** Some of its packets are kept for those who look at a boot afterwards. */
  readonly recorded?: boolean;
}

/** How it goes, told to whoever ordered it. After `refused` or `ended` nothing more comes. */
export interface TftpReports {
  readonly began: (sizeBytes: number) => void;
  /** 0: it acknowledged the reply to its options. */
  readonly moved: (ackedBytes: number) => void;
  /** Told once: for seconds its first block was not acknowledged. */
  readonly blockLost: (blockBytes: number) => void;
  /** All is sent but for the last ACK, for which it is tried on: most likely the machine has it, and has gone on. */
  readonly unheard: () => void;
  /** What `writeTftpNotes` made of its packets since the last time. */
  readonly seen: (notes: Uint8Array) => void;
  readonly refused: (code: number, message: string) => void;
  readonly ended: (end: TftpEnd) => void;
}

export interface TftpEnd {
  readonly is: TransferEnd;
  /** Empty where there is nothing to say: it was sent and acknowledged. */
  readonly reason: string;
  readonly resent: number;
  readonly ackedBytes: number;
}

export interface TftpRunner {
  /** Returns how to break it off. */
  readonly start: (order: TftpOrder, reports: TftpReports) => BreakOff;
}

const TICK_MS = 50;
/** The kernel cuts all that is sent: an OACK or ERROR must fit into one piece. */
const LEAST_SEGMENT_BYTES = 512;
const IMAGES_KEPT = 16;
/** Each image is a copy of its file with headers between the blocks. */
const IMAGE_BYTES_KEPT = 256 * 1024 * 1024;

/** The end of one that was replaced before its first packet. */
export const replacedUnsent = (reason: string): TftpEnd => ({ is: 'replaced', reason, resent: 0, ackedBytes: 0 });

type Refusal = { readonly code: number; readonly message: string };

/** The transfers of one thread, each on a socket of its own. It decides nothing about who may have what. */
export function createTftpRunner(
  files: Pick<FileStore, 'open'>,
  sockets: TransferSockets,
): TftpRunner & { readonly stop: () => void } {
  const images = new Map<string, TftpImage>();
  const sessions = new Set<TftpSession>();
  const tickAll = (): void => {
    const nowMs = performance.now();
    for (const session of sessions) session.tick(nowMs);
  };
  // After a stall what was acknowledged meanwhile is read first, or all of it would go out twice.
  const ticker = setInterval(() => setImmediate(tickAll), TICK_MS);

  const prepare = async ({
    local,
    peer,
    request,
    file,
    recorded,
    maxBlockBytes,
  }: TftpOrder): Promise<Result<Prepared, Refusal>> => {
    if (request.kind !== 'read') return fail({ code: TFTP_ERROR.accessViolation, message: 'this server only sends' });
    const stored = await files.open(file);
    const whole = stored.ok ? stored.value.whole : undefined;
    if (whole === undefined) return fail({ code: TFTP_ERROR.undefined, message: 'the file cannot be served now' });
    const bytes = request.mode === 'netascii' ? encodeNetascii(whole) : whole;
    const limits = maxBlockBytes === undefined ? TFTP_LIMITS : { ...TFTP_LIMITS, maxBlockBytes };
    const plan = negotiateTftp(request, bytes.length, limits);
    if (!plan.ok) return plan;
    const image = imageOf(images, `${file.sha256}|${request.mode}`, bytes, plan.value.blockBytes);
    const opened = await sockets.open(local, peer, plan.value.windowBlocks === 1);
    if (!opened.ok)
      return fail({ code: TFTP_ERROR.undefined, message: explainTransfer(opened.error, peer.address, local) });
    const socket = opened.value;
    const recorder = recorded === true ? createTftpRecorder(image, socket.port) : undefined;
    return ok({ socket, image, plan: plan.value, peer: peer.address, ...(recorder === undefined ? {} : { recorder }) });
  };

  const run = ({ socket, image, plan, peer, recorder }: Prepared, reports: TftpReports): TftpSession => {
    const mayBeCut = plan.windowBlocks > 1 && plan.blockBytes >= LEAST_SEGMENT_BYTES;
    const segmented = mayBeCut && socket.segment(plan.blockBytes + 4);
    let ackedBytes = 0;
    reports.began(plan.sizeBytes);
    const session = startTftpSession({
      socket,
      image,
      plan,
      peer,
      segmented,
      ...(recorder === undefined ? {} : { recorder, onSeen: reports.seen }),
      nowMs: () => performance.now(),
      onMoved: (bytes) => {
        ackedBytes = bytes;
        reports.moved(bytes);
      },
      onBlockLost: () => reports.blockLost(plan.blockBytes),
      onUnheard: reports.unheard,
      onEnd: ({ is, reason, resent }) => {
        sessions.delete(session);
        socket.close();
        reports.ended({ is, reason, resent, ackedBytes });
      },
    });
    sessions.add(session);
    return session;
  };

  return {
    start: (order, reports) => {
      let session: TftpSession | undefined;
      let broken: Parameters<BreakOff> | undefined;
      void prepare(order).then((prepared) => {
        if (broken?.[1] === 'replaced') {
          if (prepared.ok) prepared.value.socket.close();
          return reports.ended(replacedUnsent(broken[0]));
        }
        if (!prepared.ok) return reports.refused(prepared.error.code, prepared.error.message);
        session = run(prepared.value, reports);
        if (broken !== undefined) session.breakOff(...broken);
      });
      return (...why) => {
        broken = why;
        session?.breakOff(...why);
      };
    },
    stop: () => {
      clearInterval(ticker);
      for (const session of [...sessions]) session.breakOff('the server stops');
    },
  };
}

interface Prepared {
  readonly socket: TransferSocket;
  readonly image: TftpImage;
  readonly plan: TransferPlan;
  /** Its address. */
  readonly peer: string;
  readonly recorder?: TftpRecorder;
}

/** One per file and block size serves every client. */
function imageOf(images: Map<string, TftpImage>, file: string, bytes: Uint8Array, blockBytes: number): TftpImage {
  const key = `${file}|${blockBytes}`;
  const image = images.get(key) ?? createTftpImage(bytes, blockBytes);
  images.delete(key);
  images.set(key, image);
  let held = 0;
  for (const one of images.values()) held += one.bytes.length;
  for (const [oldest, one] of images) {
    if (images.size <= 1 || (images.size <= IMAGES_KEPT && held <= IMAGE_BYTES_KEPT)) break;
    images.delete(oldest);
    held -= one.bytes.length;
  }
  return image;
}
