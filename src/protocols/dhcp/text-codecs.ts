import { cleanText } from '../../core/clean-text.ts';
import { type OptionCodec, ofSlice } from './option-codec.ts';

/** Latin-1 keeps every byte, so what was sent can be sent back. Trailing NULs (dnsmasq, some ROMs) are cut. */
export const text: OptionCodec<string> = {
  decode: (packet, at, end, note) => {
    let last = end;
    while (last > at && packet[last - 1] === 0) last -= 1;
    if (last > at) return packet.toString('latin1', at, last);
    note('is empty');
    return undefined;
  },
  sizeOf: (value) => value.length,
  write: (buffer, at, value) => {
    buffer.write(value, at, value.length, 'latin1');
  },
  render: (value) => `"${cleanText(value)}"`,
};

export const bytes: OptionCodec<Uint8Array> = {
  decode: (packet, at, end, note) => {
    if (end > at) return packet.subarray(at, end);
    note('is empty');
    return undefined;
  },
  sizeOf: (value) => value.length,
  write: (buffer, at, value) => {
    buffer.set(value, at);
  },
  render: (value) => renderHex(value),
};

/** Option 61: a type byte and at least one more (RFC 2132 9.14). */
export const clientId: OptionCodec<Uint8Array> = {
  ...bytes,
  decode: (packet, at, end, note) => {
    if (end - at >= 2) return packet.subarray(at, end);
    note(`has ${end - at} bytes, needs at least 2`);
    return undefined;
  },
};

/** Option 55. */
export const codeList: OptionCodec<Uint8Array> = { ...bytes, render: (value) => value.join(' ') };

/**
 * Option 77: a list with a length before each (RFC 3004), or, from iPXE and many others, plain text. Only bytes that
 * are a well-formed list from end to end are read as one; `iPXE` is not, since `i` would announce 105 bytes.
 */
export const userClass: OptionCodec<readonly string[]> = {
  decode: ofSlice((data, note) => {
    if (data.length === 0) {
      note('is empty');
      return undefined;
    }
    const list: string[] = [];
    let at = 0;
    while (at < data.length) {
      const size = data[at] ?? 0;
      if (size === 0 || at + 1 + size > data.length) return [data.toString('latin1', 0, data.length)];
      list.push(data.toString('latin1', at + 1, at + 1 + size));
      at += 1 + size;
    }
    return list;
  }),
  // One class goes out raw, as iPXE sends it and as every server was seen to take it.
  sizeOf: (value) =>
    value.length === 1 ? (value[0] ?? '').length : value.reduce((sum, one) => sum + 1 + one.length, 0),
  write: (buffer, at, value) => {
    let to = at;
    for (const one of value) {
      if (value.length > 1) {
        buffer[to] = one.length;
        to += 1;
      }
      to += buffer.write(one, to, one.length, 'latin1');
    }
  },
  render: (value) => value.map((one) => `"${cleanText(one)}"`).join(' '),
};

/** A long value is shown by its head: one packet may bring 64 KB. */
export function renderHex(value: Uint8Array): string {
  const head = Buffer.from(value.buffer, value.byteOffset, Math.min(value.length, 64)).toString('hex');
  return value.length > 64 ? `${head}~ (${value.length} bytes)` : head;
}
