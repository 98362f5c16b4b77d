import { rivalsOf } from './flat-keys.ts';
import { type Entry, isNull, type MapTree } from './yaml-tree.ts';

/** Maps merge, lists and words replace, the nearer layer wins. `null` takes an inherited value away. */
export function mergeLayers(far: MapTree, near: MapTree, path = ''): MapTree {
  if (far.entries.size === 0 && path === '') return dropNulls(near);
  const entries = new Map<string, Entry>(far.entries);
  for (const key of near.entries.keys()) for (const rival of rivalsOf(`${path}${key}`)) entries.delete(rival);
  for (const [key, entry] of near.entries) {
    const under = far.entries.get(key);
    if (isNull(entry.value)) entries.delete(key);
    else if (entry.value.kind === 'map' && under?.value.kind === 'map') {
      entries.set(key, { key: entry.key, value: mergeLayers(under.value, entry.value, `${path}${key}.`) });
    } else if (entry.value.kind === 'map') entries.set(key, { key: entry.key, value: dropNulls(entry.value) });
    else entries.set(key, entry);
  }
  return { kind: 'map', entries, spot: near.spot };
}

function dropNulls(tree: MapTree): MapTree {
  const entries = new Map<string, Entry>();
  for (const [key, entry] of tree.entries) {
    if (isNull(entry.value)) continue;
    entries.set(key, entry.value.kind === 'map' ? { key: entry.key, value: dropNulls(entry.value) } : entry);
  }
  return { ...tree, entries };
}
