import type { SeenDisk } from '../../core/seen.ts';
import type { DiskRule } from '../../core/spec.ts';
import { matchesDisk, parseDiskSize } from '../../talos/disk-rule.ts';

type DiskKind = NonNullable<DiskRule['type']>;

interface DiskMake {
  readonly device: (slot: number) => string;
  readonly model: string;
  readonly sizeBytes: number;
  readonly busPath: (slot: number) => string;
  /** What stands before its number; an SD card has none. */
  readonly wwid?: string;
}

const SATA = {
  device: (slot: number) => `sd${String.fromCharCode('a'.charCodeAt(0) + slot)}`,
  busPath: (slot: number) => `/pci0000:00/0000:00:17.0/ata${slot + 1}`,
  wwid: 'naa.5',
} as const;

/** What stands in such machines, by its kind. */
const MAKES: Readonly<Record<DiskKind, DiskMake>> = {
  nvme: {
    device: (slot) => `nvme${slot}n1`,
    model: 'SIM PM9A3',
    sizeBytes: 480_103_981_056,
    busPath: (slot) => `/pci0000:00/0000:00:1${slot}.0/nvme`,
    wwid: 'eui.0',
  },
  ssd: { ...SATA, model: 'SIM PM893', sizeBytes: 480_103_981_056 },
  hdd: { ...SATA, model: 'SIM EXOS', sizeBytes: 4_000_787_030_016 },
  sd: {
    device: (slot) => `mmcblk${slot}`,
    model: 'SIM SD',
    sizeBytes: 64_023_257_088,
    busPath: (slot) => `/platform/mmc/mmc_host/mmc${slot}`,
  },
};

/** The gigabytes that makers print on a disk: rounded down, 3,840,755,982,336 bytes are 3840. */
function printedGb(sizeBytes: number): number {
  const step = sizeBytes < 100e9 ? 1 : 10;
  return Math.floor(sizeBytes / 1e9 / step) * step;
}

/** A disk of that kind under the serial number of one that was made up. */
function diskOf(kind: DiskKind, slot: number, made: SeenDisk, sizeBytes = MAKES[kind].sizeBytes): SeenDisk {
  const make = MAKES[kind];
  return {
    name: make.device(slot),
    ...(made.serial === undefined ? {} : { serial: made.serial }),
    sizeBytes,
    model: `${make.model} ${printedGb(sizeBytes)}`,
    type: kind,
    ...(make.wwid === undefined ? {} : { wwid: `${make.wwid}${made.wwid?.slice('eui.0'.length) ?? ''}` }),
    busPath: make.busPath(slot),
  };
}

/** What the other names in a rule say of the disk's kind; `naa.` and `wwn-` are those of SATA and SAS. */
const HINTS: readonly (readonly [keyof DiskRule, RegExp, DiskKind])[] = [
  ['path', /^\/dev\/nvme/, 'nvme'],
  ['path', /^\/dev\/sd/, 'ssd'],
  ['path', /^\/dev\/mmcblk/, 'sd'],
  ['wwid', /^(eui|nvme)\./, 'nvme'],
  ['wwid', /^(naa|t10)\./, 'ssd'],
  ['byId', /\/nvme-/, 'nvme'],
  ['byId', /\/(ata|scsi|wwn)-/, 'ssd'],
  ['busPath', /nvme/, 'nvme'],
  ['busPath', /ata\d|scsi|host\d/, 'ssd'],
];

/** `ssd` is NVMe too where the rule names one. */
function kindOf(rule: DiskRule): DiskKind {
  if (rule.type !== undefined && rule.type !== 'ssd') return rule.type;
  const hint = HINTS.find(([key, pattern]) => pattern.test(rule[key] ?? ''));
  return hint?.[2] ?? rule.type ?? 'nvme';
}

/** The first disk is one that the rule means, of the kind it means; sizes that are compared get what is just enough. */
export function diskFor(rule: DiskRule | undefined, made: SeenDisk): SeenDisk {
  if (rule === undefined) return made;
  const size = rule.size === undefined ? undefined : parseDiskSize(rule.size);
  const disk = diskOf(
    kindOf(rule),
    0,
    made,
    size?.ok === true ? sizeFor(size.value.op, size.value.sizeBytes) : undefined,
  );
  const { serial, wwid, model, busPath, byId, path } = rule;
  const texts = Object.entries({ serial, wwid, model, busPath }).flatMap(([key, text]) =>
    text === undefined ? [] : [[key, text.replaceAll('*', 'SIM')]],
  );
  return {
    ...disk,
    ...Object.fromEntries(texts),
    ...(byId === undefined ? {} : { byId: [byId] }),
    ...(path === undefined ? {} : { name: path.replace(/^\/dev\//, '') }),
  };
}

/** What else may stand in such a machine. */
const OTHERS: readonly ((made: SeenDisk) => SeenDisk)[] = [
  (made) => made,
  (made) => diskOf('ssd', 1, made, made.sizeBytes),
  (made) => diskOf('hdd', 1, made),
  (made) => diskOf('nvme', 7, made, 64_023_257_088),
  (made) => diskOf('nvme', 7, made, 30_725_970_923_520),
];

/** Where a rule means more than one disk the gate refuses the machine: none that we make up may be one of them. */
export function diskBeside(rule: DiskRule | undefined, made: SeenDisk): SeenDisk | undefined {
  if (rule === undefined) return made;
  return OTHERS.map((other) => other(made)).find((disk) => !matchesDisk(rule, disk));
}

function sizeFor(op: '>=' | '<=' | '>' | '<' | '==', sizeBytes: number): number {
  if (op === '>') return sizeBytes + 1e9;
  return op === '<' ? sizeBytes - 1e9 : sizeBytes;
}
