import type { DhcpOptions } from './dhcp-message.ts';
import { domainSearch } from './domain-search.ts';
import { address, addresses, flag, i32, messageType, u16, u16List, u32 } from './number-codecs.ts';
import type { OptionCodec } from './option-codec.ts';
import { ipxeSettings, machineId, relayInfo, staticRoutes, undi, vendorInfo } from './structured-codecs.ts';
import { bytes, clientId, codeList, text, userClass } from './text-codecs.ts';

type OptionRows = {
  readonly [K in keyof DhcpOptions]-?: readonly [code: number, codec: OptionCodec<NonNullable<DhcpOptions[K]>>];
};

/**
 * Code and coding of every option with a name. The order is the order on the wire and the order of importance: what
 * does not fit is dropped from below. 53 leads because some ROMs look no further, 82 closes (RFC 3046 2.1).
 */
const ROWS: OptionRows = {
  messageType: [53, messageType],
  serverId: [54, address],
  leaseSeconds: [51, u32],
  subnetMask: [1, address],
  routers: [3, addresses],
  requestedAddress: [50, address],
  vendorClass: [60, text],
  bootFile: [67, text],
  tftpServerName: [66, text],
  vendorInfo: [43, vendorInfo],
  ipxe: [175, ipxeSettings],
  machineId: [97, machineId],
  clientId: [61, clientId],
  renewSeconds: [58, u32],
  rebindSeconds: [59, u32],
  dnsServers: [6, addresses],
  arch: [93, u16List],
  undi: [94, undi],
  userClass: [77, userClass],
  maxMessageSize: [57, u16],
  requestedCodes: [55, codeList],
  broadcastAddress: [28, address],
  hostName: [12, text],
  domainName: [15, text],
  mtu: [26, u16],
  staticRoutes: [121, staticRoutes],
  ntpServers: [42, addresses],
  domainSearch: [119, domainSearch],
  timeOffset: [2, i32],
  rootPath: [17, text],
  tftpServers: [150, addresses],
  pxelinuxMagic: [208, u32],
  configFile: [209, text],
  pathPrefix: [210, text],
  rebootSeconds: [211, u32],
  message: [56, text],
  rapidCommit: [80, flag],
  clientFqdn: [81, bytes],
  subnetSelection: [118, address],
  vendorIdentifyingClass: [124, bytes],
  vendorIdentifyingInfo: [125, bytes],
  relayInfo: [82, relayInfo],
};

export interface OptionSpec {
  readonly code: number;
  readonly name: keyof DhcpOptions;
  readonly codec: OptionCodec<unknown>;
}

export const OPTION_TABLE: readonly OptionSpec[] = Object.entries(ROWS).map(([name, [code, codec]]) => ({
  code,
  name: name as keyof DhcpOptions,
  codec: codec as OptionCodec<unknown>,
}));

/** The same rows, found by code. */
export const OPTION_BY_CODE: readonly (OptionSpec | undefined)[] = Array.from({ length: 256 }, (_, code) =>
  OPTION_TABLE.find((row) => row.code === code),
);
