import { ARCH_TABLE, type ArchRow } from './arch-table.ts';
import type { DhcpMessage } from './dhcp-message.ts';
import { type IpxeBuild, parseIpxeSettings } from './ipxe-settings.ts';

/** Who is asking. `os`: an installed system or an installer; it must never get boot data as if it were firmware. */
export type DhcpClient =
  | {
      readonly kind: 'pxe' | 'httpBoot' | 'ipxe';
      /** What option 93 holds, unknown codes included, in the client's order. */
      readonly archCodes: readonly number[];
      /** The first code for which there is a loader, else the first known one. */
      readonly arch?: ArchRow;
      /** Only for iPXE, and only if it sent option 175. */
      readonly ipxe?: IpxeBuild;
    }
  | { readonly kind: 'os' };

/** `PXEClient` alone counts: iPXE 2025 behind a proxyDHCP sends no `:Arch:…` after it, so 60 is never parsed for it. */
function hasClass(vendorClass: string | undefined, name: string): boolean {
  return vendorClass === name || vendorClass?.startsWith(`${name}:`) === true;
}

function preferredArch(codes: readonly number[]): ArchRow | undefined {
  let first: ArchRow | undefined;
  for (const code of codes) {
    const row = ARCH_TABLE.get(code);
    if (row !== undefined && row.loader !== 'none') return row;
    first ??= row;
  }
  return first;
}

export function classifyDhcpClient(message: DhcpMessage): DhcpClient {
  const { options, wire } = message;
  const archCodes = options.arch ?? [];
  const arch = preferredArch(archCodes);
  const found = arch === undefined ? { archCodes } : { archCodes, arch };
  // `wire`, because a broken 175 is still iPXE: taking it for a ROM would hand it its own loader for ever.
  if (wire.has(175) || options.userClass?.includes('iPXE') === true) {
    const ipxe = options.ipxe === undefined ? {} : { ipxe: parseIpxeSettings(options.ipxe) };
    return { ...found, kind: 'ipxe', ...ipxe };
  }
  if (hasClass(options.vendorClass, 'HTTPClient')) return { ...found, kind: 'httpBoot' };
  if (hasClass(options.vendorClass, 'PXEClient')) return { ...found, kind: 'pxe' };
  // U-Boot says 93 but neither class. No operating system sends 93.
  if (wire.has(93)) return { ...found, kind: arch?.firmware === 'http' ? 'httpBoot' : 'pxe' };
  return { kind: 'os' };
}
