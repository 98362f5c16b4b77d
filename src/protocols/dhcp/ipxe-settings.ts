import type { WireOption } from './dhcp-message.ts';

/** Sub-options of 175 that say what an iPXE build can do; the value is its version, usually 1. */
const FEATURES: Readonly<Record<number, string>> = {
  16: 'pxeext',
  17: 'iscsi',
  18: 'aoe',
  19: 'http',
  20: 'https',
  21: 'tftp',
  22: 'ftp',
  23: 'dns',
  24: 'bzimage',
  25: 'multiboot',
  26: 'slam',
  27: 'srp',
  32: 'nbi',
  33: 'pxe',
  34: 'elf',
  35: 'comboot',
  36: 'efi',
  37: 'fcoe',
  38: 'vlan',
  39: 'menu',
  40: 'sdi',
  41: 'nfs',
};

const NO_PXEDHCP = 176;
const BUS_ID = 177;
const VERSION = 235;

/** `no-pxedhcp` in an offer: iPXE then takes it at once instead of waiting 2 s for a proxyDHCP (measured, 2019 and 2025). */
export const NO_PXEDHCP_SETTING: WireOption = { code: NO_PXEDHCP, data: Uint8Array.of(1) };

export interface IpxeBuild {
  readonly features: readonly string[];
  /** `1.21.1`; the git builds of Debian say `1.0.0`. */
  readonly version?: string;
  /** PCI vendor and device, `1af4:1000`. */
  readonly busId?: string;
}

export function parseIpxeSettings(settings: readonly WireOption[]): IpxeBuild {
  const features: string[] = [];
  let version: string | undefined;
  let busId: string | undefined;
  for (const { code, data } of settings) {
    const feature = FEATURES[code];
    if (feature !== undefined && data.some((byte) => byte !== 0)) features.push(feature);
    else if (code === VERSION && data.length === 3) version = data.join('.');
    else if (code === BUS_ID && data.length === 5 && data[0] === 1) {
      const hex = Buffer.from(data).toString('hex');
      busId = `${hex.slice(2, 6)}:${hex.slice(6)}`;
    }
  }
  return { features, ...(version === undefined ? {} : { version }), ...(busId === undefined ? {} : { busId }) };
}
