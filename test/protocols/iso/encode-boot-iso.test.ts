import { expect, test } from 'vitest';
import { encodeBootIso } from '../../../src/protocols/iso/encode-boot-iso.ts';
import { encodeFat } from '../../../src/protocols/iso/encode-fat.ts';

const SECTOR = 2048;
const loader = Buffer.from(Array.from({ length: 9_000 }, (_, at) => at % 251));
const files = { program: 'BOOTX64.EFI', loader, script: '#!ipxe\nexit\n' };

/** Follows a chain of FAT12, as firmware does. */
function readChain(volume: Buffer, first: number, sizeBytes: number): Buffer {
  const fatSectors = volume.readUInt16LE(22);
  const dataAt = (1 + 2 * fatSectors + 14) * 512;
  const parts: Buffer[] = [];
  for (let cluster = first; cluster < 0xff8; ) {
    const at = dataAt + (cluster - 2) * SECTOR;
    parts.push(volume.subarray(at, at + SECTOR));
    const pair = volume.readUInt16LE(512 + cluster + (cluster >> 1));
    cluster = cluster % 2 === 0 ? pair & 0xfff : pair >> 4;
    if (parts.length > 5_000) throw new Error('the chain has no end');
  }
  return Buffer.concat(parts).subarray(0, sizeBytes === 0 ? undefined : sizeBytes);
}

function find(directory: Buffer, name: string) {
  for (let at = 0; at < directory.length; at += 32)
    if (directory.toString('latin1', at, at + 11) === name)
      return { cluster: directory.readUInt16LE(at + 26), sizeBytes: directory.readUInt32LE(at + 28) };
  throw new Error(`no ${name}`);
}

test('the volume gives the loader back under the name that firmware looks for, and the script beside it', () => {
  const volume = encodeFat(files);
  if (volume === undefined) throw new Error('too large');
  const rootAt = (1 + 2 * volume.readUInt16LE(22)) * 512;
  const root = volume.subarray(rootAt, rootAt + 14 * 512);
  const efi = readChain(volume, find(root, 'EFI        ').cluster, 0);
  const boot = readChain(volume, find(efi, 'BOOT       ').cluster, 0);
  const program = find(boot, 'BOOTX64 EFI');
  expect(readChain(volume, program.cluster, program.sizeBytes).equals(loader)).toBe(true);
  const script = find(root, 'AUTOEX~1IPX');
  expect(readChain(volume, script.cluster, script.sizeBytes).toString()).toBe(files.script);
});

test('the CD has one boot entry, for EFI, and its checksum holds', () => {
  const iso = encodeBootIso(files);
  if (iso === undefined) throw new Error('too large');
  expect(iso.toString('latin1', 16 * SECTOR + 1, 16 * SECTOR + 6)).toBe('CD001');
  expect(iso.readUInt32LE(16 * SECTOR + 80) * SECTOR).toBe(iso.length);
  expect(iso.toString('latin1', 17 * SECTOR + 7, 17 * SECTOR + 30)).toBe('EL TORITO SPECIFICATION');
  const catalogue = iso.subarray(iso.readUInt32LE(17 * SECTOR + 71) * SECTOR);
  expect([catalogue[0], catalogue[1], catalogue[32]]).toEqual([1, 0xef, 0x88]);
  let sum = 0;
  for (let at = 0; at < 32; at += 2) sum = (sum + catalogue.readUInt16LE(at)) & 0xffff;
  expect(sum).toBe(0);
  const image = catalogue.readUInt32LE(40) * SECTOR;
  expect(iso.readUInt16LE(image + 510)).toBe(0xaa55);
});

test('the same files make the same CD, byte for byte', () => {
  expect(encodeBootIso(files)?.equals(encodeBootIso(files) ?? Buffer.alloc(0))).toBe(true);
});

test('a loader that is no boot loader any more is refused, not cut', () => {
  expect(encodeBootIso({ ...files, loader: Buffer.alloc(9 * 1024 * 1024) })).toBeUndefined();
});
