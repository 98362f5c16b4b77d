import { fail, ok, type Result } from '../core/result.ts';

/** Ethernet ARP for IPv4 (RFC 826), without the frame around it. */
export interface ArpMessage {
  readonly op: 'request' | 'reply';
  /** `aa:bb:cc:dd:ee:ff`. */
  readonly senderMac: string;
  /** 0: a probe, before the sender takes an address (RFC 5227). */
  readonly senderAddress: number;
  readonly targetMac: string;
  readonly targetAddress: number;
}

const SIZE = 28;
/** Ethernet, IPv4, 6 and 4 bytes of address. */
const HEAD = 0x0001_0800_0604n;

const renderMac = (bytes: Buffer) => bytes.toString('hex').replace(/..(?=.)/g, '$&:');

export function encodeArp(message: ArpMessage): Buffer {
  const bytes = Buffer.alloc(SIZE);
  bytes.writeBigUInt64BE(HEAD << 16n, 0);
  bytes.writeUInt16BE(message.op === 'request' ? 1 : 2, 6);
  bytes.write(message.senderMac.replaceAll(':', ''), 8, 6, 'hex');
  bytes.writeUInt32BE(message.senderAddress >>> 0, 14);
  bytes.write(message.targetMac.replaceAll(':', ''), 18, 6, 'hex');
  bytes.writeUInt32BE(message.targetAddress >>> 0, 24);
  return bytes;
}

export function decodeArp(input: Uint8Array): Result<ArpMessage> {
  if (input.length < SIZE) return fail(`${input.length} bytes are too few for ARP, which has ${SIZE}`);
  const bytes = Buffer.from(input.buffer, input.byteOffset, input.length);
  if (bytes.readBigUInt64BE(0) >> 16n !== HEAD) return fail('no ARP between Ethernet and IPv4');
  const op = bytes.readUInt16BE(6);
  if (op !== 1 && op !== 2) return fail(`${op} is neither a request (1) nor a reply (2)`);
  return ok({
    op: op === 1 ? 'request' : 'reply',
    senderMac: renderMac(bytes.subarray(8, 14)),
    senderAddress: bytes.readUInt32BE(14),
    targetMac: renderMac(bytes.subarray(18, 24)),
    targetAddress: bytes.readUInt32BE(24),
  });
}
