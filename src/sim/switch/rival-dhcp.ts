import type { DhcpPacket } from '../../protocols/dhcp/dhcp-message.ts';
import { parseIpv4 } from '../../protocols/ipv4.ts';

/** Somebody's forgotten PXE server on the same segment. It is always first. */
export interface RivalDhcp {
  readonly address: string;
  /** What it hands out: the first address of its own small pool is the machine's. */
  readonly firstAddress: string;
  readonly bootFile: string;
  /** Whom it answers; absent: all. */
  readonly macs?: readonly string[];
}

const macOf = (packet: DhcpPacket): string =>
  [...packet.chaddr.subarray(0, 6)].map((byte) => byte.toString(16).padStart(2, '0')).join(':');

const numberOf = (address: string): number => {
  const parsed = parseIpv4(address);
  return parsed.ok ? parsed.value : 0;
};

export function answerAsRival(rival: RivalDhcp, packet: DhcpPacket): DhcpPacket | undefined {
  const mac = macOf(packet);
  if (rival.macs !== undefined && !rival.macs.includes(mac)) return undefined;
  // Forgotten servers know nothing of iPXE and leave systems alone.
  if (packet.options.arch === undefined || packet.options.ipxe !== undefined) return undefined;
  const server = numberOf(rival.address);
  const { messageType, serverId } = packet.options;
  const isForIt = messageType === 'discover' || (messageType === 'request' && serverId === server);
  if (!isForIt) return undefined;
  const address = (numberOf(rival.firstAddress) + ((packet.chaddr[5] ?? 0) & 0x3f)) >>> 0;
  return {
    op: 'reply',
    htype: 1,
    hlen: 6,
    hops: 0,
    xid: packet.xid,
    secs: 0,
    broadcast: true,
    ciaddr: 0,
    yiaddr: address,
    siaddr: server,
    giaddr: 0,
    chaddr: packet.chaddr,
    sname: '',
    file: rival.bootFile,
    options: {
      messageType: messageType === 'discover' ? 'offer' : 'ack',
      serverId: server,
      leaseSeconds: 3_600,
      subnetMask: 0xffff0000,
      bootFile: rival.bootFile,
    },
  };
}
