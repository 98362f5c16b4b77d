import type { DocumentRef, Inventory, Problem } from '../core/spec.ts';
import { findDuplicates } from './find-duplicates.ts';
import { findRackOverlaps } from './find-rack-overlaps.ts';
import { findWithoutPool } from './find-without-pool.ts';
import { mergeLayers } from './merge-layers.ts';
import { type ParsedFile, parseFile, type SourceFile } from './parse-file.ts';
import { type ParsedNode, parseNode } from './parse-node.ts';
import { parseProfiles } from './parse-profiles.ts';
import { parseSite } from './parse-site.ts';
import { createReport, type Report } from './report.ts';
import { emptyMap, findTree, type MapTree, type Spot, spotOf, startOf } from './yaml-tree.ts';

/** A file that the inventory names. Whether it is there is for the one who reads the disk to say. */
export interface NamedDocument {
  readonly what: string;
  readonly path: string;
  readonly at: Spot;
}

export interface ParsedInventory {
  /** To be used only when no problem is an error. */
  readonly inventory: Inventory;
  readonly problems: readonly Problem[];
  readonly documents: readonly NamedDocument[];
}

const folderOf = (path: string) => path.slice(0, path.lastIndexOf('/') + 1);

/** `rack-7/row-2/` to its defaults with those of `rack-7/` and of the top merged in. */
function createDefaults(files: readonly ParsedFile[], report: Report): (folder: string) => MapTree {
  const own = new Map<string, MapTree>();
  for (const { path, kind, tree } of files) {
    if (kind !== 'defaults' || tree === undefined) continue;
    const twin = own.get(folderOf(path));
    if (twin === undefined) own.set(folderOf(path), tree);
    else report.error(startOf(path), `the folder has two files of defaults; the other is ${twin.spot.file}`);
  }
  const merged = new Map<string, MapTree>();
  const defaultsOf = (folder: string): MapTree => {
    const known = merged.get(folder);
    if (known !== undefined) return known;
    const far = folder === '' ? emptyMap('') : defaultsOf(folderOf(folder.slice(0, -1)));
    const near = own.get(folder);
    const tree = near === undefined ? far : mergeLayers(far, near);
    merged.set(folder, tree);
    return tree;
  };
  return defaultsOf;
}

function onlyFile(files: readonly ParsedFile[], kind: 'site' | 'profiles', report: Report): ParsedFile | undefined {
  const [first, second] = files.filter((file) => file.kind === kind && !file.path.includes('/'));
  if (first !== undefined && second !== undefined) {
    report.error(startOf(second.path), `there are two of this file; the other is ${first.path}`);
  }
  return first;
}

function documentsOf(nodes: readonly ParsedNode[], inventory: Inventory, tree: MapTree | undefined): NamedDocument[] {
  const found: NamedDocument[] = [];
  const name = (what: string, ref: DocumentRef | undefined, at: Spot) => {
    if (ref?.from === 'file') found.push({ what, path: ref.path, at });
  };
  for (const { node, reading } of nodes) {
    name('bmc.tls.ca', node.bmc?.tls?.ca, reading.at('bmc', 'tls', 'ca'));
    name('talos.config', node.talos.config, reading.at('talos', 'config'));
    node.talos.patches.forEach((ref, index) => {
      name('talos.patches', ref, reading.at('talos', 'patches', index));
    });
  }
  for (const [profile, spec] of Object.entries(inventory.profiles)) {
    const at = (key: string) => (tree === undefined ? startOf('_profiles.yaml') : spotOf(tree, [profile, key]));
    const users = nodes.filter((one) => one.node.profile === profile).map((one) => one.node.name);
    const each = (key: string, ref: DocumentRef | undefined) => {
      const names = ref?.from === 'file' && ref.path.includes('{node}') ? users : [''];
      for (const user of names)
        name(key, ref?.from === 'file' ? { ...ref, path: ref.path.replaceAll('{node}', user) } : ref, at(key));
    };
    if (spec.kind === 'script') each('template', spec.template);
    if (spec.kind !== 'linux') continue;
    for (const key of ['userData', 'metaData', 'networkConfig', 'vendorData'] as const) each(key, spec[key]);
  }
  return found;
}

/** One line for all machines: a tree that is just imported has forty of them. */
function checkVersions(parsed: readonly ParsedNode[], { profiles }: Inventory, hasSite: boolean, report: Report): void {
  const boots = (kind: string | undefined) => kind === 'talos' || kind === 'talos-ram' || kind === 'inspect';
  const without = parsed.filter(({ node, reading }) => {
    const isWritten = reading.value.talos?.version !== undefined || reading.isBroken('talos', 'version');
    return boots(profiles[node.profile]?.kind) && node.talos.version === undefined && !isWritten;
  });
  const first = without[0]?.node;
  if (first === undefined) return;
  const who = without.length === 1 ? `${first.name} has` : `${without.length} machines (${first.name}, …) have`;
  const where = hasSite ? 'here' : 'in _site.yaml';
  report.warn(startOf('_site.yaml'), `${who} no talos.version; write talos: { version: v1.13.9 } ${where}`);
}

function combine(...lists: (readonly Problem[])[]): Problem[] {
  const unique = new Map<string, Problem>();
  for (const one of lists.flat()) unique.set(`${one.file}\0${one.line}\0${one.column}\0${one.message}`, one);
  return [...unique.values()];
}

/**
 * Whole tree from files that were parsed one by one. Yields between machines, so that the engine, which lives in the
 * same thread as DHCP, can answer in the midst of a reload.
 */
export function* assembleInventory(files: readonly ParsedFile[]): Generator<void, ParsedInventory> {
  const report = createReport();
  const siteFile = onlyFile(files, 'site', report);
  const profilesFile = onlyFile(files, 'profiles', report);
  // A file that cannot be read is reported as such: the warning for an absent one would mislead.
  const siteTree = siteFile === undefined ? undefined : (siteFile.tree ?? emptyMap(siteFile.path));
  const siteReport = siteFile !== undefined && siteFile.tree === undefined ? createReport() : report;
  const site = parseSite(siteTree, siteReport);
  const profiles = parseProfiles(profilesFile?.tree, report);
  const defaultsOf = createDefaults(files, report);
  const nodes: ParsedNode[] = [];
  for (const { path, kind, tree } of files) {
    if (kind !== 'machine' || tree === undefined) continue;
    nodes.push(parseNode(path, mergeLayers(defaultsOf(folderOf(path)), tree), { site, profiles }, report));
    yield;
  }
  yield* findDuplicates(nodes, report);
  findRackOverlaps(nodes, report);
  const inventory: Inventory = { site, profiles, nodes: nodes.map((one) => one.node) };
  const isWritten = siteTree !== undefined && findTree(siteTree, ['talos', 'version']) !== undefined;
  if (!isWritten) checkVersions(nodes, inventory, siteFile !== undefined, siteReport);
  findWithoutPool(inventory.nodes, site, siteTree, siteReport);
  yield;
  const problems = combine(...files.map((file) => file.problems), report.problems);
  return { inventory, problems, documents: documentsOf(nodes, inventory, profilesFile?.tree) };
}

/** The same in one go, from text. */
export function parseInventory(files: readonly SourceFile[]): ParsedInventory {
  const steps = assembleInventory(files.map(parseFile));
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}
