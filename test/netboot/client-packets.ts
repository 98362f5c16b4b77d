import { decodeDhcp } from '../../src/protocols/dhcp/decode-dhcp.ts';
import type { DhcpMessage, DhcpOptions, DhcpPacket } from '../../src/protocols/dhcp/dhcp-message.ts';
import { encodeDhcp } from '../../src/protocols/dhcp/encode-dhcp.ts';
import { createMachineId } from '../../src/protocols/dhcp/structured-codecs.ts';
import { parseIpv4 } from '../../src/protocols/ipv4.ts';
import { uuidOf } from './boot-fixture.ts';

/** What clients send, made with the options that each kind of firmware was captured with. */

export function ip(text: string): number {
  const parsed = parseIpv4(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

const PXE_CODES = Uint8Array.from([
  1, 2, 3, 4, 5, 6, 12, 13, 15, 17, 18, 22, 23, 28, 40, 41, 42, 43, 50, 51, 54, 58, 59, 60, 66, 67, 97, 128, 129, 130,
  131, 132, 133, 134, 135,
]);
const IPXE_CODES = Uint8Array.from([
  1, 3, 6, 7, 12, 15, 17, 26, 42, 43, 60, 66, 67, 119, 128, 129, 130, 131, 132, 133, 134, 135, 175, 203,
]);
const OS_CODES = Uint8Array.from([1, 3, 6, 12, 15, 26, 28, 42, 121]);

export type ClientKind = 'bios' | 'uefi' | 'http' | 'arm64' | 'ipxe' | 'ipxeUefi' | 'os';

const ARCH: { readonly [K in Exclude<ClientKind, 'os'>]: number } = {
  bios: 0,
  uefi: 7,
  http: 16,
  arm64: 11,
  ipxe: 0,
  ipxeUefi: 7,
};

export function clientOptions(kind: ClientKind, mac: string): DhcpOptions {
  if (kind === 'os') return { requestedCodes: OS_CODES, hostName: 'talos-x' };
  const arch = ARCH[kind];
  const digits = String(arch).padStart(5, '0');
  const ipxe = kind === 'ipxe' || kind === 'ipxeUefi';
  return {
    vendorClass: `${kind === 'http' ? 'HTTPClient' : 'PXEClient'}:Arch:${digits}:UNDI:003000`,
    arch: [arch],
    undi: { type: 1, major: 3, minor: 0 },
    machineId: createMachineId(uuidOf(mac)),
    requestedCodes: ipxe ? IPXE_CODES : PXE_CODES,
    maxMessageSize: 1472,
    ...(ipxe
      ? {
          userClass: ['iPXE'],
          ipxe: [
            { code: 19, data: Uint8Array.of(1) },
            { code: 235, data: Uint8Array.of(1, 21, 1) },
          ],
          clientId: Uint8Array.from([1, ...Buffer.from(mac.replaceAll(':', ''), 'hex')]),
        }
      : {}),
  };
}

export function packet(
  kind: ClientKind,
  mac: string,
  change: Partial<DhcpPacket> = {},
  options: DhcpOptions = {},
): DhcpPacket {
  return {
    op: 'request',
    htype: 1,
    hlen: 6,
    hops: 0,
    xid: 0x12345678,
    secs: 0,
    broadcast: true,
    ciaddr: 0,
    yiaddr: 0,
    siaddr: 0,
    giaddr: 0,
    chaddr: Buffer.from(mac.replaceAll(':', ''), 'hex'),
    sname: '',
    file: '',
    ...change,
    options: { messageType: 'discover', ...clientOptions(kind, mac), ...options },
  };
}

/** Through the codecs, as the server sees it. */
export function received(sent: DhcpPacket): DhcpMessage {
  const decoded = decodeDhcp(encodeDhcp({ ...sent, maxSizeBytes: 1472 }));
  if (!decoded.ok) throw new Error(decoded.error);
  return decoded.value;
}
