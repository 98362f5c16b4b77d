import { realName } from '../core/identity.ts';
import type { DiskRule, SiteSpec } from '../core/spec.ts';
import { given } from './given.ts';
import type { MachineShape } from './machine-shape.ts';
import type { Reading } from './read-shape.ts';
import { quote } from './report.ts';

const KEYS = [
  'serial',
  'wwid',
  'byId',
  'path',
  'model',
  'type',
  'size',
  'busPath',
] as const satisfies readonly (keyof DiskRule)[];
const isGlob = (text: string | undefined) => text !== undefined && /[*?[]/.test(text);

/** A rule of which at most one disk of a machine can be meant, whatever hardware is found. */
function namesOneDisk(disk: DiskRule): boolean {
  return [disk.serial, disk.wwid, disk.byId].some((name) => name !== undefined && !isGlob(name));
}

/** Sizes as Talos takes them: an operator, a number and a unit. */
function explainPaths(disk: DiskRule): [key: keyof DiskRule, why: string] | undefined {
  if (disk.byId !== undefined && !/^\/dev\/disk\/by-id\/[^/]+$/.test(disk.byId)) {
    return ['byId', `${quote(disk.byId)} is no link below /dev/disk/by-id/`];
  }
  if (disk.path !== undefined && !/^\/dev\/[^\s]+$/.test(disk.path)) {
    return ['path', `${quote(disk.path)} is no device; expected /dev/nvme0n1`];
  }
  if (disk.size !== undefined && !/^(<=|>=|==|<|>)?\s*\d+(\.\d+)?\s*([KMGTP]i?B?|B)?$/i.test(disk.size)) {
    return ['size', `${quote(disk.size)} is no size; expected ">= 900GB", "== 4TB" or "<= 2TB"`];
  }
  if (disk.serial !== undefined && realName(disk.serial) === undefined) {
    return ['serial', `${quote(disk.serial)} is a placeholder; name the disk by wwid or byId`];
  }
  return undefined;
}

/** A rule that may match several disks is kept: the gate decides by recorded hardware. Here it is a warning. */
export function parseDisk(reading: Reading<MachineShape>, site: SiteSpec): DiskRule | undefined {
  const { value, report, at } = reading;
  const written = value.talos?.disk;
  if (written === undefined) return undefined;
  const disk = given(written);
  const spot = at('talos', 'disk');
  const trouble = explainPaths(disk);
  if (trouble !== undefined) report.error(at('talos', 'disk', trouble[0]), `talos.disk.${trouble[0]}: ${trouble[1]}`);
  // What is left of a rule with a mistake in it is not what was meant.
  if (KEYS.some((key) => reading.isBroken('talos', 'disk', key))) return disk;
  const keys = Object.keys(disk);
  if (keys.length === 0) report.error(spot, 'talos.disk is empty; write { serial: S6CKNE0T }');
  else if (namesOneDisk(disk)) return disk;
  else if (keys.length === 1 && disk.path !== undefined) {
    if (site.allowDiskPath) return disk;
    const fix = 'name it by serial, wwid or byId, or set allowDiskPath: true in _site.yaml';
    report.warn(spot, `talos.disk: ${disk.path} may be another disk at the next boot; ${fix}`);
  } else {
    report.warn(spot, 'talos.disk may match several disks; it counts only where recorded hardware shows exactly one');
  }
  return disk;
}
