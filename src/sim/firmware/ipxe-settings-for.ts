import type { SimHost } from '../machine/sim-host.ts';
import type { Lease } from '../wire/obtain-lease.ts';
import type { FirmwareKind } from './firmware-kinds.ts';

/** The variables that iPXE 2019 and 2025 both filled in, on this machine. Others are empty there too. */
export function ipxeSettingsFor(
  host: SimHost,
  kind: FirmwareKind,
  lease: Lease | undefined,
): ReadonlyMap<string, string> {
  const { spec } = host;
  const settings = new Map([
    ['uuid', host.uuid()],
    ['serial', spec.serial],
    ['board-serial', spec.boardSerial],
    ['asset', spec.asset],
    ['manufacturer', spec.manufacturer],
    ['product', spec.product],
    ['mac', spec.macs[0]],
    ['net0/chip', kind.mode === 'uefi' ? 'snp' : 'undionly'],
    // iPXE for BIOS says i386 on a 64-bit machine.
    ['buildarch', kind.cpu === 'arm64' ? 'arm64' : kind.mode === 'uefi' ? 'x86_64' : 'i386'],
    ['platform', kind.mode === 'uefi' ? 'efi' : 'pcbios'],
    ['version', '1.21.1'],
    ...spec.macs.map((mac, i): [string, string] => [`net${i}/mac`, mac]),
  ]);
  if (lease === undefined) return settings;
  settings.set('net0/ip', lease.address).set('ip', lease.address);
  settings.set('next-server', lease.nextServer).set('dhcp-server', lease.server).set('filename', lease.bootFile);
  if (lease.hostName !== undefined) settings.set('hostname', lease.hostName);
  return settings;
}
