import { parseIpv4 } from '../protocols/ipv4.ts';
import type { BootParts, ListenAddress } from './server-parts.ts';
import { sharedClockMs, toldAtMs } from './tftp-notes.ts';

/** What is kept of what one machine asks by TFTP. */
export interface TftpCapture {
  /** Whether it is known whose it is. */
  readonly isKept: boolean;
  readonly asked: (bytes: Uint8Array, comment: string) => void;
  readonly refused: (bytes: Uint8Array, comment: string) => void;
  /** Notes of the thread that sends. */
  readonly seen: (notes: Uint8Array) => void;
  readonly ended: (how: string) => void;
}

const NOTHING: TftpCapture = {
  isKept: false,
  asked: () => undefined,
  refused: () => undefined,
  seen: () => undefined,
  ended: () => undefined,
};
/** A request is a name and some options. What somebody sends beyond that is not worth the room. */
const MOST_BYTES = 512;
const EMPTY = Buffer.alloc(0);

export function createTftpCapture(
  { captures, engine }: Pick<BootParts, 'captures' | 'engine'>,
  node: string | undefined,
  local: ListenAddress,
  peer: ListenAddress,
): TftpCapture {
  const [ours, theirs] = [parseIpv4(local.address), parseIpv4(peer.address)];
  if (captures === undefined || node === undefined || !ours.ok || !theirs.ok) return NOTHING;
  const client = { address: theirs.value, port: peer.port };
  const server = { address: ours.value, port: local.port };
  const cut = (bytes: Uint8Array) => ({ payload: bytes.subarray(0, MOST_BYTES), wireBytes: bytes.length });
  const notes = (payload: Uint8Array, underwayMs: number, comment?: string): void =>
    captures.keepNotes(node, 'tftp', {
      timeMs: engine.now() - underwayMs,
      source: client,
      destination: server,
      payload,
      ...(comment === undefined ? {} : { comment }),
    });
  return {
    isKept: true,
    asked: (bytes, comment) =>
      captures.keep(
        node,
        { timeMs: engine.now(), source: client, destination: server, ...cut(bytes), comment },
        'tftp',
      ),
    refused: (bytes, comment) =>
      captures.keep(
        node,
        { timeMs: engine.now(), source: server, destination: client, ...cut(bytes), comment },
        'tftp',
      ),
    seen: (payload) => notes(payload, Math.max(0, sharedClockMs() - toldAtMs(payload))),
    ended: (how) => notes(EMPTY, 0, how),
  };
}
