import { type Report, renderPlace } from './report.ts';
import type { Entry, MapTree, WordTree, YamlTree } from './yaml-tree.ts';

/**
 * The flat keys of the PXE-for-Talos article, read as the structured ones in each file before files are merged, so
 * that the nearer file wins whichever of the two spellings it uses.
 */
const FLAT: Readonly<Record<string, string>> = {
  schematicID: 'schematic',
  talosVersion: 'version',
  kernelArgs: 'kernelArgs',
  install: 'install',
};

/** Keys that say the same thing in two ways: what a nearer file writes takes the other spelling's place. */
const RIVALS: Readonly<Record<string, readonly string[]>> = {
  dns: ['dns0', 'dns1'],
  dns0: ['dns'],
  dns1: ['dns'],
  netmask: ['prefix'],
  prefix: ['netmask'],
  'talos.schematic': ['extensions'],
  'talos.extensions': ['schematic'],
  // A list of arguments is ours to append to; only the flat key stands for the whole command line.
  'talos.kernelArgs': ['kernelArgsReplace'],
};

export const rivalsOf = (path: string): readonly string[] => RIVALS[path] ?? [];

export function liftFlatKeys(tree: MapTree, report: Report): MapTree {
  const flat = [...tree.entries].filter(([key]) => Object.hasOwn(FLAT, key));
  const talos = tree.entries.get('talos');
  if (flat.length === 0 || (talos !== undefined && talos.value.kind !== 'map')) return tree;
  const nested = new Map<string, Entry>(talos?.value.kind === 'map' ? talos.value.entries : []);
  for (const [key, entry] of flat) {
    const name = FLAT[key] ?? key;
    const other = nested.get(name);
    if (other !== undefined) {
      report.error(entry.key, `"${key}" and "talos.${name}" (${renderPlace(other.key)}) say the same; keep one`);
      continue;
    }
    nested.set(name, entry);
    if (key === 'kernelArgs' && !nested.has('kernelArgsReplace')) {
      const replace: WordTree = { kind: 'word', value: true, spot: entry.value.spot };
      nested.set('kernelArgsReplace', { key: entry.key, value: replace });
    }
  }
  const first = flat[0]?.[1].key ?? tree.spot;
  const value: YamlTree = { kind: 'map', entries: nested, spot: talos?.value.spot ?? first };
  const entries = new Map([...tree.entries].filter(([key]) => !Object.hasOwn(FLAT, key)));
  entries.set('talos', { key: talos?.key ?? first, value });
  return { ...tree, entries };
}
