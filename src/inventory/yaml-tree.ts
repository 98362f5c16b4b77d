import type { LineCounter } from 'yaml';

/**
 * YAML as values that remember where they were written. Merging takes values from several files, so every value
 * carries its own place; line and column are worked out only when a problem is reported.
 */

export interface Spot {
  /** Path below the inventory folder. */
  readonly file: string;
  /** Characters from the start of the text. */
  readonly offset: number;
  /** Absent for a problem with the file as a whole. */
  readonly lines?: LineCounter;
}

export interface MapTree {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, Entry>;
  readonly spot: Spot;
}

export interface Entry {
  readonly key: Spot;
  readonly value: YamlTree;
}

export interface ListTree {
  readonly kind: 'list';
  readonly items: readonly YamlTree[];
  readonly spot: Spot;
}

export interface WordTree {
  readonly kind: 'word';
  readonly value: string | number | boolean | null;
  readonly spot: Spot;
}

export type YamlTree = MapTree | ListTree | WordTree;

export type TreePath = readonly (string | number)[];

export const startOf = (file: string): Spot => ({ file, offset: 0 });

export const emptyMap = (file: string): MapTree => ({ kind: 'map', entries: new Map(), spot: startOf(file) });

export const isNull = (tree: YamlTree): boolean => tree.kind === 'word' && tree.value === null;

function childOf(tree: YamlTree, step: string | number): Entry | undefined {
  if (tree.kind === 'map') return tree.entries.get(String(step));
  if (tree.kind !== 'list') return undefined;
  const item = tree.items[Number(step)];
  return item === undefined ? undefined : { key: item.spot, value: item };
}

export function findTree(tree: YamlTree, path: TreePath): YamlTree | undefined {
  let here: YamlTree | undefined = tree;
  for (const step of path) {
    if (here === undefined) return undefined;
    here = childOf(here, step)?.value;
  }
  return here;
}

/** Where the value stands; for one that is absent, the key of the nearest map around it. */
export function spotOf(tree: YamlTree, path: TreePath): Spot {
  let here = tree;
  let spot = tree.spot;
  for (const [index, step] of path.entries()) {
    const child = childOf(here, step);
    if (child === undefined) return spot;
    here = child.value;
    spot = index === path.length - 1 ? here.spot : child.key;
  }
  return spot;
}

/** The same without places. Objects have no prototype: a key named `__proto__` is only a key. */
export function toPlain(tree: YamlTree): unknown {
  if (tree.kind === 'word') return tree.value;
  if (tree.kind === 'list') return tree.items.map(toPlain);
  const plain: Record<string, unknown> = Object.create(null);
  for (const [key, { value }] of tree.entries) plain[key] = toPlain(value);
  return plain;
}

export function describeTree(tree: YamlTree | undefined): string {
  if (tree === undefined || isNull(tree)) return 'nothing';
  if (tree.kind === 'map') return 'a map';
  if (tree.kind === 'list') return 'a list';
  return typeof tree.value === 'string' ? 'text' : `${tree.value}`;
}

/** A word below a path as text; undefined for nothing, a list or a map. */
export function wordAt(tree: YamlTree, ...path: TreePath): string | undefined {
  const found = findTree(tree, path);
  return found?.kind === 'word' && found.value !== null ? String(found.value) : undefined;
}

export function listAt(tree: YamlTree, ...path: TreePath): readonly YamlTree[] {
  const found = findTree(tree, path);
  return found?.kind === 'list' ? found.items : [];
}
