import { realName } from '../core/identity.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { SeenDisk } from '../core/seen.ts';
import type { DiskRule } from '../core/spec.ts';

export interface DiskSize {
  readonly op: '>=' | '<=' | '>' | '<' | '==';
  readonly sizeBytes: number;
}

/** go-humanize, which Talos uses: GB is 10^9 and GiB 2^30, in any case. */
const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  pb: 1e15,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
  pib: 2 ** 50,
};

/** `>= 900GB`. Without operator it is `==`, and that is exact to the byte: real disks are never `== 4TB`. */
export function parseDiskSize(raw: string): Result<DiskSize> {
  const match = /^(>=|<=|==|>|<)?\s*(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(raw.trim());
  const unit = UNITS[match?.[3]?.toLowerCase() ?? '?'];
  if (match === null || unit === undefined) return fail(`"${raw}" is no disk size: write it like ">= 900GB"`);
  return ok({ op: (match[1] ?? '==') as DiskSize['op'], sizeBytes: Math.floor(Number(match[2]) * unit) });
}

/**
 * Rule 5 of "when a disk may be written": does the rule name one disk? The value says by what, the error why not.
 * `disks`: hardware as recorded by an inspection.
 */
export function diskRuleNamesOne(
  rule: DiskRule | undefined,
  disks: readonly SeenDisk[] | undefined,
  allowDiskPath: boolean,
): Result<string> {
  if (rule === undefined || Object.values(rule).every((value) => value === undefined)) {
    return fail('`talos.disk` is not set: name the disk by serial, wwid or byId');
  }
  // Up to 1.13 Talos reads an empty field as one that is not there: it would match every disk.
  const [empty] = Object.entries(rule).find(([, value]) => value?.trim() === '') ?? [];
  if (empty !== undefined) return fail(`talos.disk.${empty} is empty: name the disk by serial, wwid or byId`);
  if (rule.size !== undefined) {
    const size = parseDiskSize(rule.size);
    if (!size.ok) return size;
  }
  const odd = [rule.serial, rule.wwid, rule.model, rule.busPath].find(
    (text) => text !== undefined && /[?[\]]/.test(text),
  );
  if (odd !== undefined) return fail(`"${odd}": only * stands for other characters, ? and [ are read differently`);
  if (disks !== undefined && disks.length > 0) return among(rule, disks, allowDiskPath);
  const certain = certainName(rule);
  if (certain !== undefined) return ok(certain);
  if (rule.path !== undefined && allowDiskPath) return ok(`path ${rule.path}, which this site allows`);
  if (rule.path !== undefined) {
    return fail(
      `${rule.path} can be another disk at the next boot: use serial, wwid or byId, or inspect the machine first`,
    );
  }
  return fail('the hardware of this machine is not recorded, so nobody knows how many disks match: inspect it first');
}

/** Against what an inspection recorded. A certain name that matches nothing is refused too: the disk was swapped. */
function among(rule: DiskRule, disks: readonly SeenDisk[], allowDiskPath: boolean): Result<string> {
  const matches = disks.filter((disk) => matchesDisk(rule, disk));
  const [only] = matches;
  const known = disks.map(diskTitle).join('; ');
  if (only === undefined) return fail(`no recorded disk matches (${known}): correct talos.disk, or inspect again`);
  if (matches.length > 1) {
    return fail(
      `${matches.length} recorded disks match: ${matches.map(diskTitle).join('; ')}. Name one by serial or wwid`,
    );
  }
  const byPathOnly = rule.path !== undefined && certainName(rule) === undefined && disks.length > 1;
  if (byPathOnly && !allowDiskPath) {
    return fail(`${rule.path} is ${diskTitle(only)} now and can be another disk at the next boot: use its serial`);
  }
  return ok(`${certainName(rule) ?? 'the only match'}: ${diskTitle(only)}`);
}

/** What belongs to one piece of hardware. A pattern or a placeholder does not. */
function certainName(rule: DiskRule): string | undefined {
  const sure = (text: string | undefined) => realName(text) !== undefined && !text?.includes('*');
  if (sure(rule.serial)) return `serial ${rule.serial}`;
  if (sure(rule.wwid)) return `wwid ${rule.wwid}`;
  if (rule.byId?.startsWith('/dev/disk/by-id/') === true && !rule.byId.includes('*')) return rule.byId;
  return undefined;
}

/** As Talos selects, or wider where the record does not say enough: every field that is given must hold. */
export function matchesDisk(rule: DiskRule, disk: SeenDisk): boolean {
  const size = rule.size === undefined ? undefined : parseDiskSize(rule.size);
  return (
    textMatches(rule.serial, disk.serial) &&
    textMatches(rule.wwid, disk.wwid) &&
    textMatches(rule.model, disk.model) &&
    textMatches(rule.busPath, disk.busPath) &&
    (rule.type === undefined || typeMatches(rule.type, disk.type)) &&
    (rule.byId === undefined || disk.byId === undefined || disk.byId.includes(rule.byId)) &&
    (rule.path === undefined || rule.path.replace(/^\/dev\//, '') === disk.name.replace(/^\/dev\//, '')) &&
    (size === undefined || (size.ok && sizeMatches(size.value, disk.sizeBytes)))
  );
}

/** `ssd` is "not rotational" to Talos: NVMe, SD cards and USB sticks too. What nobody knows may be any of them. */
function typeMatches(wanted: NonNullable<DiskRule['type']>, type: SeenDisk['type']): boolean {
  if (type === undefined || type === 'unknown') return true;
  return wanted === 'ssd' ? type !== 'hdd' : wanted === type;
}

/** What a disk does not tell is an empty text to Talos, and `*` matches that too. Its `*` crosses `/`. */
function textMatches(pattern: string | undefined, text = ''): boolean {
  if (pattern === undefined) return true;
  const [head = '', ...rest] = pattern.split('*');
  const tail = rest.pop();
  if (tail === undefined) return text.trim() === pattern.trim();
  if (!text.startsWith(head) || !text.endsWith(tail)) return false;
  let at = head.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at + tail.length <= text.length;
}

function sizeMatches({ op, sizeBytes }: DiskSize, actual: number): boolean {
  switch (op) {
    case '>=':
      return actual >= sizeBytes;
    case '<=':
      return actual <= sizeBytes;
    case '>':
      return actual > sizeBytes;
    case '<':
      return actual < sizeBytes;
    case '==':
      return actual === sizeBytes;
  }
}

function diskTitle(disk: SeenDisk): string {
  const size =
    disk.sizeBytes >= 1e12 ? `${(disk.sizeBytes / 1e12).toFixed(1)} TB` : `${Math.round(disk.sizeBytes / 1e9)} GB`;
  return [disk.name, disk.model, size, disk.serial === undefined ? undefined : `serial ${disk.serial}`]
    .filter((one) => one !== undefined)
    .join(' ');
}
