import type { SeenDisk } from '../../core/node.ts';
import { fail, ok, type Result } from '../../core/result.ts';

/**
 * The part of CEL that disk selectors use: terms joined by `&&`, each a comparison, `glob(…)`, `… in disk.symlinks`, or
 * a flag that may be negated. Anything else is refused with its text, as Talos refuses what does not compile.
 */
export function matchesExpression(text: string, disk: SeenDisk): Result<boolean> {
  let all = true;
  for (const raw of text.split('&&')) {
    const term = termOf(raw.trim(), disk);
    if (!term.ok) return term;
    all = all && term.value;
  }
  return ok(all);
}

const UNITS: Readonly<Record<string, number>> = {
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
  GB: 1e9,
  TB: 1e12,
};

function fieldOf(name: string, disk: SeenDisk): string | undefined {
  const fields: Readonly<Record<string, string>> = {
    serial: disk.serial ?? '',
    wwid: disk.wwid ?? '',
    model: disk.model ?? '',
    bus_path: disk.busPath ?? '',
    dev_path: `/dev/${disk.name.replace(/^\/dev\//, '')}`,
    transport: disk.type === 'nvme' ? 'nvme' : disk.type === 'sd' ? 'mmc' : 'sata',
  };
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

function flagOf(name: string, disk: SeenDisk): boolean | undefined {
  const flags: Readonly<Record<string, boolean>> = { readonly: false, cdrom: false, rotational: disk.type === 'hdd' };
  return Object.hasOwn(flags, name) ? flags[name] : undefined;
}

function compare(left: number, op: string, right: number): boolean {
  switch (op) {
    case '>=':
      return left >= right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '<':
      return left < right;
    case '==':
      return left === right;
    default:
      return left !== right;
  }
}

function globOf(pattern: string): RegExp {
  return new RegExp(
    `^${pattern
      .split('*')
      .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
  );
}

function termOf(term: string, disk: SeenDisk): Result<boolean> {
  const bad = fail(`failed to compile the disk expression at "${term.slice(0, 80)}"`);
  const text = /^disk\.(\w+) (==|!=) "((?:[^"\\]|\\.)*)"$/.exec(term);
  if (text !== null) {
    const field = fieldOf(text[1] ?? '', disk);
    return field === undefined ? bad : ok((field === text[3]) === (text[2] === '=='));
  }
  const size = /^disk\.size (>=|<=|==|!=|>|<) (\d+)u(?: \* (\w+))?$/.exec(term);
  if (size !== null) {
    const unit = size[3] === undefined ? 1 : UNITS[size[3]];
    return unit === undefined ? bad : ok(compare(disk.sizeBytes, size[1] ?? '', Number(size[2]) * unit));
  }
  const glob = /^glob\("([^"]*)", disk\.(\w+)\)$/.exec(term);
  if (glob !== null) {
    const field = fieldOf(glob[2] ?? '', disk);
    return field === undefined ? bad : ok(globOf(glob[1] ?? '').test(field));
  }
  const link = /^"([^"]*)" in disk\.symlinks$/.exec(term);
  if (link !== null) return ok(disk.byId?.includes(link[1] ?? '') === true);
  const flag = /^(!?)disk\.(\w+)$/.exec(term);
  const value = flag === null ? undefined : flagOf(flag[2] ?? '', disk);
  return value === undefined ? bad : ok(value !== (flag?.[1] === '!'));
}
