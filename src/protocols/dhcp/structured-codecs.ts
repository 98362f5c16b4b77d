import { normaliseUuid, swapUuid } from '../../core/identity.ts';
import { renderIpv4 } from '../ipv4.ts';
import type { MachineId, NetworkInterfaceId, RelayInfo, StaticRoute, WireOption } from './dhcp-message.ts';
import { hasLength, type OptionCodec, ofSlice } from './option-codec.ts';
import { bytes, renderHex } from './text-codecs.ts';

/** The SMBIOS bytes behind the type, as text: one string in one piece, for every packet of firmware has it. */
function renderUuid(data: Buffer, start: number): string {
  const hi = (at: number) => hexDigit((data[start + at] ?? 0) >> 4);
  const lo = (at: number) => hexDigit((data[start + at] ?? 0) & 15);
  // biome-ignore format: one line is one field
  return String.fromCharCode(
    hi(4), lo(4), hi(3), lo(3), hi(2), lo(2), hi(1), lo(1), DASH,
    hi(6), lo(6), hi(5), lo(5), DASH,
    hi(8), lo(8), hi(7), lo(7), DASH,
    hi(9), lo(9), hi(10), lo(10), DASH,
    hi(11), lo(11), hi(12), lo(12), hi(13), lo(13), hi(14), lo(14), hi(15), lo(15), hi(16), lo(16),
  );
}

const DASH = 0x2d;

/** The character of a half byte. */
export const hexDigit = (value: number): number => (value < 10 ? 0x30 + value : 0x57 + value);

/** RFC 4578 2.3: type 0, then the SMBIOS bytes, whose first three fields are little-endian. */
export const machineId: OptionCodec<MachineId> = {
  decode: (packet, at, end, note) => {
    if (!hasLength(end - at, 17, note)) return undefined;
    if (packet[at] !== 0) {
      note(`has type ${packet[at]}, and only 0 (a UUID) is defined`);
      return undefined;
    }
    const raw = packet.subarray(at, end);
    const uuid = normaliseUuid(renderUuid(packet, at));
    return uuid === undefined ? { raw } : { raw, uuid };
  },
  sizeOf: (value) => value.raw.length,
  write: (buffer, at, value) => {
    buffer.set(value.raw, at);
  },
  render: (value) => value.uuid ?? `${renderHex(value.raw)} (a placeholder)`,
};

/** Option 97 for a machine with this UUID: what firmware sends. */
export function createMachineId(uuid: string): MachineId {
  return { raw: Buffer.from(`00${swapUuid(uuid).replaceAll('-', '')}`, 'hex'), uuid };
}

export const undi: OptionCodec<NetworkInterfaceId> = {
  decode: (packet, at, end, note) =>
    hasLength(end - at, 3, note)
      ? { type: packet[at] ?? 0, major: packet[at + 1] ?? 0, minor: packet[at + 2] ?? 0 }
      : undefined,
  sizeOf: () => 3,
  write: (buffer, at, value) => {
    buffer[at] = value.type;
    buffer[at + 1] = value.major;
    buffer[at + 2] = value.minor;
  },
  render: (value) => `${value.type}.${value.major}.${value.minor}`,
};

/** Walks code-length-value triples. False: the last one runs past the end. */
function eachTlv(data: Buffer, padded: boolean, visit: (code: number, value: Buffer) => void): boolean {
  let at = 0;
  while (at < data.length) {
    const code = data[at] ?? 0;
    at += 1;
    if (padded && code === 0) continue;
    if (padded && code === 255) return true;
    const size = data[at];
    if (size === undefined || at + 1 + size > data.length) return false;
    visit(code, data.subarray(at + 1, at + 1 + size));
    at += 1 + size;
  }
  return true;
}

const encapsulated: OptionCodec<readonly WireOption[]> = {
  decode: ofSlice((data, note) => {
    const list: WireOption[] = [];
    if (eachTlv(data, true, (code, value) => list.push({ code, data: value }))) return list;
    note('is no list of sub-options: the last one runs past the end');
    return undefined;
  }),
  sizeOf: (value) => value.reduce((sum, one) => sum + 2 + one.data.length, 0),
  write: (buffer, at, value) => {
    let to = at;
    for (const one of value) {
      buffer[to] = one.code;
      buffer[to + 1] = one.data.length;
      buffer.set(one.data, to + 2);
      to += 2 + one.data.length;
    }
  },
  render: (value) => value.map((one) => `${one.code}=${renderHex(one.data)}`).join(' '),
};

