import type { Socket } from 'node:net';
import { renderHttpHead } from '../protocols/http/render-http-head.ts';
import { closedHere } from './closed-here.ts';
import { MOST_AT_ONCE } from './file-sender.ts';
import { turn } from './loop-turn.ts';

export interface HttpReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of the body, also where only its head is asked for. */
  readonly contentLength: number;
  /** A text goes out with its head, in one packet and one call of the kernel. */
  readonly body?: string | HttpSource;
  /** The connection ends with this body, and how it ends says whether the machine has taken all of it. */
  readonly untilTaken?: boolean;
}

/** A long body, fetched piece by piece as the client takes it: a slow client holds one piece of shared memory. */
export interface HttpSource {
  readonly next: () => Uint8Array | undefined | Promise<Uint8Array | undefined>;
  /** What the kernel sends by itself before the next piece: how many bytes it took. */
  readonly straight?: () => number;
  /** Why there is no next piece before the end. */
  readonly whyNot?: () => string | undefined;
  /** The kernel took this many bytes of the body in all. */
  readonly onMoved: (bytes: number) => void;
  readonly onEnd: (complete: boolean, bytes: number, reason: string) => void;
}

/** A machine that read everything closes at once; one that keeps its side open has it by then. */
const TAKEN_MS = 5_000;

export const isSource = (body: HttpReply['body']): body is HttpSource => typeof body === 'object';

/** Head and body in one packet, and behind it the end of the connection where it is the last. */
export function sendAtOnce(socket: Socket, headOnly: boolean, reply: HttpReply, after: 'goOn' | 'end' | 'close'): void {
  const { body } = reply;
  const whole = headOf(reply, after === 'goOn') + (headOnly || typeof body !== 'string' ? '' : body);
  if (after === 'goOn') socket.write(whole);
  else if (after === 'close') writeAndClose(socket, whole);
  else if (!socket.writableEnded) socket.end(whole);
  if (isSource(body)) body.onEnd(true, 0, 'only the head was asked for');
}

/** What the kernel took it sends, and the end behind it: where that is all, the end costs no call and no turn of its own. */
function writeAndClose(socket: Socket, whole: string): void {
  if (socket.destroyed || socket.writableEnded) return;
  socket.write(whole);
  if (socket.writableLength === 0) socket.destroy();
  else socket.end(() => socket.destroy());
}

const headOf = ({ status, contentLength, headers }: HttpReply, keepAlive: boolean): string =>
  renderHttpHead({ status, contentLength, keepAlive, ...(headers === undefined ? {} : { headers }) });

/** Resolves with "may the connection be used again". */
export async function sendPieces(
  socket: Socket,
  reply: HttpReply,
  source: HttpSource,
  again: boolean,
  onAlive: () => void,
): Promise<boolean> {
  socket.write(headOf(reply, again), 'latin1');
  let sent = 0;
  const moved = (bytes: number): void => {
    if (bytes === 0) return;
    sent += bytes;
    onAlive();
    source.onMoved(sent);
  };
  for (;;) {
    // It would overtake what still waits to be written.
    const bytes = socket.writableLength === 0 ? (source.straight?.() ?? 0) : 0;
    moved(bytes);
    if (bytes === MOST_AT_ONCE) {
      // There may be room for more.
      await turn();
      continue;
    }
    const piece = await source.next();
    if (piece === undefined) break;
    const failure = await writePiece(socket, piece);
    if (failure !== undefined) {
      source.onEnd(false, sent, failure);
      return false;
    }
    moved(piece.length);
  }
  const complete = sent === reply.contentLength;
  const lost = complete && reply.untilTaken === true ? await whyNotTaken(socket) : undefined;
  source.onEnd(
    complete && lost === undefined,
    sent,
    lost ?? (complete ? 'sent' : (source.whyNot?.() ?? 'the file could not be read to its end')),
  );
  return complete && again;
}

/** Not one byte taken in this time: the machine is gone, or it stalls on purpose. */
export const STALL_S = 120;

const CLOSED = 'the connection was closed by the machine';

const whyClosed = ({ errored }: Socket): string => closedHere(errored) ?? CLOSED;

/** The kernel took the bytes, which proves nothing: a reset says that the machine did not, its own close that it did. */
function whyNotTaken(socket: Socket): Promise<string | undefined> {
  return new Promise((resolve) => {
    if (socket.destroyed) return resolve(whyClosed(socket));
    const done = (why: string | undefined) => {
      clearTimeout(late);
      socket.off('end', taken);
      socket.off('close', closed);
      resolve(why);
    };
    const taken = () => done(undefined);
    const closed = (hadError: boolean) =>
      done(hadError && closedHere(socket.errored) === undefined ? CLOSED : undefined);
    const late = setTimeout(taken, TAKEN_MS);
    socket.once('end', taken);
    socket.once('close', closed);
    socket.end();
    // The end of the other side is seen only by reading.
    socket.resume();
  });
}

function writePiece(socket: Socket, piece: Uint8Array): Promise<string | undefined> {
  return new Promise((resolve) => {
    if (socket.destroyed) return resolve(whyClosed(socket));
    const closed = () => resolve(whyClosed(socket));
    socket.once('close', closed);
    socket.write(piece, (error) => {
      socket.off('close', closed);
      resolve(error === null || error === undefined ? undefined : whyClosed(socket));
    });
  });
}
