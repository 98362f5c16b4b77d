import { fail, ok, type Result } from '../../core/result.ts';

/** `machine.install.diskSelector` as it stands in a configuration. */
export type DiskSelector = Readonly<Partial<Record<'size' | 'model' | 'serial' | 'wwid' | 'type' | 'busPath', string>>>;

/** What Talos makes of each type (1.9 to 1.14, `DiskMatchExpression`). None of it is shared with the program's own check. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ['nvme', 'disk.transport == "nvme"'],
  ['sd', 'disk.transport == "mmc"'],
  ['hdd', 'disk.rotational'],
  ['ssd', '!disk.rotational'],
]);

const POWERS: Readonly<Record<string, number>> = { k: 1, m: 2, g: 3, t: 4, p: 5 };

/** The expression that Talos makes of a selector: a field that is empty is passed over. */
export function selectorExpression(selector: DiskSelector): Result<string> {
  const terms: string[] = [];
  if (selector.size) {
    const size = sizeTerm(selector.size);
    if (!size.ok) return size;
    terms.push(size.value);
  }
  const glob = (pattern: string | undefined, field: string) =>
    pattern ? [`glob(${JSON.stringify(pattern)}, disk.${field})`] : [];
  terms.push(...glob(selector.wwid, 'wwid'), ...glob(selector.model, 'model'), ...glob(selector.serial, 'serial'));
  terms.push('disk.transport != ""');
  if (selector.type) {
    const type = TYPES.get(selector.type);
    if (type === undefined) return fail(`unsupported disk type "${selector.type}"`);
    terms.push(type);
  }
  return ok([...terms, ...glob(selector.busPath, 'bus_path'), '!disk.readonly', '!disk.cdrom'].join(' && '));
}

function sizeTerm(text: string): Result<string> {
  const [, op = '==', number, power = '', binary = ''] =
    /^(>=|<=|==|>|<)?\s*([\d.]+)\s*(?:([kmgtp]?)(i?)b)?$/i.exec(text.trim()) ?? [];
  if (number === undefined) return fail(`failed to parse disk size: ${text}`);
  const base = binary === '' ? 1000 : 1024;
  const bytes = Math.trunc(Number(number) * base ** (POWERS[power.toLowerCase()] ?? 0));
  return ok(`disk.size ${op} ${bytes}u`);
}
