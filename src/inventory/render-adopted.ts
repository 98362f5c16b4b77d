import { type Document, isMap, isScalar, isSeq, type Node, parseDocument, stringify, type YAMLMap } from 'yaml';
import { sameName, sameUuid } from '../core/identity.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { IdentitySpec } from '../core/spec.ts';
import { parseSecretRef } from './parse-reference.ts';
import { parseYaml } from './parse-yaml.ts';
import { renderYaml } from './render-machine.ts';
import { quote } from './report.ts';
import { toPlain } from './yaml-tree.ts';

/** What was learned of a machine that an operator takes into the inventory. Absent is unknown. */
export interface AdoptedMachine extends IdentitySpec {
  /** The host name, and so the file's name. */
  readonly name: string;
  readonly rack?: string;
  readonly unit?: number;
  readonly slot?: string;
  readonly role?: string;
  readonly ip?: string;
  readonly arch?: string;
  readonly firmware?: string;
  readonly bmc?: {
    readonly url: string;
    readonly username: string;
    readonly password: string;
    readonly fingerprint?: string;
  };
  readonly disk?: { readonly serial?: string; readonly wwid?: string; readonly byId?: string };
}

/** What tells one machine from another: a different value means a different machine, never a new one for this. */
const IDENTITY = ['serial', 'boardSerial', 'asset', 'uuid'] as const;

function valuesOf({ name: _name, disk, ...rest }: AdoptedMachine): Record<string, unknown> {
  return { ...rest, ...(disk === undefined ? {} : { talos: { disk } }) };
}

function contradiction(known: Readonly<Record<string, unknown>>, machine: AdoptedMachine): string | undefined {
  for (const key of IDENTITY) {
    const [had, has] = [known[key], machine[key]];
    if (had === undefined || had === null || has === undefined) continue;
    const isSame = key === 'uuid' ? sameUuid(String(had), has) : sameName(String(had), has);
    if (!isSame) return `${key} is ${quote(had)} in the file and ${quote(has)} on the machine`;
  }
  return undefined;
}

/** One insertion into the text; the rest of the file stays byte for byte what it was. */
interface Insertion {
  readonly at: number;
  readonly text: string;
}

function macsIn(map: YAMLMap): string[] {
  const list = map.get('macs', true);
  const text = (item: unknown) => String(isScalar(item) ? (item.source ?? item.value) : item);
  if (isSeq(list)) return list.items.map(text);
  return text(list)
    .split(/[\s,]+/)
    .filter((mac) => mac !== '');
}

function macsMissing(map: YAMLMap, macs: readonly string[]): string[] {
  const known = macsIn(map);
  const plain = (mac: string) => mac.toLowerCase().replace(/[^0-9a-f]/g, '');
  return macs.filter((mac) => !known.some((one) => plain(one) === plain(mac)));
}

/** At the end of the list, in its style; undefined for a list that is written in an unusual way. */
function insertMacs(text: string, map: YAMLMap, macs: readonly string[]): Insertion | undefined {
  const list = map.get('macs');
  if (!isSeq(list) || list.range === undefined || list.range === null) return undefined;
  const last = list.items.at(-1);
  if (list.flow) {
    const close = text.lastIndexOf(']', list.range[1]);
    const before = last === undefined ? '' : ', ';
    const end = isScalar(last) && last.range ? last.range[1] : close;
    return { at: end, text: `${before}${macs.join(', ')}` };
  }
  if (!isScalar(last) || !last.range) return undefined;
  const lineStart = text.lastIndexOf('\n', last.range[0]) + 1;
  const lineEnd = text.indexOf('\n', last.range[1]);
  const lead = text.slice(lineStart, last.range[0]);
  if (!/^\s*-\s+$/.test(lead)) return undefined;
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  if (lineEnd < 0) return { at: text.length, text: macs.map((mac) => `${newline}${lead}${mac}`).join('') };
  return { at: lineEnd + 1, text: macs.map((mac) => `${lead}${mac}${newline}`).join('') };
}

function appendKeys(text: string, values: Readonly<Record<string, unknown>>): string {
  if (Object.keys(values).length === 0) return text;
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const rendered = renderYaml(values).replaceAll('\n', newline);
  return `${text}${text === '' || text.endsWith('\n') ? '' : newline}${rendered}`;
}

