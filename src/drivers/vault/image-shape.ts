import type { ImageKind } from './artefact-name.ts';

interface Shape {
  readonly what: string;
  /** Far below the smallest that Talos ever had: a part that a broken proxy took for the whole is smaller. */
  readonly minBytes: number;
  readonly begins: (head: Buffer) => boolean;
}

const MEGABYTE = 1_000_000;
const hasPeHeader = (head: Buffer): boolean => head.subarray(0, 2).toString('latin1') === 'MZ';
/** Linux boot protocol: `HdrS` at 0x202. */
const isBzImage = (head: Buffer): boolean => head.subarray(0x202, 0x206).toString('latin1') === 'HdrS';
/** zstd, xz, gzip, and a cpio archive that goes before the compressed one, as microcode does. */
const PACKED = ['28b52ffd', 'fd377a585a00', '1f8b', '3037303730'];
const isPacked = (head: Buffer): boolean => PACKED.some((magic) => head.toString('hex').startsWith(magic));

const UKI: Shape = { what: 'EFI program', minBytes: 20 * MEGABYTE, begins: hasPeHeader };
const SHAPES: { readonly [K in ImageKind]: Shape | undefined } = {
  kernel: { what: 'Linux kernel', minBytes: 4 * MEGABYTE, begins: (head) => hasPeHeader(head) || isBzImage(head) },
  initramfs: { what: 'initramfs', minBytes: 16 * MEGABYTE, begins: isPacked },
  uki: UKI,
  secureUki: UKI,
  cmdline: undefined,
};

/** Why this cannot be the image, or undefined. Without a length in the answer, nothing else shows that it was cut. */
export function shapeProblem(kind: ImageKind, head: Uint8Array, sizeBytes: number): string | undefined {
  const shape = SHAPES[kind];
  if (shape === undefined) return undefined;
  if (!shape.begins(Buffer.from(head))) return `what came as the ${kind} does not begin like its kind (${shape.what})`;
  if (sizeBytes >= shape.minBytes) return undefined;
  return `the ${kind} has ${sizeBytes} bytes, and less than ${shape.minBytes} cannot be whole: fetch it again`;
}
