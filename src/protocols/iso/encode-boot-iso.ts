import { type BootFiles, encodeFat } from './encode-fat.ts';

/**
 * A CD that UEFI boots: ISO 9660 (ECMA-119) with one El Torito entry for EFI, whose image is a FAT volume. The CD itself
 * holds no file; firmware looks at the boot catalogue alone.
 */

const SECTOR = 2048;
const AT = { primary: 16, bootRecord: 17, end: 18, pathLittle: 19, pathBig: 20, root: 21, catalogue: 22, image: 23 };
const EFI_PLATFORM = 0xef;

/** ECMA-119 7.3.3 and 7.2.3: numbers stand twice, in both byte orders. */
function both32(sector: Buffer, at: number, value: number): void {
  sector.writeUInt32LE(value, at);
  sector.writeUInt32BE(value, at + 4);
}
function both16(sector: Buffer, at: number, value: number): void {
  sector.writeUInt16LE(value, at);
  sector.writeUInt16BE(value, at + 2);
}

/** 9.1: `.` is the byte 0, `..` the byte 1. */
function directoryRecord(name: 0 | 1): Buffer {
  const record = Buffer.alloc(34);
  record[0] = record.length;
  both32(record, 2, AT.root);
  both32(record, 10, SECTOR);
  record[18] = 80;
  record[19] = 1;
  record[20] = 1;
  record[25] = 2;
  both16(record, 28, 1);
  record[32] = 1;
  record[33] = name;
  return record;
}

function primaryVolume(totalSectors: number): Buffer {
  const sector = Buffer.alloc(SECTOR);
  sector[0] = 1;
  sector.write('CD001\x01', 1, 'latin1');
  sector.fill(0x20, 8, 72);
  sector.write('CRASHCART', 40, 'latin1');
  both32(sector, 80, totalSectors);
  both16(sector, 120, 1);
  both16(sector, 124, 1);
  both16(sector, 128, SECTOR);
  both32(sector, 132, 10);
  sector.writeUInt32LE(AT.pathLittle, 140);
  sector.writeUInt32BE(AT.pathBig, 148);
  directoryRecord(0).copy(sector, 156);
  sector.fill(0x20, 190, 813);
  for (const at of [813, 830, 847, 864]) sector.fill(0x30, at, at + 16);
  sector[881] = 1;
  return sector;
}

function pathTable(bigEndian: boolean): Buffer {
  const table = Buffer.alloc(SECTOR);
  table[0] = 1;
  if (bigEndian) table.writeUInt32BE(AT.root, 2);
  else table.writeUInt32LE(AT.root, 2);
  if (bigEndian) table.writeUInt16BE(1, 6);
  else table.writeUInt16LE(1, 6);
  return table;
}

/** El Torito 1.0, 2.1 to 2.3: a validation entry whose words sum up to nothing, then the one to boot. */
function catalogue(imageSectors512: number): Buffer {
  const sector = Buffer.alloc(SECTOR);
  sector[0] = 1;
  sector[1] = EFI_PLATFORM;
  sector.write('crashcart', 4, 'latin1');
  sector[30] = 0x55;
  sector[31] = 0xaa;
  let sum = 0;
  for (let at = 0; at < 32; at += 2) sum = (sum + sector.readUInt16LE(at)) & 0xffff;
  sector.writeUInt16LE((0x10000 - sum) & 0xffff, 28);
  sector[32] = 0x88;
  sector.writeUInt16LE(Math.min(imageSectors512, 0xffff), 38);
  sector.writeUInt32LE(AT.image, 40);
  return sector;
}

/** `undefined` where the loader is too large for the volume. */
export function encodeBootIso(files: BootFiles): Buffer | undefined {
  const volume = encodeFat(files);
  if (volume === undefined) return undefined;
  const imageSectors = Math.ceil(volume.length / SECTOR);
  const iso = Buffer.alloc((AT.image + imageSectors) * SECTOR);
  const put = (sector: Buffer, at: number) => sector.copy(iso, at * SECTOR);
  put(primaryVolume(AT.image + imageSectors), AT.primary);
  const record = Buffer.alloc(SECTOR);
  record.write('\x00CD001\x01EL TORITO SPECIFICATION', 0, 'latin1');
  record.writeUInt32LE(AT.catalogue, 71);
  put(record, AT.bootRecord);
  put(Buffer.from('\xffCD001\x01', 'latin1'), AT.end);
  put(pathTable(false), AT.pathLittle);
  put(pathTable(true), AT.pathBig);
  put(Buffer.concat([directoryRecord(0), directoryRecord(1)]), AT.root);
  put(catalogue(volume.length / 512), AT.catalogue);
  put(volume, AT.image);
  return iso;
}
