import { fail, ok, type Result } from '../../core/result.ts';
import type { DhcpMessage, DhcpOptions, DhcpProblem, WireOption } from './dhcp-message.ts';
import { OPTION_BY_CODE } from './option-table.ts';
import { hexDigit } from './structured-codecs.ts';
import { OptionPlaces } from './wire-options.ts';

const COOKIE = 0x63825363;
const OPTIONS_AT = 240;
const SNAME_AT = 44;
const FILE_AT = 108;
const FILE_END = 236;
const ETHERNET = 1;

interface Reading {
  readonly wire: OptionPlaces;
  /** Only for codes that came more than once: all their parts in order. */
  parts: Map<number, Buffer[]> | undefined;
  readonly problems: DhcpProblem[];
}

/** One area of options: the field itself, or `file` and `sname` when option 52 says so. END is not required. */
function readArea(bytes: Buffer, from: number, end: number, reading: Reading): void {
  let at = from;
  while (at < end) {
    const code = bytes[at] ?? 0;
    at += 1;
    if (code === 0) continue;
    if (code === 255) return;
    const size = bytes[at];
    if (at >= end || size === undefined || at + 1 + size > end) {
      reading.problems.push({ code, reason: 'runs past the end of the options' });
      return;
    }
    const start = at + 1;
    at = start + size;
    if (reading.wire.has(code)) addPart(reading, code, bytes.subarray(start, at));
    else reading.wire.add(start);
  }
}

function addPart(reading: Reading, code: number, part: Buffer): void {
  reading.parts ??= new Map();
  const parts = reading.parts.get(code);
  if (parts === undefined) reading.parts.set(code, [reading.wire.at(reading.wire.placeOf(code)), part]);
  else parts.push(part);
}

const FIXED_SIZE = new Set([1, 2, 26, 28, 50, 51, 52, 53, 54, 57, 58, 59, 94, 97, 118, 208, 211]);

/** RFC 3396: parts are one value. A value that was merely sent twice, as some ROMs do, counts once. */
function joinParts(reading: Reading): void {
  for (const [code, parts] of reading.parts ?? []) {
    const first = parts[0] ?? Buffer.alloc(0);
    const repeated = FIXED_SIZE.has(code) && parts.every((part) => part.equals(first));
    if (repeated) reading.problems.push({ code, reason: `was sent ${parts.length} times` });
    else {
      reading.wire.joined ??= new Map();
      reading.wire.joined.set(code, Buffer.concat(parts));
    }
  }
}

/** Option 52: 1 file, 2 sname, 3 both (file first, RFC 3396 5). */
function readOverload(bytes: Buffer, reading: Reading): number {
  const value = reading.wire.get(52);
  if (value === undefined) return 0;
  const overload = value.length === 1 ? (value[0] ?? 0) : 0;
  if (overload < 1 || overload > 3) {
    reading.problems.push({ code: 52, reason: 'must be one byte: 1, 2 or 3' });
    return 0;
  }
  if ((overload & 1) !== 0) readArea(bytes, FILE_AT, FILE_END, reading);
  if ((overload & 2) !== 0) readArea(bytes, SNAME_AT, FILE_AT, reading);
  return overload;
}

function readText(bytes: Buffer, start: number, end: number): string {
  let stop = start;
  while (stop < end && bytes[stop] !== 0) stop += 1;
  return stop === start ? '' : bytes.toString('latin1', start, stop);
}

/**
 * What requests bring, in one order: put together in the order of the wire, those of each kind of firmware were objects of
 * another shape to V8, and all that reads them was slow for it.
 */
const noOptions = (): Record<string, unknown> => ({
  messageType: undefined,
  serverId: undefined,
  requestedAddress: undefined,
  requestedCodes: undefined,
  maxMessageSize: undefined,
  clientId: undefined,
  machineId: undefined,
  arch: undefined,
  undi: undefined,
  vendorClass: undefined,
  userClass: undefined,
  ipxe: undefined,
  hostName: undefined,
  relayInfo: undefined,
});

