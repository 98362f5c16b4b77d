import { fail, ok, type Result } from '../../core/result.ts';
import type { SeenDisk } from '../../core/seen.ts';

/** A disk as Talos' CEL sees it: `DiskSpec`, by the names of its fields. */
export interface DiskFacts {
  readonly texts: {
    readonly dev_path: string;
    readonly serial: string;
    readonly wwid: string;
    readonly model: string;
    readonly bus_path: string;
    readonly transport: string;
  };
  readonly flags: { readonly rotational: boolean; readonly readonly: boolean; readonly cdrom: boolean };
  readonly sizeBytes: number;
  readonly symlinks: readonly string[];
}

export function diskFacts(disk: SeenDisk): DiskFacts {
  return {
    texts: {
      dev_path: `/dev/${disk.name.replace(/^\/dev\//, '')}`,
      serial: disk.serial ?? '',
      wwid: disk.wwid ?? '',
      model: disk.model ?? '',
      bus_path: disk.busPath ?? '',
      transport: disk.type === 'nvme' ? 'nvme' : disk.type === 'sd' ? 'mmc' : 'sata',
    },
    flags: { rotational: disk.type === 'hdd', readonly: false, cdrom: false },
    sizeBytes: disk.sizeBytes,
    symlinks: disk.byId ?? [],
  };
}

/**
 * The part of CEL that disk selectors use: terms joined by `&&`, each a comparison, `glob(…)`, `… in disk.symlinks`, or
 * a flag that may be negated. Anything else is refused with its text, as Talos refuses what does not compile.
 */
export function matchesExpression(text: string, disk: DiskFacts): Result<boolean> {
  let all = true;
  for (const raw of splitTerms(text)) {
    const term = termOf(raw.trim(), disk);
    if (!term.ok) return term;
    all = all && term.value;
  }
  return ok(all);
}

/** At each `&&` that stands outside of a text. */
function splitTerms(text: string): readonly string[] {
  const terms = [''];
  for (const [piece] of text.matchAll(/"(?:[^"\\]|\\.)*"|&&|./gs)) {
    if (piece === '&&') terms.push('');
    else terms.push(`${terms.pop() ?? ''}${piece}`);
  }
  return terms;
}

/** The inside of a quoted text, with its escapes read. */
function unquote(inside: string): string | undefined {
  try {
    const text: unknown = JSON.parse(`"${inside}"`);
    return typeof text === 'string' ? text : undefined;
  } catch {
    return undefined;
  }
}

const UNITS: Readonly<Record<string, number>> = {
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
  GB: 1e9,
  TB: 1e12,
};

const isText = (name: string, disk: DiskFacts): name is keyof DiskFacts['texts'] => Object.hasOwn(disk.texts, name);
const isFlag = (name: string, disk: DiskFacts): name is keyof DiskFacts['flags'] => Object.hasOwn(disk.flags, name);

const fieldOf = (name: string, disk: DiskFacts) => (isText(name, disk) ? disk.texts[name] : undefined);
const flagOf = (name: string, disk: DiskFacts) => (isFlag(name, disk) ? disk.flags[name] : undefined);

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

/** As the go-glob of Talos: only `*` stands for anything, `/` and nothing included. */
function globOf(pattern: string): RegExp {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's');
}

function termOf(term: string, disk: DiskFacts): Result<boolean> {
  const bad = fail(`failed to compile the disk expression at "${term.slice(0, 80)}"`);
  const text = /^disk\.(\w+) (==|!=) "((?:[^"\\]|\\.)*)"$/.exec(term);
  if (text !== null) {
    const [field, wanted] = [fieldOf(text[1] ?? '', disk), unquote(text[3] ?? '')];
    return field === undefined || wanted === undefined ? bad : ok((field === wanted) === (text[2] === '=='));
  }
  const size = /^disk\.size (>=|<=|==|!=|>|<) (\d+)u(?: \* (\w+))?$/.exec(term);
  if (size !== null) {
    const unit = size[3] === undefined ? 1 : UNITS[size[3]];
    return unit === undefined ? bad : ok(compare(disk.sizeBytes, size[1] ?? '', Number(size[2]) * unit));
  }
  const glob = /^glob\("((?:[^"\\]|\\.)*)", disk\.(\w+)\)$/.exec(term);
  if (glob !== null) {
    const [pattern, field] = [unquote(glob[1] ?? ''), fieldOf(glob[2] ?? '', disk)];
    return field === undefined || pattern === undefined ? bad : ok(globOf(pattern).test(field));
  }
  const link = /^"((?:[^"\\]|\\.)*)" in disk\.symlinks$/.exec(term);
  if (link !== null) return ok(disk.symlinks.includes(unquote(link[1] ?? '') ?? ''));
  const flag = /^(!?)disk\.(\w+)$/.exec(term);
  const value = flag === null ? undefined : flagOf(flag[2] ?? '', disk);
  return value === undefined ? bad : ok(value !== (flag?.[1] === '!'));
}
