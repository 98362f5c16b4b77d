import { fail, ok, type Result } from '../core/result.ts';
import type { DiskRule } from '../core/spec.ts';
import { parseDiskSize } from './disk-rule.ts';

/** `machine.install` up to 1.13: `disk`, or a `diskSelector`, which Talos prefers when both are there. */
export function machineInstallFields(
  rule: DiskRule,
): Result<{ readonly disk: string } | { readonly diskSelector: Readonly<Record<string, string>> }> {
  const { byId, path, ...selector } = rule;
  if (rule.size !== undefined) {
    const size = parseDiskSize(rule.size);
    if (!size.ok) return size;
  }
  const fields = Object.entries(selector).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const device = byId ?? path;
  if (device !== undefined && fields.length === 0 && (byId === undefined || path === undefined))
    return ok({ disk: device });
  if (device !== undefined) {
    return fail('talos.disk: this Talos takes either a device (`byId`, `path`) or the other fields, not both');
  }
  if (fields.length === 0) return fail('talos.disk is empty');
  return ok({ diskSelector: Object.fromEntries(fields) });
}

/** As Talos itself reads the types of a `diskSelector`; `ssd` is more than what is sold as one. */
const TYPES: Readonly<Record<NonNullable<DiskRule['type']>, string>> = {
  ssd: '!disk.rotational',
  hdd: 'disk.rotational',
  nvme: 'disk.transport == "nvme"',
  sd: 'disk.transport == "mmc"',
};

/** UnattendedInstallConfig (1.14): a CEL expression over the disk. The last line is what Talos adds to its own selectors. */
export function diskMatchExpression(rule: DiskRule): Result<string> {
  const terms: string[] = [];
  if (rule.size !== undefined) {
    const size = parseDiskSize(rule.size);
    if (!size.ok) return size;
    terms.push(`disk.size ${size.value.op} ${size.value.sizeBytes}u`);
  }
  const texts: readonly (readonly [string, string | undefined])[] = [
    ['serial', rule.serial],
    ['wwid', rule.wwid],
    ['model', rule.model],
    ['bus_path', rule.busPath],
    ['dev_path', rule.path],
  ];
  for (const [field, text] of texts) {
    if (text === undefined) continue;
    const quoted = JSON.stringify(text);
    terms.push(text.includes('*') ? `glob(${quoted}, disk.${field})` : `disk.${field} == ${quoted}`);
  }
  if (rule.byId !== undefined) terms.push(`${JSON.stringify(rule.byId)} in disk.symlinks`);
  if (rule.type !== undefined) terms.push(TYPES[rule.type]);
  if (terms.length === 0) return fail('talos.disk is empty');
  return ok([...terms, 'disk.transport != ""', '!disk.readonly', '!disk.cdrom'].join(' && '));
}
