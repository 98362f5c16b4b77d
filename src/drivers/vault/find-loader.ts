import { stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Where the packages of distributions put iPXE. Names as a site asks for them, places in order of preference. */
const PLACES: Readonly<Record<string, readonly string[]>> = {
  // Debian and Ubuntu; Fedora and RHEL (ipxe-bootimgs-x86), Arch.
  'undionly.kpxe': ['/usr/lib/ipxe/undionly.kpxe', '/usr/share/ipxe/undionly.kpxe'],
  'ipxe.pxe': ['/usr/lib/ipxe/ipxe.pxe', '/usr/share/ipxe/ipxe.pxe'],
  'ipxe.efi': [
    // Debian 13 renamed it; up to 12 it was ipxe.efi.
    '/usr/lib/ipxe/ipxe-amd64.efi',
    '/usr/lib/ipxe/ipxe.efi',
    '/boot/ipxe-amd64.efi',
    '/boot/ipxe.efi',
    '/usr/share/ipxe/ipxe-x86_64.efi',
    '/usr/share/ipxe/x86_64/ipxe.efi',
    '/usr/share/ipxe/ipxe.efi',
  ],
  'snponly.efi': [
    '/usr/lib/ipxe/snponly.efi',
    '/usr/share/ipxe/ipxe-snponly-x86_64.efi',
    '/usr/share/ipxe/x86_64/snponly.efi',
    '/usr/share/ipxe/snponly.efi',
  ],
  'ipxe-arm64.efi': [
    '/usr/lib/ipxe/ipxe-arm64.efi',
    '/boot/ipxe-arm64.efi',
    '/usr/share/ipxe/arm64-efi/ipxe.efi',
    '/usr/share/ipxe/arm64/ipxe.efi',
  ],
  'snponly-arm64.efi': [
    '/usr/lib/ipxe/snponly-arm64.efi',
    '/usr/share/ipxe/arm64-efi/snponly.efi',
    '/usr/share/ipxe/arm64/snponly.efi',
  ],
};

const FOLDERS: readonly string[] = ['/usr/lib/ipxe', '/usr/share/ipxe'];

export const KNOWN_LOADERS: readonly string[] = Object.keys(PLACES);

/** A file of the system's ipxe package, or undefined. `root` is for tests. */
export async function findLoader(name: string, root = '/'): Promise<string | undefined> {
  if (!/^[A-Za-z0-9][\w.+-]*$/.test(name)) return undefined;
  for (const place of [...(PLACES[name] ?? []), ...FOLDERS.map((folder) => `${folder}/${name}`)]) {
    const path = join(root, place);
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile() === true && found.size > 0) return path;
  }
  return undefined;
}

export const LOADER_ADVICE =
  'install the ipxe package (Debian, Ubuntu, Arch) or ipxe-bootimgs (Fedora, RHEL), or add the file: crashcart images add --loader FILE';
