import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LoadedFile } from '../core/ports.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { NodeSpec } from '../core/spec.ts';
import { encodeBootIso } from '../protocols/iso/encode-boot-iso.ts';

export interface BootMediaParts {
  /** Made media lie here, by what they hold. */
  readonly folder: string;
  readonly loader: (name: string) => LoadedFile | undefined;
  /** `http://10.77.0.1` as this machine and its BMC reach us. */
  readonly baseFor: (spec: NodeSpec) => Result<string>;
}

export interface BootMedia {
  /** The one that was made for machines like this, if it was. */
  readonly current: (spec: NodeSpec) => LoadedFile | undefined;
  readonly prepare: (spec: NodeSpec) => Promise<Result<LoadedFile>>;
  readonly baseFor: (spec: NodeSpec) => Result<string>;
}

/** With drivers of its own: snponly knows only the card that it was loaded over, and a CD is none. */
const PROGRAMS = {
  amd64: { program: 'BOOTX64.EFI', loader: 'ipxe.efi' },
  arm64: { program: 'BOOTAA64.EFI', loader: 'ipxe-arm64.efi' },
} as const;
const BIOS_MEDIUM = 'ipxe.iso';

/** iPXE as a CD: made of the loader in the vault for UEFI; the one of the distribution's package for a BIOS. */
export function createBootMedia(parts: BootMediaParts): BootMedia {
  const made = new Map<string, LoadedFile>();
  const underWay = new Map<string, Promise<Result<LoadedFile>>>();
  const keyOf = (spec: NodeSpec, base: string) => `${spec.arch} ${spec.loader ?? ''} ${base}`;
  return {
    baseFor: parts.baseFor,
    current: (spec) => {
      if (spec.firmware === 'bios') return parts.loader(BIOS_MEDIUM);
      const base = parts.baseFor(spec);
      return base.ok ? made.get(keyOf(spec, base.value)) : undefined;
    },
    prepare: async (spec) => {
      if (spec.firmware === 'bios') {
        const file = parts.loader(BIOS_MEDIUM);
        return file === undefined ? fail(missing(BIOS_MEDIUM)) : ok(file);
      }
      const base = parts.baseFor(spec);
      if (!base.ok) return base;
      const name = spec.loader ?? PROGRAMS[spec.arch].loader;
      const loader = parts.loader(name);
      if (loader === undefined) return fail(missing(name));
      // Forty machines that are armed together want the same one at the same time.
      const key = `${loader.sha256} ${keyOf(spec, base.value)}`;
      const making = underWay.get(key) ?? makeMedium(parts.folder, loader, PROGRAMS[spec.arch].program, base.value);
      underWay.set(key, making);
      const file = await making;
      underWay.delete(key);
      if (file.ok) made.set(keyOf(spec, base.value), file.value);
      return file;
    },
  };
}

const missing = (name: string): string =>
  `the loader ${name} is neither in the vault nor in the system's ipxe package (crashcart images add, or apt install ipxe)`;

/** Where another DHCP server gives the address, newer iPXE comes to us all the same; older asks DHCP, and needs ours. */
const scriptFor = (base: string): string => `#!ipxe\ndhcp || goto local\nchain ${base}/boot.ipxe ||\n:local\nexit 1\n`;

async function makeMedium(
  folder: string,
  loader: LoadedFile,
  program: string,
  base: string,
): Promise<Result<LoadedFile>> {
  try {
    const bytes = await readFile(loader.path);
    if (createHash('sha256').update(bytes).digest('hex') !== loader.sha256)
      return fail(`${loader.path} is not what it was when it was proven`);
    const iso = encodeBootIso({ program, loader: bytes, script: scriptFor(base) });
    if (iso === undefined) return fail(`${loader.path} is too large for a boot medium`);
    const sha256 = createHash('sha256').update(iso).digest('hex');
    const path = join(folder, `ipxe-${sha256.slice(0, 16)}.iso`);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const fresh = `${path}.${randomUUID().slice(0, 8)}`;
    await writeFile(fresh, iso, { mode: 0o600 });
    await rename(fresh, path);
    return ok({ path, sizeBytes: iso.length, sha256 });
  } catch (error) {
    return fail(`the boot medium cannot be made: ${error instanceof Error ? error.message : String(error)}`);
  }
}
