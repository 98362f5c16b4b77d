import { isMap, YAMLMap } from 'yaml';
import type { NodeSpec } from '../core/spec.ts';
import { type ConfigDocument, type ConfigProblem, MAIN, newDocument, nodeOf, titleOf } from './config-documents.ts';
import type { TalosVersion } from './talos-version.ts';

/** One configuration in the making. Lives inside one call of `renderConfig` and is never shared. */
export interface ConfigDraft {
  readonly spec: NodeSpec;
  readonly version: TalosVersion;
  readonly documents: ConfigDocument[];
  readonly problems: ConfigProblem[];
}

export function mainOf(draft: ConfigDraft): ConfigDocument | undefined {
  return draft.documents.find((one) => one.kind === MAIN);
}

export function documentIn(draft: ConfigDraft, kind: string, name?: string): ConfigDocument | undefined {
  return draft.documents.find((one) => one.kind === kind && (name === undefined || one.name === name));
}

/** Puts a whole document where one of its kind and name stands, or at the end. */
export function putDocument(
  draft: ConfigDraft,
  kind: string,
  fields: Readonly<Record<string, unknown>>,
  name = '',
): void {
  const document = newDocument(kind, fields, name);
  const index = draft.documents.findIndex((one) => one.kind === kind && one.name === name);
  if (index < 0) draft.documents.push(document);
  else draft.documents[index] = document;
}

/** Sets a value, making the maps on the way to it. */
export function setIn(document: ConfigDocument, path: readonly string[], value: unknown): void {
  document.touched = true;
  let map = document.root;
  for (const key of path.slice(0, -1)) {
    const next = map.get(key, true) as unknown;
    // `{}` stands for "nothing here" in generated configurations; what comes into it reads better in block style.
    if (isMap(next) && next.items.length === 0) next.flow = false;
    if (isMap(next)) map = next;
    else {
      const made = new YAMLMap();
      map.set(key, made);
      map = made;
    }
  }
  map.set(path.at(-1) ?? '', nodeOf(value));
}

/** Removes a value, and the maps that it leaves empty, up to but not including the first two levels. */
export function removeIn(document: ConfigDocument, path: readonly string[]): void {
  if (!document.root.hasIn(path)) return;
  document.touched = true;
  document.root.deleteIn(path);
  const parent = path.slice(0, -1);
  const left = document.root.getIn(parent, true);
  if (parent.length > 1 && isMap(left) && left.items.length === 0) removeIn(document, parent);
}

export function warn(draft: ConfigDraft, document: ConfigDocument | undefined, message: string): void {
  report(draft, document, 'warning', message);
}

export function refuse(draft: ConfigDraft, document: ConfigDocument | undefined, message: string): void {
  report(draft, document, 'error', message);
}

function report(
  draft: ConfigDraft,
  document: ConfigDocument | undefined,
  severity: ConfigProblem['severity'],
  message: string,
): void {
  draft.problems.push({ document: document === undefined ? 'inventory' : titleOf(document), severity, message });
}
