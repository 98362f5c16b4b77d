import { fail, ok, type Result } from '../../core/result.ts';

/** The ustar headers (POSIX 1003.1) of plain files: enough for a bundle that `tar tf` lists and `tar xf` unpacks. */

export const TAR_BLOCK_BYTES = 512;
const SIZE_MAX = 0o77777777777;

export interface TarHeader {
  readonly name: string;
  readonly sizeBytes: number;
  readonly kind: 'file' | 'folder';
}

export function encodeTarHeader(name: string, sizeBytes: number, mtimeSeconds: number): Result<Uint8Array> {
  const split = splitName(name);
  if (split === undefined || sizeBytes > SIZE_MAX) return fail(`${name} is too long or too large for a tar file`);
  const header = Buffer.alloc(TAR_BLOCK_BYTES);
  const octal = (value: number, at: number, length: number) =>
    header.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1');
  header.write(split.name, 0, 'latin1');
  octal(0o644, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(sizeBytes, 124, 12);
  octal(mtimeSeconds, 136, 12);
  header.write('        ', 148, 'latin1');
  header.write('0', 156, 'latin1');
  header.write('ustar\x0000', 257, 'latin1');
  header.write(split.prefix, 345, 'latin1');
  octal(sumOf(header), 148, 7);
  return ok(header);
}

/** Undefined for a block of zeros: the end. */
export function decodeTarHeader(block: Uint8Array): Result<TarHeader | undefined> {
  const header = Buffer.from(block);
  if (header.length !== TAR_BLOCK_BYTES) return fail('the bundle is cut off');
  if (header.every((byte) => byte === 0)) return ok(undefined);
  const stored = Number.parseInt(text(header, 148, 8).trim(), 8);
  const clean = Buffer.from(header);
  clean.fill(' ', 148, 156);
  if (stored !== sumOf(clean)) return fail('not a tar file, or a damaged one: a header does not add up');
  const kind = text(header, 156, 1);
  if (kind !== '0' && kind !== '' && kind !== '5')
    return fail(`the bundle holds something that is no plain file (type ${kind})`);
  const size = text(header, 124, 12).trim();
  if (!/^[0-7]{1,11}$/.test(size)) return fail('the bundle holds a file without a size');
  const prefix = text(header, 345, 155);
  const name = text(header, 0, 100);
  const full = prefix === '' ? name : `${prefix}/${name}`;
  return ok({
    name: full.replace(/^\.\//, ''),
    sizeBytes: Number.parseInt(size, 8),
    kind: kind === '5' ? 'folder' : 'file',
  });
}

export function paddingAfter(sizeBytes: number): number {
  return (TAR_BLOCK_BYTES - (sizeBytes % TAR_BLOCK_BYTES)) % TAR_BLOCK_BYTES;
}

/** Names over 100 characters are split at a slash. */
function splitName(name: string): { readonly name: string; readonly prefix: string } | undefined {
  if (name.length <= 100) return { name, prefix: '' };
  const slash = name.lastIndexOf('/', 155);
  if (slash < 0 || name.length - slash - 1 > 100) return undefined;
  return { prefix: name.slice(0, slash), name: name.slice(slash + 1) };
}

function sumOf(header: Uint8Array): number {
  return header.reduce((sum, byte) => sum + byte, 0);
}

function text(header: Buffer, at: number, length: number): string {
  const field = header.subarray(at, at + length);
  const end = field.indexOf(0);
  return field.toString('latin1', 0, end < 0 ? length : end);
}
