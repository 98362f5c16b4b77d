import { type ByteRange, readAt } from './byte-range.ts';

export interface PeSection {
  readonly name: string;
  readonly range: ByteRange;
}

const PE_OFFSET_AT = 0x3c;
const COFF_BYTES = 24;
const SECTION_BYTES = 40;
const SECTIONS_MAX = 512;

/** The sections of an EFI program, in their order; none where it is no such program. */
export async function peSections(file: ByteRange): Promise<readonly PeSection[]> {
  const dos = await readAt(file, 0, PE_OFFSET_AT + 4);
  if (dos.length < PE_OFFSET_AT + 4 || dos.toString('latin1', 0, 2) !== 'MZ') return [];
  const at = dos.readUInt32LE(PE_OFFSET_AT);
  const coff = await readAt(file, at, COFF_BYTES);
  if (coff.length < COFF_BYTES || coff.toString('latin1', 0, 4) !== 'PE\0\0') return [];
  const count = Math.min(coff.readUInt16LE(6), SECTIONS_MAX);
  const table = await readAt(file, at + COFF_BYTES + coff.readUInt16LE(20), count * SECTION_BYTES);
  return Array.from({ length: Math.floor(table.length / SECTION_BYTES) }, (_, index) =>
    sectionOf(file, table.subarray(index * SECTION_BYTES, (index + 1) * SECTION_BYTES)),
  );
}

function sectionOf(file: ByteRange, header: Buffer): PeSection {
  const name = header.toString('latin1', 0, 8).replace(/\0.*$/s, '');
  // On disk it is filled up; what counts is what is loaded.
  const sizeBytes = Math.min(header.readUInt32LE(8), header.readUInt32LE(16));
  const start = Math.min(file.end, file.start + header.readUInt32LE(20));
  return { name, range: { handle: file.handle, start, end: Math.min(file.end, start + sizeBytes) } };
}

/**
 * What a unified kernel image boots with unless a person picks another of its profiles, as the installer's has one that
 * resets: all before the second `.profile`.
 */
export function defaultProfile(sections: readonly PeSection[]): readonly PeSection[] {
  const [, second] = sections.flatMap((one, index) => (one.name === '.profile' ? [index] : []));
  return second === undefined ? sections : sections.slice(0, second);
}
