import { codeSetOf, createCodeSet, holdsCode, includeCode } from './code-set.ts';
import type { DhcpPacket } from './dhcp-message.ts';
import { OPTION_BY_CODE, OPTION_TABLE, type OptionSpec } from './option-table.ts';

const COOKIE = 0x63825363;
const OPTIONS_AT = 240;
const SNAME = { at: 44, size: 64 };
const FILE = { at: 108, size: 128 };
/** RFC 1542 2.1: old ROMs drop anything shorter. */
const MIN_BYTES = 300;
const MIN_DATAGRAM = 576;
/** OVMF announces 65280 in option 57; more than this would be fragmented on Ethernet. */
const MAX_DATAGRAM = 1472;
const IP_AND_UDP_HEADERS = 28;
/** The options that lead in every reply whatever the client asks for: 53, 54, 51. */
const LEADING = 3;

/** Room for the largest packet that is ever written. */
export const DHCP_BUFFER_BYTES = MAX_DATAGRAM;

interface Area {
  at: number;
  readonly end: number;
}

interface Writing {
  readonly buffer: Buffer;
  readonly main: Area;
  /** Made when something does not fit into `main`. */
  overflow: { readonly file: Area; readonly sname: Area } | undefined;
  readonly packet: DhcpPacket;
  readonly dropped: number[] | undefined;
}

/** RFC 3396: more than 255 bytes go out as several options with the same code, the header 2 bytes each time. */
function wireSize(size: number): number {
  return size + 2 * Math.max(1, Math.ceil(size / 255));
}

/** Where an option of this size goes. An option is never torn across areas: ROMs were never seen to join those. */
function areaFor(writing: Writing, need: number): Area | undefined {
  if (writing.main.at + need <= writing.main.end) return writing.main;
  const { packet } = writing;
  writing.overflow ??= {
    // One byte each is kept for END. A boot file name in `file` matters more to a ROM than any option that is left.
    file: { at: FILE.at, end: FILE.at + (packet.file === '' ? FILE.size - 1 : 0) },
    sname: { at: SNAME.at, end: SNAME.at + (packet.sname === '' ? SNAME.size - 1 : 0) },
  };
  const { file, sname } = writing.overflow;
  if (file.at + need <= file.end) return file;
  return sname.at + need <= sname.end ? sname : undefined;
}

function writeLong(buffer: Buffer, start: number, code: number, value: Uint8Array): number {
  let at = start;
  for (let from = 0; from < value.length; from += 255) {
    const part = value.subarray(from, from + 255);
    buffer[at] = code;
    buffer[at + 1] = part.length;
    buffer.set(part, at + 2);
    at += 2 + part.length;
  }
  return at;
}

function writeOption(writing: Writing, spec: Pick<OptionSpec, 'code' | 'codec'>, value: unknown): void {
  const { code, codec } = spec;
  const size = codec.sizeOf(value);
  const area = areaFor(writing, wireSize(size));
  if (area === undefined) {
    writing.dropped?.push(code);
  } else if (size > 255) {
    const whole = Buffer.alloc(size);
    codec.write(whole, 0, value);
    area.at = writeLong(writing.buffer, area.at, code, whole);
  } else {
    writing.buffer[area.at] = code;
    writing.buffer[area.at + 1] = size;
    codec.write(writing.buffer, area.at + 2, value);
    area.at += 2 + size;
  }
}

const RAW: OptionSpec['codec'] = {
  decode: (data) => data,
  sizeOf: (value) => (value as Uint8Array).length,
  write: (buffer, at, value) => {
    buffer.set(value as Uint8Array, at);
  },
  render: String,
};

function writeNamed(writing: Writing): void {
  const { options, order } = writing.packet;
  // By place in the table first: a look-up by name for each row and each asked code took most of the time of encoding.
  const values: unknown[] = NO_VALUES.slice();
  let name: keyof typeof options;
  for (name in options) values[PLACE_BY_NAME.get(name) ?? values.length] = options[name];
  const asked = order === undefined ? undefined : codeSetOf(order);
  for (let place = 0; place < OPTION_TABLE.length; place += 1) {
    const spec = OPTION_TABLE[place];
    const value = values[place];
    if (spec !== undefined && value !== undefined && spec.code !== 82) {
      const written = place >= LEADING && asked !== undefined && holdsCode(asked, spec.code);
      if (!written) writeOption(writing, spec, value);
    }
    if (place === LEADING - 1 && order !== undefined) writeRequested(writing, order, values);
  }
}

const NO_VALUES: readonly unknown[] = OPTION_TABLE.map(() => undefined);
const PLACE_BY_NAME: ReadonlyMap<string, number> = new Map(OPTION_TABLE.map(({ name }, place) => [name, place]));
const PLACE_BY_CODE: readonly (number | undefined)[] = OPTION_BY_CODE.map((spec) =>
  spec === undefined ? undefined : PLACE_BY_NAME.get(spec.name),
);

