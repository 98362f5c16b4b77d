import { renderIpv4 } from '../ipv4.ts';
import type { DhcpType } from './dhcp-message.ts';
import { hasLength, type OptionCodec } from './option-codec.ts';

export const u8: OptionCodec<number> = {
  decode: (data, note) => (hasLength(data, 1, note) ? data[0] : undefined),
  sizeOf: () => 1,
  write: (buffer, at, value) => {
    buffer[at] = value;
  },
  render: String,
};

export const u16: OptionCodec<number> = {
  decode: (data, note) => (hasLength(data, 2, note) ? data.readUInt16BE(0) : undefined),
  sizeOf: () => 2,
  write: (buffer, at, value) => {
    buffer.writeUInt16BE(value & 0xffff, at);
  },
  render: String,
};

export const u32: OptionCodec<number> = {
  decode: (data, note) => (hasLength(data, 4, note) ? data.readUInt32BE(0) : undefined),
  sizeOf: () => 4,
  write: (buffer, at, value) => {
    buffer.writeUInt32BE(value >>> 0, at);
  },
  render: String,
};

export const i32: OptionCodec<number> = {
  ...u32,
  decode: (data, note) => (hasLength(data, 4, note) ? data.readInt32BE(0) : undefined),
};

export const address: OptionCodec<number> = { ...u32, render: renderIpv4 };

export const addresses: OptionCodec<readonly number[]> = {
  decode: (data, note) => {
    if (data.length === 0 || data.length % 4 !== 0) {
      note(`has ${data.length} bytes, which is no list of IPv4 addresses`);
      return undefined;
    }
    const list: number[] = [];
    for (let at = 0; at < data.length; at += 4) list.push(data.readUInt32BE(at));
    return list;
  },
  sizeOf: (value) => value.length * 4,
  write: (buffer, at, value) => {
    for (let i = 0; i < value.length; i += 1) buffer.writeUInt32BE((value[i] ?? 0) >>> 0, at + i * 4);
  },
  render: (value) => value.map(renderIpv4).join(' '),
};

/** Option 93 (RFC 4578): a list of 16-bit architecture codes, in the client's order of preference. */
export const u16List: OptionCodec<readonly number[]> = {
  decode: (data, note) => {
    if (data.length === 0 || data.length % 2 !== 0) {
      note(`has ${data.length} bytes, which is no list of 16-bit numbers`);
      return undefined;
    }
    const list: number[] = [];
    for (let at = 0; at < data.length; at += 2) list.push(data.readUInt16BE(at));
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
  decode: (data, note) => {
    if (!hasLength(data, 1, note)) return undefined;
    const type = MESSAGE_TYPES[data[0] ?? 0];
    if (type === undefined) note(`${data[0]} is not a message type`);
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
  decode: (data, note) => (hasLength(data, 0, note) ? true : undefined),
  sizeOf: () => 0,
  write: () => {},
  render: String,
};
