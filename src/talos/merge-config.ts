import { isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap, type YAMLSeq } from 'yaml';
import { type ConfigDocument, type ConfigProblem, isEmpty, MAIN, sameDocument, titleOf } from './config-documents.ts';

/**
 * Strategic merge as `talosctl machineconfig patch` does it: documents matched by apiVersion, kind and name, maps
 * merged, lists appended but for the tables below, `$patch: delete` for what shall go.
 */
export function mergePatch(
  base: readonly ConfigDocument[],
  patch: readonly ConfigDocument[],
  from: string,
): { readonly documents: ConfigDocument[]; readonly problems: readonly ConfigProblem[] } {
  const documents = [...base];
  const problems: ConfigProblem[] = [];
  const seen = new Set<string>();
  for (const part of patch) {
    const report = (path: string, message: string) =>
      problems.push({ document: `${from}, ${titleOf(part)}`, line: part.line, path, severity: 'error', message });
    const title = titleOf(part);
    if (seen.has(title)) report('', 'appears twice in one patch: Talos takes a document once per patch');
    seen.add(title);
    const index = documents.findIndex((one) => sameDocument(one, part));
    const target = documents[index];
    if (isDelete(part.root)) {
      if (part.kind === MAIN) report('$patch', 'the v1alpha1 document cannot be deleted');
      // An absent document is silently fine, an absent key is not: so Talos has it.
      else if (index >= 0) documents.splice(index, 1);
    } else if (target === undefined) documents.push({ ...part, touched: true });
    else {
      target.touched = true;
      mergeMaps(target.root, part.root, { kind: target.kind, path: [], report });
    }
  }
  return { documents, problems };
}

interface Merging {
  readonly kind: string;
  readonly path: readonly string[];
  readonly report: (path: string, message: string) => void;
}

/** Maps that are replaced as a whole: free-form content that Talos does not look into. */
const REPLACED_MAPS: readonly string[] = ['auditPolicy', 'configuration', 'pod'];

/** Lists that replace instead of growing. `kind` absent: in any document. */
const REPLACED_LISTS: readonly { readonly kind?: string; readonly key: string }[] = [
  { key: 'podSubnets' },
  { key: 'serviceSubnets' },
  { kind: 'NetworkRuleConfig', key: 'ingress' },
  { kind: 'NetworkRuleConfig', key: 'ports' },
];
const REPLACED_LIST_KINDS: readonly string[] = ['BGPInstanceConfig'];

/** Lists whose items are merged with the one that has the same value under one of these keys. */
const KEYED_LISTS: Readonly<Record<string, readonly string[]>> = {
  'machine.network.interfaces': ['interface', 'deviceSelector'],
  'machine.network.interfaces.vlans': ['vlanId'],
  'cluster.apiServer.admissionControl': ['name'],
  configFiles: ['mountPath'],
};

/** Here a key is data, and an empty or zero value is as good as any. */
const FREE_MAPS: readonly string[] = [
  ...['sysctls', 'sysfs', 'params', 'env', 'environment', 'variables', 'labels', 'annotations', 'taints'],
  ...['nodeLabels', 'nodeAnnotations', 'nodeTaints', 'extraArgs', 'extraConfig', 'extraTags', 'data'],
];

function mergeMaps(target: YAMLMap, patch: YAMLMap, at: Merging): void {
  if (target.items.length === 0) target.flow = false;
  for (const pair of patch.items) {
    const key = keyText(pair);
    const inside = { ...at, path: [...at.path, key] };
    const value = pair.value as Node | null;
    if (isDelete(value)) {
      if (!target.delete(key)) inside.report(pathText(inside), 'lookup failed: there is nothing to delete');
      continue;
    }
    const old = target.get(key, true) as unknown;
    if (isEmpty(value) && !isFree(at)) continue;
    if (isEmpty(old)) target.set(key, cloneChecked(value, inside));
    else if (isMap(old) && isMap(value) && !REPLACED_MAPS.includes(key)) mergeMaps(old, value, inside);
    else if (isSeq(old) && isSeq(value)) mergeLists(old, value, key, inside);
    else if (isScalar(old) && isScalar(value)) {
      if (isZero(value.value) && !isFree(at)) continue;
      target.set(key, cloneChecked(value, inside));
    } else if (REPLACED_MAPS.includes(key)) target.set(key, cloneChecked(value, inside));
    else inside.report(pathText(inside), `is ${shape(value)} here and ${shape(old)} in what it patches`);
  }
}

function mergeLists(target: YAMLSeq, patch: YAMLSeq, key: string, at: Merging): void {
  const replaced =
    REPLACED_LIST_KINDS.includes(at.kind) ||
    REPLACED_LISTS.some((one) => one.key === key && (one.kind === undefined || one.kind === at.kind));
  if (replaced) target.items.length = 0;
  const keys = KEYED_LISTS[at.kind === MAIN ? at.path.join('.') : key] ?? [];
  for (const item of patch.items as Node[]) {
    if (isDelete(item)) deleteItem(target, item, at);
    else {
      const same =
        keys.length > 0 && isMap(item) ? target.items.find((one) => isMap(one) && sameBy(one, item, keys)) : undefined;
      if (isMap(same) && isMap(item)) mergeMaps(same, item, at);
      else target.add(cloneChecked(item, at));
    }
  }
}

function deleteItem(target: YAMLSeq, item: YAMLMap, at: Merging): void {
  const names = item.items.filter((pair) => keyText(pair) !== '$patch');
  const [name] = names;
  if (names.length !== 1 || name === undefined) {
    at.report(pathText(at), 'a list item is deleted by `$patch: delete` and exactly one key that names it');
    return;
  }
  const before = target.items.length;
  target.items = target.items.filter((one) => !(isMap(one) && sameBy(one, item, [keyText(name)])));
  if (target.items.length === before) at.report(pathText(at), 'lookup failed: no list item to delete has this value');
}

function sameBy(a: YAMLMap, b: YAMLMap, keys: readonly string[]): boolean {
  const key = keys.find((one) => b.has(one));
  return key !== undefined && a.has(key) && JSON.stringify(a.get(key)) === JSON.stringify(b.get(key));
}

/** A copy for the target; a deletion inside something that is new can find nothing. */
function cloneChecked(node: Node | null, at: Merging): Node | null {
  if (node === null) return null;
  if (isMap(node)) {
    for (const pair of node.items) {
      const inside = { ...at, path: [...at.path, keyText(pair)] };
      if (isDelete(pair.value)) inside.report(pathText(inside), 'lookup failed: there is nothing to delete');
      else cloneChecked(pair.value as Node | null, inside);
    }
  }
  return node.clone() as Node;
}

function isDelete(node: unknown): node is YAMLMap {
  return isMap(node) && node.get('$patch') === 'delete';
}

const keyText = (pair: Pair): string => String(isScalar(pair.key) ? pair.key.value : pair.key);
const pathText = ({ path }: Merging): string => path.join('.');
const isFree = ({ path }: Merging): boolean => FREE_MAPS.includes(path.at(-1) ?? '');
/** Go cannot tell an unset string or number from an empty one, so these never override; `false` can. */
const isZero = (value: unknown): boolean => value === '' || /^0+(?:\.0*)?$/.test(String(value));
const shape = (node: unknown): string => (isMap(node) ? 'a map' : isSeq(node) ? 'a list' : 'a single value');
