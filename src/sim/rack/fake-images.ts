import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Arch } from '../../core/spec.ts';
import { fallbackCmdline } from '../../talos/kernel-quirks.ts';
import { parseTalosVersion } from '../../talos/talos-version.ts';
import { renderLoaderMark } from '../firmware/loader-mark.ts';
import { createRandom } from '../run/random.ts';

export interface ImageWanted {
  readonly version: string;
  readonly schematic: string;
  readonly arch: Arch;
}

/** Files on disk, ready to be added to a vault. */
export type SimImage =
  | { readonly kind: 'loader'; readonly name: string; readonly path: string }
  | ({ readonly kind: 'kernel' | 'initramfs' | 'cmdline' | 'secureUki'; readonly path: string } & ImageWanted);

export interface ImageSizes {
  readonly kernelBytes: number;
  readonly initramfsBytes: number;
  readonly loaderBytes: number;
}

const IMAGE_SIZES: ImageSizes = { kernelBytes: 2_000_000, initramfsBytes: 6_000_000, loaderBytes: 180_000 };

const LOADERS = [
  { name: 'undionly.kpxe', mode: 'bios', cpu: 'amd64' },
  { name: 'ipxe.pxe', mode: 'bios', cpu: 'amd64' },
  { name: 'ipxe.efi', mode: 'uefi', cpu: 'amd64' },
  { name: 'snponly.efi', mode: 'uefi', cpu: 'amd64' },
  { name: 'ipxe-arm64.efi', mode: 'uefi', cpu: 'arm64' },
  { name: 'snponly-arm64.efi', mode: 'uefi', cpu: 'arm64' },
] as const;

/** Noise that does not compress away on the screen's rate, and whose first line says that it is none. */
function fill(head: string, sizeBytes: number, seed: string): Buffer {
  const start = Buffer.from(head);
  const block = createRandom(seed).bytes(4_096);
  const bytes = Buffer.alloc(Math.max(sizeBytes, start.length), block);
  start.copy(bytes);
  return bytes;
}

/** Stand-ins for kernel, initramfs and loaders: as big as told, worth nothing on a real machine. */
export async function writeFakeImages(
  folder: string,
  wanted: readonly ImageWanted[],
  sizes: ImageSizes = IMAGE_SIZES,
): Promise<readonly SimImage[]> {
  await mkdir(folder, { recursive: true });
  const images: SimImage[] = [];
  for (const loader of LOADERS) {
    const path = join(folder, loader.name);
    await writeFile(path, fill(renderLoaderMark(loader), sizes.loaderBytes, loader.name));
    images.push({ kind: 'loader', name: loader.name, path });
  }
  const unique = new Map(wanted.map((one) => [`${one.version}-${one.arch}-${one.schematic}`, one]));
  for (const [key, one] of unique) {
    const stem = join(folder, createHash('sha256').update(key).digest('hex').slice(0, 12));
    const label = `Talos ${one.version} ${one.arch} ${one.schematic.slice(0, 12)}`;
    const kernel = `${stem}-kernel`;
    const initramfs = `${stem}-initramfs`;
    await writeFile(kernel, fill(`SIMULATED kernel ${label}\n`, sizes.kernelBytes, `${key}/kernel`));
    await writeFile(initramfs, fill(`SIMULATED initramfs ${label}\n`, sizes.initramfsBytes, `${key}/initramfs`));
    images.push({ kind: 'kernel', path: kernel, ...one }, { kind: 'initramfs', path: initramfs, ...one });
    const version = parseTalosVersion(one.version);
    const args = version.ok ? fallbackCmdline(version.value, one.arch) : undefined;
    if (args === undefined) continue;
    const cmdline = `${stem}-cmdline`;
    await writeFile(cmdline, `${args.join(' ')}\n`);
    images.push({ kind: 'cmdline', path: cmdline, ...one });
  }
  return images;
}
