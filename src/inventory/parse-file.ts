import type { Problem } from '../core/spec.ts';
import { checkKeys, type KeyRules } from './check-keys.ts';
import { liftFlatKeys } from './flat-keys.ts';
import { FLAT_KEYS, machineShape } from './machine-shape.ts';
import { mergeLayers } from './merge-layers.ts';
import { nearestName } from './nearest-name.ts';
import { parseYaml, SITE_MARKS_MAX } from './parse-yaml.ts';
import { readShape } from './read-shape.ts';
import { createReport } from './report.ts';
import { emptyMap, type MapTree, startOf } from './yaml-tree.ts';

export interface SourceFile {
  /** Below the inventory folder, with `/` between its parts. */
  readonly path: string;
  readonly text: string;
}

export type FileKind = 'site' | 'profiles' | 'defaults' | 'machine' | 'other';

/** What can be said of one file alone. A reload keeps this for every file whose text did not change. */
export interface ParsedFile {
  readonly path: string;
  readonly kind: FileKind;
  readonly tree?: MapTree;
  readonly problems: readonly Problem[];
}

/** A machine has some fifty, one with everything written out two hundred. */
const MACHINE_MARKS_MAX = 2_000;

const SPECIAL = ['_site', '_profiles', '_defaults'] as const;

const MACHINE_RULES: KeyRules = {
  alsoKnown: FLAT_KEYS,
  habits: {
    mac: 'write macs: [52:54:00:0a:21:01]',
    macaddress: 'write macs: [52:54:00:0a:21:01]',
    hostname: "the file's name is the host name",
    name: "the file's name is the host name",
    mask: 'did you mean "netmask"?',
    nameservers: 'did you mean "dns"?',
    extrakernelargs: 'write talos: { kernelArgs: [console=ttyS0] }',
    ipmi: 'write bmc: { url: ipmi://10.21.7.33, username: admin, password: env:BMC_PASSWORD }',
    user: 'write bmc: { username: admin }',
    u: 'did you mean "unit"?',
  },
};

const folderOf = (path: string) => path.slice(0, path.lastIndexOf('/') + 1);

export function kindOf(path: string): FileKind {
  const stem = path.replace(/^.*\//, '').replace(/\.ya?ml$/, '');
  if (stem === '_site') return 'site';
  if (stem === '_profiles') return 'profiles';
  if (stem === '_defaults') return 'defaults';
  return stem.startsWith('_') ? 'other' : 'machine';
}

/** A document of Talos or Kubernetes that lies among the machines would otherwise be one with forty unknown keys. */
function foreignDocument(tree: MapTree): boolean {
  const has = (key: string) => tree.entries.has(key);
  return (has('machine') && (has('version') || has('cluster'))) || (has('apiVersion') && has('kind'));
}

function parseOther(path: string): ParsedFile {
  const report = createReport();
  const stem = path.replace(/^.*\//, '').replace(/\.ya?ml$/, '');
  const meant = nearestName(stem, SPECIAL);
  if (meant !== undefined) report.error(startOf(path), `this file is not read; did you mean "${meant}.yaml"?`);
  return { path, kind: 'other', problems: report.problems };
}

/** Pure: one file's text to its tree, its syntax errors, unknown keys and values of a wrong kind. */
export function parseFile({ path, text }: SourceFile): ParsedFile {
  const kind = kindOf(path);
  if (kind === 'other') return parseOther(path);
  const parsed = parseYaml(path, text, kind === 'machine' || kind === 'defaults' ? MACHINE_MARKS_MAX : SITE_MARKS_MAX);
  const report = createReport();
  const done = (tree?: MapTree): ParsedFile => ({
    path,
    kind,
    ...(tree === undefined ? {} : { tree }),
    problems: [...parsed.problems, ...report.problems],
  });
  if ((kind === 'site' || kind === 'profiles') && folderOf(path) !== '') {
    report.error(startOf(path), `_${kind}.yaml is read only at the top of the inventory; move it there`);
    return done();
  }
  if (parsed.empty && kind === 'machine') {
    report.error(startOf(path), 'the file is empty; write macs: [52:54:00:0a:21:01] and serial: of the machine');
    return done();
  }
  if (parsed.tree === undefined || kind === 'site' || kind === 'profiles') return done(parsed.tree);
  if (foreignDocument(parsed.tree)) {
    report.error(
      startOf(path),
      'this is a document of Talos or Kubernetes, not a machine; keep it in a folder whose name begins with _, such as _talos/',
    );
    return done();
  }
  const tree = liftFlatKeys(parsed.tree, report);
  checkKeys(tree, machineShape, report, MACHINE_RULES);
  // The machine's own values go through the shape once they are merged; defaults may have no machine below them.
  if (kind === 'defaults') readShape(machineShape, mergeLayers(emptyMap(path), tree), report);
  return done(tree);
}
