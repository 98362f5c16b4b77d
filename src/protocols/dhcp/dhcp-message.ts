import type { WireOptions } from './wire-options.ts';

/** One DHCPv4 message (RFC 2131) as plain data. Addresses are unsigned 32-bit numbers, text is Latin-1 as it was sent. */

export type DhcpType = 'discover' | 'offer' | 'request' | 'decline' | 'ack' | 'nak' | 'release' | 'inform';

/** An option, or a sub-option of 43, 82 or 175, as bytes. */
export interface WireOption {
  readonly code: number;
  readonly data: Uint8Array;
}

/** Option 82 (RFC 3046): which switch port the packet came through. `raw` is what the reply must echo byte for byte. */
export interface RelayInfo {
  readonly raw: Uint8Array;
  readonly circuitId?: Uint8Array;
  readonly remoteId?: Uint8Array;
  readonly subscriberId?: Uint8Array;
  /** Sub-option 5 (RFC 3527): the client's subnet, where giaddr is in another one. */
  readonly linkSelection?: number;
  /** Sub-option 11 (RFC 5107): the address that 54 of the reply must hold. */
  readonly serverIdOverride?: number;
}

/** Option 97: `raw` for the echo; `uuid` as Redfish, iPXE and Linux spell it, absent when a vendor left a placeholder. */
export interface MachineId {
  readonly raw: Uint8Array;
  readonly uuid?: string;
}

/** Option 94. Type 1 is UNDI. */
export interface NetworkInterfaceId {
  readonly type: number;
  readonly major: number;
  readonly minor: number;
}

/** Option 121 (RFC 3442). */
export interface StaticRoute {
  readonly network: number;
  readonly prefix: number;
  readonly gateway: number;
}

/** Every option with a meaning here, by name; codes, order and coding are in `option-table.ts`. */
export interface DhcpOptions {
  readonly messageType?: DhcpType;
  readonly serverId?: number;
  readonly leaseSeconds?: number;
  readonly renewSeconds?: number;
  readonly rebindSeconds?: number;
  readonly subnetMask?: number;
  readonly routers?: readonly number[];
  readonly dnsServers?: readonly number[];
  readonly broadcastAddress?: number;
  readonly requestedAddress?: number;
  readonly vendorClass?: string;
  readonly bootFile?: string;
  readonly tftpServerName?: string;
  readonly vendorInfo?: readonly WireOption[];
  readonly ipxe?: readonly WireOption[];
  readonly machineId?: MachineId;
  readonly clientId?: Uint8Array;
  readonly hostName?: string;
  readonly domainName?: string;
  readonly domainSearch?: readonly string[];
  readonly staticRoutes?: readonly StaticRoute[];
  readonly ntpServers?: readonly number[];
  readonly mtu?: number;
  readonly timeOffset?: number;
  readonly rootPath?: string;
  readonly tftpServers?: readonly number[];
  readonly configFile?: string;
  readonly pathPrefix?: string;
  readonly rebootSeconds?: number;
  readonly pxelinuxMagic?: number;
  readonly message?: string;
  readonly maxMessageSize?: number;
  readonly requestedCodes?: Uint8Array;
  readonly userClass?: readonly string[];
  readonly arch?: readonly number[];
  readonly undi?: NetworkInterfaceId;
  readonly rapidCommit?: true;
  readonly clientFqdn?: Uint8Array;
  readonly subnetSelection?: number;
  readonly vendorIdentifyingClass?: Uint8Array;
  readonly vendorIdentifyingInfo?: Uint8Array;
  readonly relayInfo?: RelayInfo;
}

/** What the encoder writes. A decoded message is one as well. */
export interface DhcpPacket {
  readonly op: 'request' | 'reply';
  readonly htype: number;
  readonly hlen: number;
  readonly hops: number;
  readonly xid: number;
  readonly secs: number;
  readonly broadcast: boolean;
  readonly ciaddr: number;
  readonly yiaddr: number;
  readonly siaddr: number;
  readonly giaddr: number;
  /** Up to 16 bytes. */
  readonly chaddr: Uint8Array;
  readonly sname: string;
  readonly file: string;
  readonly options: DhcpOptions;
  /** Options without a name above, written after the named ones. */
  readonly extra?: readonly WireOption[];
  /** Option 57 of the one who will read this: IP datagram bytes, clamped to 576..1472. Absent: 576. */
  readonly maxSizeBytes?: number;
  /** Option 55 of the reader: options are written in this order after 53, 54 and 51. */
  readonly order?: Uint8Array;
}

/** What is wrong with one option. A broken one counts as absent, the rest of the message stands. */
export interface DhcpProblem {
  readonly code: number;
  readonly reason: string;
}

/** Byte fields are views of the received packet: copy them if its buffer is used again. */
export interface DhcpMessage extends DhcpPacket {
  /** `aa:bb:cc:dd:ee:ff`: hlen bytes of chaddr, empty for hlen 0 (InfiniBand, RFC 4390). */
  readonly mac: string;
  /** Every option in wire order, fragments joined (RFC 3396), broken ones included. */
  readonly wire: WireOptions;
  readonly problems: readonly DhcpProblem[];
  readonly sizeBytes: number;
}
