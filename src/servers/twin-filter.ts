import { CODE, type Instruction, LINK_HEADER, NOTHING, WHOLE } from './packet-filter.ts';

const UDP = 17;
/** In ARP of Ethernet and IPv4 (RFC 826), and in an IPv4 header. */
const ARP_SENDER = { mac: 8, address: 14 } as const;
const IP = { protocol: 9, source: 12 } as const;
const SOURCE_MAC = LINK_HEADER + 6;
const DHCP_SERVER = 67;
/** A jump spans 255 instructions, a program has 4096. */
const MOST_ADDRESSES = 200;
const MOST_MACS = 500;

/** Of a packet socket: ARP in which somebody with another MAC says that one of these addresses is his. */
export const arpOfTwins = (addresses: readonly number[], macs: ReadonlySet<string>): readonly Instruction[] => [
  [CODE.loadWord, 0, 0, ARP_SENDER.address],
  ...elseDrop(addresses),
  ...dropMacs(macs, ARP_SENDER.mac),
  [CODE.give, 0, 0, WHOLE],
];

/** Of a packet socket: what the DHCP server of somebody with another MAC sends from one of these addresses. */
export const dhcpOfTwins = (addresses: readonly number[], macs: ReadonlySet<string>): readonly Instruction[] => [
  [CODE.loadByte, 0, 0, IP.protocol],
  ...elseDrop([UDP]),
  [CODE.loadWord, 0, 0, IP.source],
  ...elseDrop(addresses),
  [CODE.ipLength, 0, 0, 0],
  [CODE.loadHalfFrom, 0, 0, 0],
  ...elseDrop([DHCP_SERVER]),
  ...dropMacs(macs, SOURCE_MAC),
  [CODE.give, 0, 0, WHOLE],
];

/** Goes on where what was loaded is one of these. */
function elseDrop(values: readonly number[]): readonly Instruction[] {
  const some = values.slice(0, MOST_ADDRESSES);
  return [
    ...some.map((value, at): Instruction => [CODE.jumpIfEqual, some.length - at, 0, value]),
    [CODE.give, 0, 0, NOTHING],
  ];
}

function dropMacs(macs: ReadonlySet<string>, at: number): readonly Instruction[] {
  return [...macs].slice(0, MOST_MACS).flatMap((mac): readonly Instruction[] => {
    const bytes = Buffer.from(mac.replaceAll(':', ''), 'hex');
    if (bytes.length !== 6) return [];
    return [
      [CODE.loadWord, 0, 0, at],
      [CODE.jumpIfEqual, 0, 3, bytes.readUInt32BE(0)],
      [CODE.loadHalf, 0, 0, at + 4],
      [CODE.jumpIfEqual, 0, 1, bytes.readUInt16BE(4)],
      [CODE.give, 0, 0, NOTHING],
    ];
  });
}
