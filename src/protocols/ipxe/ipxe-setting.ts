/**
 * Variables that iPXE 2019 and 2025 both fill in (seen on SeaBIOS, OVMF and AAVMF). `binary`: they print well, but with
 * `:uristring` they come as raw bytes, wrongly sign-extended (`%FFFFFFDE`), and a zero byte cuts off the rest of the URL.
 */
const SETTINGS = {
  uuid: 'binary',
  serial: 'text',
  'board-serial': 'text',
  asset: 'text',
  manufacturer: 'text',
  product: 'text',
  hostname: 'text',
  filename: 'text',
  version: 'text',
  // i386 on a 64-bit machine in BIOS mode.
  buildarch: 'text',
  // `pcbios` or `efi`.
  platform: 'text',
  mac: 'binary',
  'next-server': 'binary',
  'dhcp-server': 'binary',
  'net0/mac': 'binary',
  'net0/ip': 'binary',
  'net0/chip': 'text',
  'net1/mac': 'binary',
  'net2/mac': 'binary',
  'net3/mac': 'binary',
  'net4/mac': 'binary',
  'net5/mac': 'binary',
  'net6/mac': 'binary',
  'net7/mac': 'binary',
} as const;

export type IpxeSetting = keyof typeof SETTINGS;
export type IpxeFormat = 'uristring' | 'hexhyp';

export function isTextSetting(name: string): boolean {
  return Object.hasOwn(SETTINGS, name) ? SETTINGS[name as IpxeSetting] === 'text' : true;
}

export function isIpxeSetting(name: string): name is IpxeSetting {
  return Object.hasOwn(SETTINGS, name);
}
