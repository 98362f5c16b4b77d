import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type Scalar, type YAMLMap } from 'yaml';
import { quote, type Report, renderPlace } from './report.ts';
import type { Entry, MapTree, Spot, YamlTree } from './yaml-tree.ts';

/** Values that aliases may repeat in one file: plenty for an ops repository, too few for a billion laughs. */
const ALIAS_BUDGET = 10_000;
const DEEPEST = 64;

interface Build {
  readonly at: (offset: number) => Spot;
  readonly report: Report;
  readonly anchors: ReadonlyMap<string, readonly Node[]>;
  /** Values left that may come out of aliases; the one counter of a build. */
  readonly budget: { left: number };
  /** Aliases being followed now: one that contains itself would never end. */
  readonly open: Set<Node>;
}

const offsetOf = (node: Node | null | undefined): number => node?.range?.[0] ?? 0;

/** A number that is not written the way it prints (`0012`, `1e5`, `1.10`) is more likely a serial: it stays text. */
function scalarValue(node: Scalar): string | number | boolean | null {
  const { value, source } = node;
  if (typeof value === 'number' || typeof value === 'bigint') {
    return source === undefined || String(value) === source ? Number(value) : source;
  }
  if (value === null || typeof value === 'boolean') return value;
  return typeof value === 'string' ? value : (source ?? String(value));
}

function buildNode(build: Build, node: Node | null, depth: number, from: Node | undefined): YamlTree {
  const spot = build.at(offsetOf(from ?? node));
  const nothing: YamlTree = { kind: 'word', value: null, spot };
  if (node === null) return nothing;
  if (depth > DEEPEST) {
    build.report.error(spot, `nested more than ${DEEPEST} levels deep`);
    return nothing;
  }
  if (from !== undefined && build.budget.left-- <= 0) {
    if (build.budget.left === -1) build.report.error(spot, `aliases expand to more than ${ALIAS_BUDGET} values`);
    return nothing;
  }
  if (isAlias(node)) {
    const target = build.anchors.get(node.source)?.findLast((anchor) => offsetOf(anchor) < offsetOf(node));
    if (target === undefined || build.open.has(target)) {
      const why = target === undefined ? 'points to no anchor above it' : 'contains itself';
      build.report.error(spot, `alias *${node.source} ${why}`);
      return nothing;
    }
    build.open.add(target);
    const tree = buildNode(build, target, depth + 1, from ?? node);
    build.open.delete(target);
    return tree;
  }
  if (isMap(node)) return buildMap(build, node, depth, from);
  if (isSeq(node)) {
    const items = node.items.map((item) => buildNode(build, item as Node | null, depth + 1, from));
    return { kind: 'list', items, spot };
  }
  return isScalar(node) ? { kind: 'word', value: scalarValue(node), spot } : nothing;
}

function keyOf(build: Build, pair: Pair<unknown, unknown>): { text: string; spot: Spot } | undefined {
  const node = pair.key as Node | null;
  const spot = build.at(offsetOf(node));
  if (!isScalar(node) || node.value === null) {
    build.report.error(spot, 'a key must be one word, such as "serial"');
    return undefined;
  }
  return { text: String(scalarValue(node)), spot };
}

/** `<<: *base` and `<<: [*a, *b]`: what the map itself says wins, then the earlier of the list. */
function mergedEntries(build: Build, value: YamlTree): ReadonlyMap<string, Entry> {
  const maps = value.kind === 'list' ? value.items : [value];
  const entries = new Map<string, Entry>();
  for (const map of maps) {
    if (map.kind !== 'map') build.report.error(map.spot, 'the merge key << takes a map or a list of maps');
    else for (const [key, entry] of map.entries) if (!entries.has(key)) entries.set(key, entry);
  }
  return entries;
}

function buildMap(build: Build, map: YAMLMap, depth: number, from: Node | undefined): MapTree {
  const entries = new Map<string, Entry>();
  let merged: ReadonlyMap<string, Entry> = new Map();
  for (const pair of map.items) {
    const key = keyOf(build, pair);
    if (key === undefined) continue;
    const value = buildNode(build, pair.value as Node | null, depth + 1, from);
    // A key without a value has no place of its own.
    const placed = pair.value === null ? { ...value, spot: key.spot } : value;
    if (key.text === '<<') {
      merged = new Map([...mergedEntries(build, placed), ...merged]);
      continue;
    }
    const first = entries.get(key.text);
    if (first === undefined) entries.set(key.text, { key: from === undefined ? key.spot : placed.spot, value: placed });
    else build.report.error(key.spot, `${quote(key.text)} stands here twice; first at ${renderPlace(first.key)}`);
  }
  for (const [key, entry] of merged) if (!entries.has(key)) entries.set(key, entry);
  return { kind: 'map', entries, spot: build.at(offsetOf(from ?? map)) };
}

function collectAnchors(node: unknown, found: Map<string, Node[]>): void {
  const anchored = node as { anchor?: string; items?: readonly unknown[]; key?: unknown; value?: unknown } | null;
  if (anchored === null || typeof anchored !== 'object') return;
  if (typeof anchored.anchor === 'string') {
    const list = found.get(anchored.anchor);
    if (list === undefined) found.set(anchored.anchor, [node as Node]);
    else list.push(node as Node);
  }
  for (const item of anchored.items ?? []) {
    collectAnchors(item, found);
    const pair = item as { key?: unknown; value?: unknown } | null;
    if (pair !== null && 'key' in pair) {
      collectAnchors(pair.key, found);
      collectAnchors(pair.value, found);
    }
  }
}

/** Aliases and merge keys are resolved here; what comes out is a tree without either. */
export function buildTree(
  contents: YAMLMap,
  hasAnchors: boolean,
  at: (offset: number) => Spot,
  report: Report,
): MapTree {
  const anchors = new Map<string, Node[]>();
  if (hasAnchors) collectAnchors(contents, anchors);
  return buildMap({ at, report, anchors, budget: { left: ALIAS_BUDGET }, open: new Set() }, contents, 0, undefined);
}
