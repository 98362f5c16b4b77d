import { createSocket } from 'node:dgram';
import { fail, ok, type Result } from '../../core/result.ts';
import { decodeTftp } from '../../protocols/tftp/decode-tftp.ts';
import { encodeTftp } from '../../protocols/tftp/encode-tftp.ts';
import { TFTP_ERROR, type TftpOption } from '../../protocols/tftp/tftp-message.ts';
import type { Random } from '../run/random.ts';
import type { SimRun } from '../run/sim-run.ts';
import { type HostPort, isLoopback } from './loopback.ts';

export interface TftpFetch {
  readonly from: string;
  readonly server: HostPort;
  readonly file: string;
  readonly options: readonly TftpOption[];
  /** Ends after the OACK with an ERROR, as OVMF does that wants nothing but the size. */
  readonly probe?: boolean;
  /** Share of packets that are lost, in both directions. */
  readonly loss?: { readonly share: number; readonly random: Random };
  /** Falls silent for good after this share of the file. */
  readonly stallAt?: number;
  /** Known from a probe before. */
  readonly totalBytes?: number;
}

export interface Fetched {
  readonly sizeBytes: number;
  /** The first part: all of a script, the head of an image. */
  readonly body: Buffer;
}

const KEEP_BYTES = 64 * 1024;
const RETRY_SIM_MS = 1_000;
const MAX_RETRIES = 8;
/** Real milliseconds: a server under load may be slower than scaled hardware has patience. */
const PATIENCE_MS = 400;

interface Reading {
  blockBytes: number;
  windowBlocks: number;
  totalBytes: number | undefined;
  next: number;
  sinceAck: number;
  sizeBytes: number;
  readonly parts: Buffer[];
}

const optionOf = (options: readonly TftpOption[], name: string): number | undefined => {
  const text = options.find((one) => one.name === name)?.value;
  return text === undefined ? undefined : Number(text);
};

/** Takes the next block in order; false for any other. */
function takeData(reading: Reading, block: number, data: Uint8Array): boolean {
  if (block !== (reading.next & 0xffff)) return false;
  reading.next += 1;
  reading.sinceAck += 1;
  if (reading.sizeBytes < KEEP_BYTES) reading.parts.push(Buffer.from(data));
  reading.sizeBytes += data.length;
  return true;
}

/** RFC 1350 with blksize, tsize and windowsize, as a boot ROM reads a file. */
export async function fetchTftp(run: SimRun, ask: TftpFetch): Promise<Result<Fetched>> {
  if (!isLoopback(ask.server.address) || !isLoopback(ask.from)) return fail('the server is not on this computer');
  const reading: Reading = {
    blockBytes: 512,
    windowBlocks: 1,
    totalBytes: ask.totalBytes,
    next: 1,
    sinceAck: 0,
    sizeBytes: 0,
    parts: [],
  };
  const answer = await run.wait<Result<Fetched>>(undefined, (done) => talk(run, ask, reading, done));
  return answer ?? fail('no answer');
}

function talk(run: SimRun, ask: TftpFetch, reading: Reading, done: (result: Result<Fetched>) => void): () => void {
  const socket = createSocket('udp4');
  let peer: number | undefined;
  let last = encodeTftp({ kind: 'read', file: ask.file, mode: 'octet', options: ask.options });
  let retries = 0;
  let cancel: (() => void) | undefined;
  let closed = false;
  let stalled = false;

  const isLost = () => ask.loss?.random.chance(ask.loss.share) === true;
  const send = (bytes: Buffer) => {
    last = bytes;
    if (!closed && !isLost()) socket.send(bytes, peer ?? ask.server.port, ask.server.address, () => undefined);
  };
  const wait = () => {
    cancel?.();
    // The socket closes a moment after the story ends; what still comes in must not begin to wait again.
    if (closed) return;
    const patience = Math.max(RETRY_SIM_MS * 2 ** Math.min(retries, 3), PATIENCE_MS * run.clock.speed);
    cancel = run.clock.after(patience, () => {
      retries += 1;
      if (retries > MAX_RETRIES) finish(fail(`no answer from TFTP at block ${reading.next}`));
      else {
        send(last);
        wait();
      }
    });
  };
  const finish = (result: Result<Fetched>) => done(result);
  const acknowledge = (block: number) => {
    reading.sinceAck = 0;
    send(encodeTftp({ kind: 'ack', block: block & 0xffff }));
    wait();
  };

  const takeBlock = (block: number, data: Uint8Array) => {
    if (!takeData(reading, block, data)) {
      // A hole, or a block that came twice: tells the server once where to go on.
      if (reading.sinceAck > 0 || reading.windowBlocks === 1) acknowledge(reading.next - 1);
      return;
    }
    retries = 0;
    const isLast = data.length < reading.blockBytes;
    const share = reading.sizeBytes / Math.max(1, reading.totalBytes ?? reading.sizeBytes * 2);
    if (ask.stallAt !== undefined && share >= ask.stallAt) {
      stalled = true;
      cancel?.();
      return;
    }
    if (isLast || reading.sinceAck >= reading.windowBlocks) acknowledge(reading.next - 1);
    else wait();
    if (isLast) finish(ok({ sizeBytes: reading.sizeBytes, body: Buffer.concat(reading.parts) }));
  };

  const takeOack = (options: readonly TftpOption[]) => {
    retries = 0;
    reading.blockBytes = optionOf(options, 'blksize') ?? 512;
    reading.windowBlocks = optionOf(options, 'windowsize') ?? 1;
    reading.totalBytes = optionOf(options, 'tsize') ?? reading.totalBytes;
    if (ask.probe !== true) {
      acknowledge(0);
      return;
    }
    send(encodeTftp({ kind: 'error', code: TFTP_ERROR.optionRefused, message: 'User aborted the transfer' }));
    finish(ok({ sizeBytes: reading.totalBytes ?? 0, body: Buffer.alloc(0) }));
  };

  socket.on('message', (bytes, from) => {
    if (closed || stalled || isLost() || (peer !== undefined && from.port !== peer)) return;
    const message = decodeTftp(bytes);
    if (!message.ok) return;
    peer ??= from.port;
    if (message.value.kind === 'data') takeBlock(message.value.block, message.value.data);
    else if (message.value.kind === 'oack' && reading.next === 1) takeOack(message.value.options);
    else if (message.value.kind === 'error') finish(fail(`TFTP ${message.value.code}: ${message.value.message}`));
  });
  socket.on('error', (error) => finish(fail(`TFTP: ${error.message}`)));
  socket.bind({ address: ask.from, port: 0 }, () => {
    send(last);
    wait();
  });
  return () => {
    closed = true;
    cancel?.();
    // What was just sent (the last ACK) goes out before the socket is gone.
    setImmediate(() => socket.close());
  };
}
