import type { DhcpMessage, DhcpOptions } from '../../protocols/dhcp/dhcp-message.ts';
import { createMachineId } from '../../protocols/dhcp/structured-codecs.ts';
import type { TftpOption } from '../../protocols/tftp/tftp-message.ts';

export type FirmwareName = 'bios-plain' | 'bios-ipxe-rom' | 'uefi' | 'uefi-http' | 'arm64' | 'arm64-http';

/** What each boot ROM sends and waits for, as captured in the lab (QEMU: SeaBIOS, OVMF, AAVMF, iPXE). */
export interface FirmwareKind {
  readonly mode: 'bios' | 'uefi';
  readonly cpu: 'amd64' | 'arm64';
  readonly arch: number;
  readonly vendorClass: string;
  readonly undi: { readonly type: number; readonly major: number; readonly minor: number };
  readonly byHttp: boolean;
  /** The ROM is iPXE itself: it needs no loader. */
  readonly isIpxe: boolean;
  readonly sendsClientId: boolean;
  readonly broadcast: boolean;
  readonly discoverAtMs: readonly number[];
  readonly giveUpMs: number;
  /** OVMF always lets this pass between an offer and its REQUEST. */
  readonly settleMs: number;
  /** Asks for the size first and aborts. */
  readonly probesSize: boolean;
  readonly tftpOptions: readonly TftpOption[];
  readonly requested: readonly number[];
}

const pxeRequested = [1, 2, 3, 4, 5, 6, 12, 13, 15, 17, 18, 22, 23, 28, 40, 41, 42, 43, 50, 51, 54, 58, 59, 60, 66, 67];
const option = (name: string, value: number): TftpOption => ({ name, value: String(value) });

const uefi: FirmwareKind = {
  mode: 'uefi',
  cpu: 'amd64',
  arch: 7,
  vendorClass: 'PXEClient:Arch:00007:UNDI:003000',
  undi: { type: 1, major: 3, minor: 0 },
  byHttp: false,
  isIpxe: false,
  sendsClientId: false,
  broadcast: true,
  discoverAtMs: [0, 4_000, 12_000, 28_000],
  giveUpMs: 60_000,
  settleMs: 3_700,
  probesSize: true,
  tftpOptions: [option('blksize', 1_468), option('windowsize', 4)],
  requested: [...pxeRequested, 97, 128, 129, 130, 131, 132, 133, 134, 135],
};

const uefiHttp: FirmwareKind = {
  ...uefi,
  arch: 16,
  vendorClass: 'HTTPClient:Arch:00016:UNDI:003000',
  byHttp: true,
  requested: [1, 2, 3, 4, 5, 6, 12, 13, 15, 17, 18, 22, 23, 28, 40, 41, 42, 43, 50, 51, 54, 58, 59, 60, 235, 67, 97],
};

const biosPlain: FirmwareKind = {
  ...uefi,
  mode: 'bios',
  arch: 0,
  vendorClass: 'PXEClient:Arch:00000:UNDI:002001',
  undi: { type: 1, major: 2, minor: 1 },
  sendsClientId: true,
  broadcast: false,
  settleMs: 500,
  probesSize: true,
  tftpOptions: [option('blksize', 1_456)],
};

export const FIRMWARE_KINDS: { readonly [N in FirmwareName]: FirmwareKind } = {
  'bios-plain': biosPlain,
  'bios-ipxe-rom': {
    ...biosPlain,
    isIpxe: true,
    discoverAtMs: [0, 1_000, 3_000, 7_000],
    giveUpMs: 16_000,
    settleMs: 0,
    probesSize: false,
  },
  uefi,
  'uefi-http': uefiHttp,
  arm64: { ...uefi, cpu: 'arm64', arch: 11, vendorClass: 'PXEClient:Arch:00011:UNDI:003000' },
  'arm64-http': { ...uefiHttp, cpu: 'arm64', arch: 19, vendorClass: 'HTTPClient:Arch:00019:UNDI:003000' },
};

const clientIdOf = (mac: string) => Buffer.from(`01${mac.replaceAll(':', '')}`, 'hex');

export function firmwareOptions(kind: FirmwareKind, mac: string, uuid: string): DhcpOptions {
  return {
    vendorClass: kind.vendorClass,
    arch: [kind.arch],
    undi: kind.undi,
    machineId: createMachineId(uuid),
    // OVMF says 65280, as it was seen.
    maxMessageSize: kind.mode === 'uefi' ? 65_280 : 1_472,
    requestedCodes: Uint8Array.from(kind.requested),
    ...(kind.sendsClientId ? { clientId: clientIdOf(mac) } : {}),
  };
}

/** Sub-options of 175 of a build with HTTP: features, bus id, version. */
function ipxeSettingsOf(kind: FirmwareKind) {
  const feature = (code: number) => ({ code, data: Uint8Array.of(1) });
  const platform = kind.mode === 'uefi' ? [feature(36)] : [feature(24), feature(33)];
  const busId = { code: 177, data: Uint8Array.of(1, 0x80, 0x86, 0x10, 0x0e) };
  return [...[19, 20, 21, 23, 38, 39].map(feature), ...platform, busId, { code: 235, data: Uint8Array.of(1, 21, 1) }];
}

/**
 * iPXE, as ROM or as the loader that this firmware started. On UEFI it says 3.10 for its UNDI; chained beside a proxyDHCP
 * it was seen to send its class bare.
 */
export function ipxeOptions(kind: FirmwareKind, mac: string, uuid: string, bareClass = false): DhcpOptions {
  const undi = kind.mode === 'uefi' ? { type: 1, major: 3, minor: 10 } : kind.undi;
  const arch = kind.cpu === 'arm64' ? 11 : kind.mode === 'uefi' ? 7 : 0;
  const number = String(arch).padStart(5, '0');
  return {
    vendorClass: bareClass
      ? 'PXEClient'
      : `PXEClient:Arch:${number}:UNDI:${kind.mode === 'uefi' ? '003010' : '002001'}`,
    arch: [arch],
    undi,
    userClass: ['iPXE'],
    ipxe: ipxeSettingsOf(kind),
    machineId: createMachineId(uuid),
    maxMessageSize: 1_472,
    requestedCodes: Uint8Array.from([1, 3, 6, 7, 12, 15, 17, 26, 43, 60, 66, 67, 119, 128, 175, 203]),
    clientId: clientIdOf(mac),
  };
}

/** A system that is up: no 93, no class; the MAC as its identifier. */
export function systemOptions(mac: string, hostName: string | undefined): DhcpOptions {
  return {
    maxMessageSize: 1_472,
    requestedCodes: Uint8Array.from([1, 3, 6, 12, 15, 26, 28, 42, 51, 54, 58, 59, 119, 121]),
    clientId: clientIdOf(mac),
    ...(hostName === undefined ? {} : { hostName }),
  };
}

/** `no-pxedhcp` in the offer saves iPXE the wait for a proxy. */
export const saysNoProxy = (offer: DhcpMessage): boolean =>
  offer.options.ipxe?.some((one) => one.code === 176 && one.data[0] !== 0) === true;
