import { fail, ok, type Result } from '../../core/result.ts';
import type { Arch } from '../../core/spec.ts';
import { parseTalosVersion } from '../../talos/talos-version.ts';

/** `secureUki`: signed, for firmware with Secure Boot on; its command line is baked in and cannot be added to. */
export type ImageKind = 'kernel' | 'initramfs' | 'cmdline' | 'uki' | 'secureUki';
export type ArtefactKind = ImageKind | 'loader';

export interface ImageKey {
  readonly version: string;
  readonly schematic: string;
  readonly arch: Arch;
}

/** SHA-256 of `customization: {}\n`: the schematic without anything added. */
export const VANILLA_SCHEMATIC = '376567988ad370138ad8b2698212367b8edcb69b5fd68c80be1f2ec7d603b4ba';

/** As the image factory calls them, and as they are called in the vault. */
export function factoryName(kind: ImageKind, arch: Arch): string {
  const names: { readonly [K in ImageKind]: string } = {
    kernel: `kernel-${arch}`,
    initramfs: `initramfs-${arch}.xz`,
    cmdline: `cmdline-metal-${arch}`,
    uki: `metal-${arch}-uki.efi`,
    secureUki: `metal-${arch}-secureboot-uki.efi`,
  };
  return names[kind];
}

/** As the release assets on GitHub are called; there is no command line file and no signed UKI among them. */
export function releaseName(kind: ImageKind, arch: Arch): string | undefined {
  if (kind === 'cmdline' || kind === 'secureUki') return undefined;
  return kind === 'kernel' ? `vmlinuz-${arch}` : factoryName(kind, arch);
}

/** Path below the vault, and below `/a/` on the wire. */
export function imagePath(kind: ImageKind, key: ImageKey): Result<string> {
  const version = parseTalosVersion(key.version);
  if (!version.ok) return version;
  if (!/^[0-9a-f]{64}$/.test(key.schematic)) {
    return fail(`"${key.schematic.slice(0, 80)}" is no schematic id: 64 hexadecimal digits are expected`);
  }
  return ok(`talos/${version.value.tag}/${key.schematic}/${factoryName(kind, key.arch)}`);
}

export function loaderPath(name: string): Result<string> {
  if (/^[A-Za-z0-9][\w.+-]{0,80}$/.test(name)) return ok(`loaders/${name}`);
  return fail(`"${name.slice(0, 80)}" is no name for a loader: letters, digits, dots, dashes`);
}

/** Paths from an index or a bundle are outside text: nothing may point out of the vault. */
export function isVaultPath(path: string): boolean {
  const parts = path.split('/');
  return (
    path.length < 240 &&
    (parts[0] === 'talos' || parts[0] === 'loaders') &&
    parts.length > 1 &&
    parts.every((part) => /^[A-Za-z0-9][\w.+-]*$/.test(part))
  );
}

/** `1.13.9` and `v1.13.9` are one version. */
export function versionTag(version: string): string {
  const parsed = parseTalosVersion(version);
  return parsed.ok ? parsed.value.tag : version;
}

export function sameKey(entry: Partial<ImageKey>, key: ImageKey): boolean {
  return entry.version === versionTag(key.version) && entry.schematic === key.schematic && entry.arch === key.arch;
}
