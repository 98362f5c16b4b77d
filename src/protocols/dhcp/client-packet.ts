import type { DhcpPacket } from './dhcp-message.ts';

/** What a client says in each message; the rest of it is zero as long as it has no address. */
export type ClientSays = Pick<DhcpPacket, 'xid' | 'broadcast' | 'options'> & Partial<DhcpPacket>;

/** A whole request of the Ethernet card `mac`. */
export function clientPacket(mac: string, says: ClientSays): DhcpPacket {
  const chaddr = Buffer.from(mac.replaceAll(':', ''), 'hex');
  const zero = { hops: 0, secs: 0, ciaddr: 0, yiaddr: 0, siaddr: 0, giaddr: 0, sname: '', file: '' };
  return { op: 'request', htype: 1, hlen: 6, chaddr, ...zero, ...says };
}