function mergeByText(text: string, map: YAMLMap, values: Readonly<Record<string, unknown>>, macs: string[]): string {
  const insertion = macs.length === 0 ? undefined : insertMacs(text, map, macs);
  if (macs.length > 0 && insertion === undefined) return '';
  const changed =
    insertion === undefined ? text : text.slice(0, insertion.at) + insertion.text + text.slice(insertion.at);
  return appendKeys(changed, values);
}

const readBack = (text: string): string => {
  const { tree } = parseYaml('', text);
  return tree === undefined ? '' : stringify(toPlain(tree), { sortMapEntries: true });
};

/** A file of comments alone keeps them; the keys go before an end marker (`...`) where there is one. */
function fillEmpty(mark: string, text: string, values: Readonly<Record<string, unknown>>): Result<string> {
  const meant = readBack(renderYaml(values));
  const good = [appendKeys(text, values), renderYaml(values) + text].find((one) => readBack(one) === meant);
  return good === undefined ? fail('the file that exists cannot take these values; edit it by hand') : ok(mark + good);
}

/**
 * The machine's new file, or the existing one with what it lacks. Values that a person wrote are never changed, and
 * comments, order and quotes stay; a file of another machine is refused.
 */
export function renderAdopted(machine: AdoptedMachine, existing?: string): Result<string> {
  const values = valuesOf(machine);
  const password = machine.bmc === undefined ? undefined : parseSecretRef(machine.bmc.password);
  if (password?.ok === false) return fail(`bmc.password: ${password.error}`);
  if (existing === undefined || existing.trim() === '') return ok(renderYaml(values));
  const mark = existing.startsWith('\ufeff') ? '\ufeff' : '';
  const text = existing.slice(mark.length);
  const parsed = parseYaml(machine.name, text);
  const problem = parsed.problems[0];
  if (problem !== undefined || parsed.tree === undefined) {
    return fail(`the file that exists is broken in line ${problem?.line ?? 1}: ${problem?.message ?? 'unreadable'}`);
  }
  const known = toPlain(parsed.tree) as Record<string, unknown>;
  const clash = contradiction(known, machine);
  if (clash !== undefined) return fail(`this is another machine: ${clash}`);
  if (parsed.empty) return fillEmpty(mark, text, values);
  const document = parseDocument(text);
  if (!isMap(document.contents)) return fail('the file that exists holds no map of keys');
  const hasMacs = known.macs !== undefined && known.macs !== null;
  const macs = hasMacs ? macsMissing(document.contents, machine.macs) : [];
  const missing = Object.entries(values).filter(([key]) => !(key in known) || (key === 'macs' && !hasMacs));
  const added = Object.fromEntries(missing);
  const byText = mergeByText(text, document.contents, added, macs);
  const merged = checkMerge(text, byText, machine, added, macs);
  return merged.ok ? ok(mark + merged.value) : merged;
}

/** The package keeps comments on values: what takes a value's place takes over its comments. */
function replaceValue(document: Document.Parsed, key: string, value: unknown): void {
  const old = document.get(key, true);
  const node = document.createNode(value) as Node;
  if (isScalar(old)) Object.assign(node, { comment: old.comment, commentBefore: old.commentBefore });
  document.set(key, node);
}

/** The text surgery is believed only when it reads back as the values that were meant; else the yaml package writes. */
function checkMerge(
  before: string,
  byText: string,
  machine: AdoptedMachine,
  added: Readonly<Record<string, unknown>>,
  macs: readonly string[],
): Result<string> {
  const document = parseDocument(before);
  if (macs.length > 0 && isMap(document.contents)) {
    if (isSeq(document.get('macs'))) for (const mac of macs) document.addIn(['macs'], mac);
    else replaceValue(document, 'macs', [...macsIn(document.contents), ...macs]);
  }
  for (const [key, value] of Object.entries(added)) replaceValue(document, key, value);
  const byPackage = document.toString({ lineWidth: 0 });
  const meant = readBack(byPackage);
  if (meant === '') return fail(`the file of ${machine.name} cannot take these values; edit it by hand`);
  return ok(readBack(byText) === meant ? byText : byPackage);
}