/** Option 175: iPXE's own settings. */
export const ipxeSettings: OptionCodec<readonly WireOption[]> = encapsulated;

/** Option 43: PXE ROMs want its list closed by an END of its own (PXE 2.1, table 2-1). */
export const vendorInfo: OptionCodec<readonly WireOption[]> = {
  ...encapsulated,
  sizeOf: (value) => encapsulated.sizeOf(value) + 1,
  write: (buffer, at, value) => {
    encapsulated.write(buffer, at, value);
    buffer[at + encapsulated.sizeOf(value)] = 255;
  },
};

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Option 82 has neither PAD nor END (RFC 3046 2.0). A broken one is still echoed: the relay wants its own bytes back. */
export const relayInfo: OptionCodec<RelayInfo> = {
  decode: ofSlice((data, note) => {
    const info: Mutable<RelayInfo> = { raw: data };
    const whole = eachTlv(data, false, (code, value) => {
      if (code === 1) info.circuitId = value;
      else if (code === 2) info.remoteId = value;
      else if (code === 6) info.subscriberId = value;
      else if (code === 5 || code === 11) {
        const name = code === 5 ? 'linkSelection' : 'serverIdOverride';
        if (value.length === 4) info[name] = value.readUInt32BE(0);
        else note(`sub-option ${code} has ${value.length} bytes, needs 4`);
      }
    });
    if (!whole) note('the last sub-option runs past the end');
    return info;
  }),
  sizeOf: (value) => value.raw.length,
  write: (buffer, at, value) => {
    buffer.set(value.raw, at);
  },
  render: (value) => {
    const parts: string[] = [];
    if (value.circuitId !== undefined) parts.push(`circuit=${bytes.render(value.circuitId)}`);
    if (value.remoteId !== undefined) parts.push(`remote=${bytes.render(value.remoteId)}`);
    if (value.subscriberId !== undefined) parts.push(`subscriber=${bytes.render(value.subscriberId)}`);
    if (value.linkSelection !== undefined) parts.push(`link=${renderIpv4(value.linkSelection)}`);
    if (value.serverIdOverride !== undefined) parts.push(`server=${renderIpv4(value.serverIdOverride)}`);
    return parts.length === 0 ? renderHex(value.raw) : parts.join(' ');
  },
};

/** Option 121 (RFC 3442): prefix length, only the bytes of the network that matter, gateway. */
export const staticRoutes: OptionCodec<readonly StaticRoute[]> = {
  decode: ofSlice((data, note) => {
    const routes: StaticRoute[] = [];
    let at = 0;
    while (at < data.length) {
      const prefix = data[at] ?? 0;
      const significant = (prefix + 7) >> 3;
      if (prefix > 32 || at + 5 + significant > data.length) {
        note(prefix > 32 ? `a route has prefix length ${prefix}` : 'the last route runs past the end');
        return undefined;
      }
      let network = 0;
      for (let i = 0; i < 4; i += 1) network = network * 256 + (i < significant ? (data[at + 1 + i] ?? 0) : 0);
      routes.push({ network, prefix, gateway: data.readUInt32BE(at + 1 + significant) });
      at += 5 + significant;
    }
    if (routes.length > 0) return routes;
    note('is empty');
    return undefined;
  }),
  sizeOf: (value) => value.reduce((sum, route) => sum + 5 + ((route.prefix + 7) >> 3), 0),
  write: (buffer, at, value) => {
    let to = at;
    for (const route of value) {
      const significant = (route.prefix + 7) >> 3;
      buffer[to] = route.prefix;
      for (let i = 0; i < significant; i += 1) buffer[to + 1 + i] = route.network >>> (24 - 8 * i);
      buffer.writeUInt32BE(route.gateway >>> 0, to + 1 + significant);
      to += 5 + significant;
    }
  },
  render: (value) =>
    value.map((one) => `${renderIpv4(one.network)}/${one.prefix} via ${renderIpv4(one.gateway)}`).join(', '),
};
