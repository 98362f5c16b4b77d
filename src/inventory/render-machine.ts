import { Document, isScalar, YAMLMap } from 'yaml';
import type { Problem } from '../core/spec.ts';

/** A file that an importer or an adoption would write. */
export interface NewFile {
  /** Below the inventory folder. */
  readonly path: string;
  readonly text: string;
}

export interface Imported {
  readonly files: readonly NewFile[];
  readonly problems: readonly Problem[];
}

/** Keys in the order in which the documentation shows them: place, role, identity, BMC, network, Talos. */
const ORDER = [
  'rack',
  'unit',
  'height',
  'slot',
  'role',
  'cluster',
  'profile',
  'arch',
  'firmware',
  'macs',
  'uuid',
  'serial',
  'boardSerial',
  'asset',
  'switchPort',
  'bmc',
  'ip',
];

const rank = (key: string) => (ORDER.includes(key) ? ORDER.indexOf(key) : ORDER.length);

/** Values as YAML that reads back as exactly these values; lists and small maps on one line. */
export function renderYaml(values: Readonly<Record<string, unknown>>, comment?: string): string {
  const entries = Object.entries(values)
    .filter(([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0))
    .sort(([a], [b]) => rank(a) - rank(b));
  const document = new Document(Object.fromEntries(entries));
  if (comment !== undefined) document.commentBefore = comment;
  if (document.contents instanceof YAMLMap) {
    for (const pair of document.contents.items) {
      const isNetworks = isScalar(pair.key) && pair.key.value === 'networks';
      const value = pair.value as { flow?: boolean; items?: unknown[] } | null;
      if (value?.items !== undefined && !isNetworks) value.flow = true;
    }
  }
  return document.toString({ lineWidth: 0, flowCollectionPadding: true });
}

/** A host name made of what a list calls the machine; undefined when nothing is left of it. */
export function hostNameFrom(text: string): string | undefined {
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 63)
    .replace(/-+$/, '');
  return name === '' ? undefined : name;
}