/** RFC 2131 4.3.1: options SHOULD come in the order in which the client asked for them. */
function writeRequested(writing: Writing, order: Uint8Array, values: readonly unknown[]): void {
  const written = createCodeSet();
  for (let i = 0; i < order.length; i += 1) {
    const code = order[i] ?? 0;
    const place = PLACE_BY_CODE[code];
    const value = place === undefined ? undefined : values[place];
    const spec = place === undefined || value === undefined ? undefined : OPTION_TABLE[place];
    if (spec === undefined || ELSEWHERE.has(code) || holdsCode(written, code)) continue;
    includeCode(written, code);
    writeOption(writing, spec, value);
  }
}

/** Options whose place is not the client's to choose: 53, 54 and 51 lead, 82 closes. */
const ELSEWHERE: ReadonlySet<number> = new Set([53, 54, 51, 82]);

/** Closes the areas: END in each that was used, option 52 that names them, 82 as the very last (RFC 3046 2.1). */
function writeClosing(writing: Writing, relaySize: number): number {
  const { buffer, main, overflow, packet } = writing;
  const inFile = overflow !== undefined && overflow.file.at > FILE.at;
  const inSname = overflow !== undefined && overflow.sname.at > SNAME.at;
  if (overflow !== undefined && (inFile || inSname)) {
    if (inFile) buffer[overflow.file.at] = 255;
    if (inSname) buffer[overflow.sname.at] = 255;
    buffer[main.at] = 52;
    buffer[main.at + 1] = 1;
    buffer[main.at + 2] = (inFile ? 1 : 0) | (inSname ? 2 : 0);
    main.at += 3;
  }
  if (relaySize > 0 && packet.options.relayInfo !== undefined) {
    main.at = writeLong(buffer, main.at, 82, packet.options.relayInfo.raw);
  }
  buffer[main.at] = 255;
  return main.at + 1;
}

function writeHead(buffer: Buffer, packet: DhcpPacket): void {
  buffer.fill(0, 0, 236);
  buffer[0] = packet.op === 'request' ? 1 : 2;
  buffer[1] = packet.htype;
  buffer[2] = packet.hlen;
  buffer[3] = packet.hops;
  buffer.writeUInt32BE(packet.xid, 4);
  buffer.writeUInt16BE(packet.secs, 8);
  buffer[10] = packet.broadcast ? 0x80 : 0;
  buffer.writeUInt32BE(packet.ciaddr, 12);
  buffer.writeUInt32BE(packet.yiaddr, 16);
  buffer.writeUInt32BE(packet.siaddr, 20);
  buffer.writeUInt32BE(packet.giaddr, 24);
  for (let i = 0; i < packet.chaddr.length && i < 16; i += 1) buffer[28 + i] = packet.chaddr[i] ?? 0;
  // The last byte stays 0: ROMs read these as C strings.
  if (packet.sname !== '')
    buffer.write(packet.sname, SNAME.at, Math.min(packet.sname.length, SNAME.size - 1), 'latin1');
  if (packet.file !== '') buffer.write(packet.file, FILE.at, Math.min(packet.file.length, FILE.size - 1), 'latin1');
  buffer.writeUInt32BE(COOKIE, 236);
}

/**
 * Writes one message and returns its size. `buffer` is used again and again: DHCP_BUFFER_BYTES of it hold any message.
 * Options that fit nowhere are left out, least important first; their codes are added to `dropped`.
 */
export function encodeDhcpInto(buffer: Buffer, packet: DhcpPacket, dropped?: number[]): number {
  if (buffer.length < MIN_DATAGRAM) throw new Error(`a DHCP buffer of ${buffer.length} bytes is too small`);
  const datagram = Math.min(Math.max(packet.maxSizeBytes ?? MIN_DATAGRAM, MIN_DATAGRAM), MAX_DATAGRAM);
  const limit = Math.min(datagram - IP_AND_UDP_HEADERS, buffer.length);
  writeHead(buffer, packet);
  const relay = packet.options.relayInfo?.raw.length ?? 0;
  // RFC 3046 2.2: what has no room for option 82 goes out without it. 4 bytes are END and option 52.
  const fits = relay > 0 && OPTIONS_AT + wireSize(relay) + 64 <= limit;
  if (relay > 0 && !fits) dropped?.push(82);
  const end = limit - 4 - (fits ? wireSize(relay) : 0);
  const writing: Writing = { buffer, main: { at: OPTIONS_AT, end }, overflow: undefined, packet, dropped };
  writeNamed(writing);
  for (const one of packet.extra ?? []) {
    if (one.code > 0 && one.code < 255 && one.code !== 52)
      writeOption(writing, { code: one.code, codec: RAW }, one.data);
  }
  const size = writeClosing(writing, fits ? relay : 0);
  if (size >= MIN_BYTES) return size;
  buffer.fill(0, size, MIN_BYTES);
  return MIN_BYTES;
}

export function encodeDhcp(packet: DhcpPacket): Buffer {
  const buffer = Buffer.alloc(DHCP_BUFFER_BYTES);
  return buffer.subarray(0, encodeDhcpInto(buffer, packet));
}