function readOptions({ wire, problems }: Reading): {
  readonly options: DhcpOptions;
  readonly extra: readonly WireOption[];
} {
  const options = noOptions();
  const extra: WireOption[] = [];
  let code = 0;
  const note = (reason: string) => {
    problems.push({ code, reason });
  };
  const { bytes, starts } = wire;
  for (let place = 0; place < starts.length; place += 1) {
    code = wire.codeAt(place);
    const spec = OPTION_BY_CODE[code];
    if (spec === undefined) {
      if (code !== 52) extra.push({ code, data: wire.at(place) });
      continue;
    }
    const start = starts[place] ?? 0;
    const whole = wire.joined?.get(code);
    const value =
      whole === undefined
        ? spec.codec.decode(bytes, start, start + (bytes[start - 1] ?? 0), note)
        : spec.codec.decode(whole, 0, whole.length, note);
    if (value !== undefined) options[spec.name] = value;
  }
  return { options, extra };
}

function renderMac(bytes: Buffer, hlen: number): string {
  if (hlen !== 6) return bytes.toString('hex', 28, 28 + hlen).replace(/..(?=.)/g, '$&:');
  const hi = (at: number) => hexDigit((bytes[at] ?? 0) >> 4);
  const lo = (at: number) => hexDigit((bytes[at] ?? 0) & 15);
  // In one piece: it is the key of a dozen look-ups, and a string that was joined of parts is slow there.
  // biome-ignore format: one line is three bytes
  return String.fromCharCode(
    hi(28), lo(28), COLON, hi(29), lo(29), COLON, hi(30), lo(30), COLON,
    hi(31), lo(31), COLON, hi(32), lo(32), COLON, hi(33), lo(33),
  );
}

const COLON = 0x3a;

/** Why these bytes cannot be a DHCP message at all, if they cannot. */
function whyNot(bytes: Buffer): string | undefined {
  if (bytes.length < OPTIONS_AT) return `${bytes.length} bytes are too few for DHCP, which has at least ${OPTIONS_AT}`;
  if (bytes.readUInt32BE(236) !== COOKIE) return 'no DHCP magic cookie (63 82 53 63) at byte 236';
  const [op, htype, hlen = 0] = bytes;
  if (op !== 1 && op !== 2) return `op is ${op}, and only 1 (request) and 2 (reply) exist`;
  if (hlen > 16) return `hlen is ${hlen}, and chaddr holds 16 bytes`;
  if (htype === ETHERNET && hlen !== 6) return `an Ethernet address of ${hlen} bytes`;
  return undefined;
}

/**
 * RFC 2131, 2132, 3396. Only what cannot be a message fails; a broken option is listed in `problems` and counts as absent.
 * Linear in the packet: a code repeated 30,000 times in 64 KB costs no more than any other packet.
 */
export function decodeDhcp(input: Uint8Array): Result<DhcpMessage> {
  // A view of it even where it is a Buffer: those that a socket brings are other objects to V8 than all others, and each
  // function that meets both kinds is slower for it ever after.
  const bytes = Buffer.from(input.buffer, input.byteOffset, input.length);
  const reason = whyNot(bytes);
  if (reason !== undefined) return fail(reason);
  const reading: Reading = { wire: new OptionPlaces(bytes), parts: undefined, problems: [] };
  readArea(bytes, OPTIONS_AT, bytes.length, reading);
  const overload = readOverload(bytes, reading);
  joinParts(reading);
  const { options, extra } = readOptions(reading);
  const hlen = bytes[2] ?? 0;
  return ok({
    op: bytes[0] === 1 ? 'request' : 'reply',
    htype: bytes[1] ?? 0,
    hlen,
    hops: bytes[3] ?? 0,
    xid: bytes.readUInt32BE(4),
    secs: bytes.readUInt16BE(8),
    broadcast: ((bytes[10] ?? 0) & 0x80) !== 0,
    ciaddr: bytes.readUInt32BE(12),
    yiaddr: bytes.readUInt32BE(16),
    siaddr: bytes.readUInt32BE(20),
    giaddr: bytes.readUInt32BE(24),
    chaddr: bytes.subarray(28, 44),
    sname: (overload & 2) === 0 ? readText(bytes, SNAME_AT, FILE_AT) : '',
    file: (overload & 1) === 0 ? readText(bytes, FILE_AT, FILE_END) : '',
    options,
    extra,
    mac: renderMac(bytes, hlen),
    wire: reading.wire,
    problems: reading.problems,
    sizeBytes: bytes.length,
  });
}
