import type { DhcpPacket } from '../../../src/protocols/dhcp/dhcp-message.ts';

/** Packets written by hand, so that the decoder is not tested by its own encoder. */

export type Tlv = readonly [code: number, ...data: number[]];

export const COOKIE = [0x63, 0x82, 0x53, 0x63];

export function header(change: Readonly<Record<number, number>> = {}): number[] {
  const bytes = new Array<number>(236).fill(0);
  bytes.splice(0, 4, 1, 1, 6, 0);
  bytes.splice(4, 4, 0xde, 0xad, 0xbe, 0xef);
  bytes.splice(28, 6, 0x52, 0x54, 0x00, 0x1a, 0xbd, 0x03);
  for (const [at, value] of Object.entries(change)) bytes[Number(at)] = value;
  return bytes;
}

export function tlvs(options: readonly Tlv[]): number[] {
  return options.flatMap(([code, ...data]) => [code, data.length, ...data]);
}

export function packet(options: readonly Tlv[], change: Readonly<Record<number, number>> = {}): Uint8Array {
  return Uint8Array.from([...header(change), ...COOKIE, ...tlvs(options), 255]);
}

export const ascii = (text: string): number[] => [...Buffer.from(text, 'latin1')];

export const reply: DhcpPacket = {
  op: 'reply',
  htype: 1,
  hlen: 6,
  hops: 0,
  xid: 0xdeadbeef,
  secs: 0,
  broadcast: true,
  ciaddr: 0,
  yiaddr: 0x0a4dbdb2,
  siaddr: 0x0a4dbd01,
  giaddr: 0,
  chaddr: Uint8Array.of(0x52, 0x54, 0x00, 0x1a, 0xbd, 0x03),
  sname: '',
  file: '',
  options: { messageType: 'offer', serverId: 0x0a4dbd01 },
};
