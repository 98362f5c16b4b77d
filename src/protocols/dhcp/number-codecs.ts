import { renderIpv4 } from '../ipv4.ts';
import type { DhcpType } from './dhcp-message.ts';
import { hasLength, type OptionCodec, ofSlice } from './option-codec.ts';

export const u8: OptionCodec<number> = {
  decode: (packet, at, end, note) => (hasLength(end - at, 1, note) ? packet[at] : undefined),
  sizeOf: () => 1,
  write: (buffer, at, value) => {
    buffer[at] = value;
  },
  render: String,
};

export const u16: OptionCodec<number> = {
  decode: (packet, at, end, note) => (hasLength(end - at, 2, note) ? packet.readUInt16BE(at) : undefined),
  sizeOf: () => 2,
  write: (buffer, at, value) => {
    buffer.writeUInt16BE(value & 0xffff, at);
  },
  render: String,
};

export const u32: OptionCodec<number> = {
  decode: (packet, at, end, note) => (hasLength(end - at, 4, note) ? packet.readUInt32BE(at) : undefined),
  sizeOf: () => 4,
  write: (buffer, at, value) => {
    buffer.writeUInt32BE(value >>> 0, at);
  },
  render: String,
};

export const i32: OptionCodec<number> = {
  ...u32,
  decode: (packet, at, end, note) => (hasLength(end - at, 4, note) ? packet.readInt32BE(at) : undefined),
};

export const address: OptionCodec<number> = { ...u32, render: renderIpv4 };

export const addresses: OptionCodec<readonly number[]> = {
  decode: ofSlice((data, note) => {
    if (data.length === 0 || data.length % 4 !== 0) {
      note(`has ${data.length} bytes, which is no list of IPv4 addresses`);
      return undefined;
    }
    const list: number[] = [];
    for (let at = 0; at < data.length; at += 4) list.push(data.readUInt32BE(at));
    return list;
  }),
  sizeOf: (value) => value.length * 4,
  write: (buffer, at, value) => {
    for (let i = 0; i < value.length; i += 1) buffer.writeUInt32BE((value[i] ?? 0) >>> 0, at + i * 4);
  },
  render: (value) => value.map(renderIpv4).join(' '),
};

/** Option 93 (RFC 4578): a list of 16-bit architecture codes, in the client's order of preference. */
export const u16List: OptionCodec<readonly number[]> = {
  decode: (packet, start, end, note) => {
    const size = end - start;
    if (size === 0 || size % 2 !== 0) {
      note(`has ${size} bytes, which is no list of 16-bit numbers`);
      return undefined;
    }
    const list: number[] = [];
    for (let at = start; at < end; at += 2) list.push(packet.readUInt16BE(at));
    return list;
  },
  sizeOf: (value) => value.length * 2,
  write: (buffer, at, value) => {
    for (let i = 0; i < value.length; i += 1) buffer.writeUInt16BE((value[i] ?? 0) & 0xffff, at + i * 2);
  },
  render: (value) => value.join(' '),
};

/** The index is the code on the wire (RFC 2132 9.6). 0 and 9 upwards are not for servers or clients of ours. */
const MESSAGE_TYPES: readonly (DhcpType | undefined)[] = [
  undefined,
  'discover',
  'offer',
  'request',
  'decline',
  'ack',
  'nak',
  'release',
  'inform',
];

export const messageType: OptionCodec<DhcpType> = {
  decode: (packet, at, end, note) => {
    if (!hasLength(end - at, 1, note)) return undefined;
    const type = MESSAGE_TYPES[packet[at] ?? 0];
    if (type === undefined) note(`${packet[at]} is not a message type`);
    return type;
  },
  sizeOf: () => 1,
  write: (buffer, at, value) => {
    buffer[at] = MESSAGE_TYPES.indexOf(value);
  },
  render: String,
};

/** Option 80 (RFC 4039): being there is the whole message. */
export const flag: OptionCodec<true> = {
  decode: (_packet, at, end, note) => (hasLength(end - at, 0, note) ? true : undefined),
  sizeOf: () => 0,
  write: () => {},
  render: String,
};
