import { isOfAJob } from '../core/reserved-argument.ts';
import { ok, type Result } from '../core/result.ts';
import type { DocumentRef, ProfileSpec } from '../core/spec.ts';
import { checkKeys } from './check-keys.ts';
import { given } from './given.ts';
import { mergeLayers } from './merge-layers.ts';
import { parseDocumentRef, splitArguments } from './parse-reference.ts';
import { PROFILE_KEYS, PROFILE_KINDS, type ProfileShape, profileShape } from './profile-shape.ts';
import { type Reading, readShape } from './read-shape.ts';
import { quote, type Report } from './report.ts';
import { describeTree, emptyMap, type MapTree } from './yaml-tree.ts';

/** These need no keys and are always there. */
export const BUILT_IN: Readonly<Record<string, ProfileSpec>> = {
  talos: { kind: 'talos' },
  'talos-ram': { kind: 'talos-ram' },
  inspect: { kind: 'inspect' },
  local: { kind: 'local' },
};

const HABITS: Readonly<Record<string, string>> = {
  initrd: 'write initrds: [debian/initrd.gz]',
  cmdline: 'did you mean "args"?',
  append: 'did you mean "args"?',
};

type DocumentKey = 'userData' | 'metaData' | 'networkConfig' | 'vendorData' | 'template';

function documentOf({ value, report, at }: Reading<ProfileShape>, key: DocumentKey): DocumentRef | undefined {
  const text = value[key];
  if (text === undefined) return undefined;
  const ref: Result<DocumentRef> = text === '' ? ok({ from: 'file', path: '' }) : parseDocumentRef(text);
  if (ref.ok) return ref.value;
  report.error(at(key), `${key}: ${ref.error}`);
  return undefined;
}

/** `talos`, `talos-ram`, `inspect` and `local` need nothing; the others are nothing without their files. */
function parseKind(reading: Reading<ProfileShape>, kind: (typeof PROFILE_KINDS)[number]): ProfileSpec | undefined {
  const { value, report, at } = reading;
  // A foreign system may write any disk: whether this one does is for the profile to say.
  const { writesDisk } = value;
  const need = (key: 'kernel' | 'file' | 'template', example: string) => {
    if (value[key] === undefined && !reading.isBroken(key)) {
      report.error(at(), `a profile of kind ${kind} needs ${key}: ${example}`);
    }
  };
  const ofAJob = writesDisk === true ? undefined : value.args?.flatMap(splitArguments).find(isOfAJob);
  if (ofAJob !== undefined)
    report.error(at('args'), `args: ${quote(ofAJob)} may write a disk: a profile that does says \`writesDisk: true\``);
  if (kind === 'linux') {
    need('kernel', 'debian/vmlinuz');
    const documents = {
      userData: documentOf(reading, 'userData'),
      metaData: documentOf(reading, 'metaData'),
      networkConfig: documentOf(reading, 'networkConfig'),
      vendorData: documentOf(reading, 'vendorData'),
    };
    const { kernel = '', initrds = [], args = [] } = value;
    return given({ kind, kernel, initrds, args, ...documents, writesDisk });
  }
  if (kind === 'efi') {
    need('file', 'memtest.efi');
    return given({ kind, file: value.file ?? '', args: value.args ?? [], writesDisk });
  }
  if (kind === 'script') {
    need('template', '_profiles/own.ipxe');
    const template = documentOf(reading, 'template');
    return template === undefined ? undefined : given({ kind, template, writesDisk });
  }
  if (kind === 'talos') return value.reset === true ? { kind, reset: true } : { kind };
  return { kind };
}

/** The kind may be left out where the profile is named after it: `linux: { kernel: … }`. */
function parseProfile(name: string, tree: MapTree, report: Report): ProfileSpec | undefined {
  checkKeys(tree, profileShape, report, { habits: HABITS });
  const reading = readShape(profileShape, mergeLayers(emptyMap(tree.spot.file), tree), report);
  const kind = reading.value.kind ?? PROFILE_KINDS.find((one) => one === name);
  if (kind === undefined) {
    if (!reading.isBroken('kind')) {
      report.error(reading.at(), `profile ${quote(name)} has no kind; write kind: ${PROFILE_KINDS.join(' | ')}`);
    }
    return undefined;
  }
  const allowed = PROFILE_KEYS[kind];
  for (const key of Object.keys(reading.value)) {
    if (key === 'kind' || allowed.includes(key)) continue;
    report.error(reading.at(key), `${key}: a profile of kind ${kind} takes ${allowed.join(', ') || 'no keys'}`);
  }
  return parseKind(reading, kind);
}

/** `_profiles.yaml`: name → profile. The built-in names keep their meaning. */
export function parseProfiles(tree: MapTree | undefined, report: Report): Readonly<Record<string, ProfileSpec>> {
  const profiles = new Map(Object.entries(BUILT_IN));
  for (const [name, { key, value }] of tree?.entries ?? []) {
    if (value.kind !== 'map') {
      report.error(
        value.spot,
        `${name}: expected a map, such as { kind: efi, file: memtest.efi }; found ${describeTree(value)}`,
      );
      continue;
    }
    if (!/^[a-z0-9][a-z0-9._-]{0,62}$/i.test(name)) report.error(key, `${quote(name)} is no name of a profile`);
    const profile = parseProfile(name, value, report);
    if (profile === undefined) continue;
    if (Object.hasOwn(BUILT_IN, name) && profile.kind !== name) {
      report.error(key, `${quote(name)} is built in and cannot become ${profile.kind}; choose another name`);
    } else profiles.set(name, profile);
  }
  return Object.fromEntries(profiles);
}
