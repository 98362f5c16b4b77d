/** A small FAT12 volume with the fixed layout of a boot medium: one EFI program, and one script at the top. */

const SECTOR = 512;
const CLUSTER_SECTORS = 4;
const CLUSTER = SECTOR * CLUSTER_SECTORS;
const ROOT_ENTRIES = 224;
const ENTRY = 32;
const ROOT_SECTORS = (ROOT_ENTRIES * ENTRY) / SECTOR;
/** From 4085 clusters on a reader takes the volume for FAT16. */
const MOST_CLUSTERS = 4084;
const DIRECTORY = 0x10;
const ARCHIVE = 0x20;
const LONG_NAME = 0x0f;
/** 1980-01-01, the earliest there is: the same files make the same volume. */
const DATE = 0x21;

export interface BootFiles {
  /** `BOOTX64.EFI`, `BOOTAA64.EFI`. */
  readonly program: string;
  readonly loader: Uint8Array;
  readonly script: string;
}

const clustersOf = (sizeBytes: number): number => Math.max(1, Math.ceil(sizeBytes / CLUSTER));

/** `BOOTX64.EFI` as eleven characters, padded. */
function shortName(name: string): Buffer {
  const [base = '', extension = ''] = name.split('.');
  return Buffer.from(base.padEnd(8).slice(0, 8) + extension.padEnd(3).slice(0, 3), 'latin1');
}

function entryOf(name: Buffer, attribute: number, cluster: number, sizeBytes: number): Buffer {
  const entry = Buffer.alloc(ENTRY);
  name.copy(entry, 0);
  entry[11] = attribute;
  for (const at of [16, 18, 24]) entry.writeUInt16LE(DATE, at);
  entry.writeUInt16LE(cluster, 26);
  entry.writeUInt32LE(sizeBytes, 28);
  return entry;
}

/** `autoexec.ipxe` has an extension of four: its thirteen characters fill exactly one entry of a long name. */
function longNameEntry(name: string, short: Buffer): Buffer {
  const entry = Buffer.alloc(ENTRY);
  entry[0] = 0x41;
  entry[11] = LONG_NAME;
  let sum = 0;
  for (const byte of short) sum = (((sum & 1) << 7) + (sum >> 1) + byte) & 0xff;
  entry[13] = sum;
  const places = [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30];
  for (const [index, place] of places.entries()) entry.writeUInt16LE(name.charCodeAt(index), place);
  return entry;
}

function bootSector(totalSectors: number, fatSectors: number): Buffer {
  const sector = Buffer.alloc(SECTOR);
  Buffer.from([0xeb, 0x3c, 0x90]).copy(sector, 0);
  sector.write('CRASHCRT', 3, 'latin1');
  sector.writeUInt16LE(SECTOR, 11);
  sector[13] = CLUSTER_SECTORS;
  sector.writeUInt16LE(1, 14);
  sector[16] = 2;
  sector.writeUInt16LE(ROOT_ENTRIES, 17);
  sector.writeUInt16LE(totalSectors, 19);
  sector[21] = 0xf8;
  sector.writeUInt16LE(fatSectors, 22);
  sector.writeUInt16LE(32, 24);
  sector.writeUInt16LE(2, 26);
  sector[38] = 0x29;
  sector.writeUInt32LE(0x63726173, 39);
  sector.write('CRASHCART  FAT12   ', 43, 'latin1');
  sector.writeUInt16LE(0xaa55, 510);
  return sector;
}

/** Chains of clusters that lie one behind the other, 12 bits each. */
function renderFat(chains: readonly { readonly first: number; readonly count: number }[], fatSectors: number): Buffer {
  const fat = Buffer.alloc(fatSectors * SECTOR);
  const put = (cluster: number, value: number) => {
    const at = cluster + (cluster >> 1);
    const old = fat.readUInt16LE(at);
    fat.writeUInt16LE(cluster % 2 === 0 ? (old & 0xf000) | value : (old & 0x000f) | (value << 4), at);
  };
  put(0, 0xff8);
  put(1, 0xfff);
  for (const { first, count } of chains)
    for (let index = 0; index < count; index += 1) put(first + index, index === count - 1 ? 0xfff : first + index + 1);
  return fat;
}

/** `undefined` where the loader is larger than such a volume holds: some 8 MB, and iPXE has one. */
export function encodeFat({ program, loader, script }: BootFiles): Buffer | undefined {
  const text = Buffer.from(script, 'utf8');
  let clusters = 0;
  const chains = [1, 1, clustersOf(loader.length), clustersOf(text.length)].map((count) => {
    const first = 2 + clusters;
    clusters += count;
    return { first, count };
  });
  if (clusters > MOST_CLUSTERS) return undefined;
  const fatSectors = Math.ceil(((clusters + 2) * 1.5) / SECTOR);
  const dataAt = (1 + 2 * fatSectors + ROOT_SECTORS) * SECTOR;
  const volume = Buffer.alloc(dataAt + clusters * CLUSTER);
  const [efi, boot, efiFile, scriptFile] = chains.map(({ first }) => first);
  const at = (cluster = 2) => dataAt + (cluster - 2) * CLUSTER;
  const dot = (name: string) => Buffer.from(name.padEnd(11), 'latin1');
  const autoexec = shortName('AUTOEX~1.IPX');
  bootSector(volume.length / SECTOR, fatSectors).copy(volume, 0);
  const fat = renderFat(chains, fatSectors);
  fat.copy(volume, SECTOR);
  fat.copy(volume, (1 + fatSectors) * SECTOR);
  Buffer.concat([
    entryOf(shortName('EFI'), DIRECTORY, efi ?? 0, 0),
    longNameEntry('autoexec.ipxe', autoexec),
    entryOf(autoexec, ARCHIVE, scriptFile ?? 0, text.length),
  ]).copy(volume, (1 + 2 * fatSectors) * SECTOR);
  Buffer.concat([
    entryOf(dot('.'), DIRECTORY, efi ?? 0, 0),
    entryOf(dot('..'), DIRECTORY, 0, 0),
    entryOf(shortName('BOOT'), DIRECTORY, boot ?? 0, 0),
  ]).copy(volume, at(efi));
  Buffer.concat([
    entryOf(dot('.'), DIRECTORY, boot ?? 0, 0),
    entryOf(dot('..'), DIRECTORY, efi ?? 0, 0),
    entryOf(shortName(program), ARCHIVE, efiFile ?? 0, loader.length),
  ]).copy(volume, at(boot));
  Buffer.from(loader).copy(volume, at(efiFile));
  text.copy(volume, at(scriptFile));
  return volume;
}
