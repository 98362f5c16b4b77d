import { swapUuid } from '../core/identity.ts';
import type { NodeSpec } from '../core/spec.ts';
import { clientPacket } from '../protocols/dhcp/client-packet.ts';
import type { DhcpOptions } from '../protocols/dhcp/dhcp-message.ts';
import { encodeDhcp } from '../protocols/dhcp/encode-dhcp.ts';
import { createMachineId } from '../protocols/dhcp/structured-codecs.ts';

/** Who asks: the firmware of a machine, once more after a boot that led nowhere, its iPXE, and the system that it starts. */
export const ASKERS = ['firmware', 'firmware', 'ipxe', 'system'] as const;
export type Asker = (typeof ASKERS)[number];

/** What firmware asks for, and what its network card is. */
const PXE_CODES = Uint8Array.of(
  ...[1, 3, 6, 12, 15, 28, 42, 43, 54, 60, 66, 67, 97, 128, 129, 130, 131, 132, 133, 134, 135],
);
const SYSTEM_CODES = Uint8Array.of(1, 3, 6, 12, 15, 28, 42, 121);
const UNDI = { type: 1, major: 3, minor: 0 };

/** A request as `spec` would send it: a DISCOVER, or the REQUEST after an offer. */
export function warmUpPacket(spec: NodeSpec, by: Asker, xid: number, more: DhcpOptions): Buffer {
  const { macs } = spec.identity;
  const options = by === 'system' ? systemOptions(spec) : bootOptions(spec, by);
  return encodeDhcp(clientPacket(macs[0] ?? '', { xid, broadcast: by !== 'system', options: { ...more, ...options } }));
}

function bootOptions({ arch, identity }: NodeSpec, by: Asker): DhcpOptions {
  const code = arch === 'arm64' ? 11 : 7;
  return {
    maxMessageSize: 1472,
    requestedCodes: PXE_CODES,
    ...(identity.uuid === undefined
      ? {}
      : { machineId: createMachineId(by === 'ipxe' ? swapUuid(identity.uuid) : identity.uuid) }),
    undi: UNDI,
    arch: [code],
    vendorClass: `PXEClient:Arch:${String(code).padStart(5, '0')}:UNDI:003000`,
    ...(by === 'ipxe'
      ? { userClass: ['iPXE'], ipxe: [{ code: 19, data: Uint8Array.of(1) }], clientId: macId(identity.macs[0] ?? '') }
      : {}),
  };
}

const systemOptions = ({ name, identity }: NodeSpec): DhcpOptions => ({
  requestedCodes: SYSTEM_CODES,
  clientId: macId(identity.macs[0] ?? ''),
  hostName: name,
});

const macId = (mac: string): Uint8Array => Uint8Array.of(1, ...mac.split(':').map((part) => Number.parseInt(part, 16)));

/**
 * Node makes a Buffer of a datagram by giving its bytes another prototype. The first time that this happens in a thread,
 * V8 throws away all that it compiled for bytes: thirty functions of the DHCP road, at the first packet after the warm-up.
 */
export const likeReceived = (bytes: Buffer): Buffer => Object.setPrototypeOf(new Uint8Array(bytes), Buffer.prototype);
