import type { NodeSpec } from '../core/spec.ts';
import { clientPacket } from '../protocols/dhcp/client-packet.ts';
import type { DhcpOptions } from '../protocols/dhcp/dhcp-message.ts';
import { encodeDhcp } from '../protocols/dhcp/encode-dhcp.ts';
import { createMachineId } from '../protocols/dhcp/structured-codecs.ts';

/** What firmware asks for, and what its network card is. */
const PXE_CODES = Uint8Array.of(
  ...[1, 3, 6, 12, 15, 28, 42, 43, 54, 60, 66, 67, 97, 128, 129, 130, 131, 132, 133, 134, 135],
);
const UNDI = { type: 1, major: 3, minor: 0 };

/** A request as `spec` would send it: DISCOVER of a machine, of its firmware or of its iPXE, or the REQUEST after an offer. */
export function warmUpPacket({ identity }: NodeSpec, by: 'firmware' | 'ipxe', xid: number, more: DhcpOptions): Buffer {
  const options: DhcpOptions = {
    ...more,
    maxMessageSize: 1472,
    requestedCodes: PXE_CODES,
    ...(identity.uuid === undefined ? {} : { machineId: createMachineId(identity.uuid) }),
    undi: UNDI,
    arch: [7],
    vendorClass: 'PXEClient:Arch:00007:UNDI:003000',
    ...(by === 'ipxe' ? { userClass: ['iPXE'], ipxe: [{ code: 19, data: Uint8Array.of(1) }] } : {}),
  };
  const bytes = encodeDhcp(clientPacket(identity.macs[0] ?? '', { xid, broadcast: true, options }));
  return xid % READ_BY_NODE === 0 ? likeReceived(bytes) : bytes;
}

/** Of so many packets one comes as Node gives it, the others as they are read past Node, which is what runs where it can. */
const READ_BY_NODE = 8;

/**
 * Node makes a Buffer of a datagram by giving its bytes another prototype. The first time that this happens in a thread,
 * V8 throws away all that it compiled for bytes: thirty functions of the DHCP road, at the first packet after the warm-up.
 */
const likeReceived = (bytes: Buffer): Buffer => Object.setPrototypeOf(new Uint8Array(bytes), Buffer.prototype);
