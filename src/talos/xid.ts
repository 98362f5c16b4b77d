import type { Told } from '../core/reported.ts';

/** Event ids are xids: 12 bytes as 20 characters of base32hex, lower case; the first four bytes are Unix seconds. */

const ALPHABET = '0123456789abcdefghijklmnopqrstuv';

/** Milliseconds since 1970 at a resolution of one second, by the node's own clock; undefined for what is no xid. */
export function timeOfXid(id: string): number | undefined {
  const bytes = bytesOfXid(id);
  return bytes === undefined ? undefined : new DataView(bytes.buffer).getUint32(0) * 1000;
}

/** What tells one report from all others; undefined for what is no xid. */
export function toldByXid(id: string): Told | undefined {
  const bytes = bytesOfXid(id);
  if (bytes === undefined) return undefined;
  const view = new DataView(bytes.buffer);
  const series = [...bytes.subarray(4, 9)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const count = view.getUint8(9) * 0x10000 + view.getUint16(10);
  return { by: 'events', series, count, at: view.getUint32(0) * 1000 };
}

function bytesOfXid(id: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[0-9a-v]{20}$/.test(id)) return undefined;
  let bits = 0n;
  for (const character of id) bits = (bits << 5n) | BigInt(ALPHABET.indexOf(character));
  const bytes = new Uint8Array(12);
  // 20 characters carry 100 bits, the last four of them are padding.
  let rest = bits >> 4n;
  for (let index = 11; index >= 0; index -= 1) {
    bytes[index] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}

/** `machineAndPid`: five bytes that tell one boot of one node from another. */
export function renderXid(timeMs: number, machineAndPid: Uint8Array, counter: number): string {
  const bytes = new Uint8Array(12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, Math.floor(timeMs / 1000));
  bytes.set(machineAndPid.subarray(0, 5), 4);
  view.setUint8(9, (counter >>> 16) & 255);
  view.setUint16(10, counter & 0xffff);
  let bits = 0n;
  for (const byte of bytes) bits = (bits << 8n) | BigInt(byte);
  bits <<= 4n;
  let id = '';
  for (let index = 0; index < 20; index += 1) {
    id = `${ALPHABET[Number(bits & 31n)]}${id}`;
    bits >>= 5n;
  }
  return id;
}
