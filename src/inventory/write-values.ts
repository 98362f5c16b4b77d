import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Document, isMap, isScalar, parseDocument, stringify } from 'yaml';
import { fail, ok, type Result } from '../core/result.ts';
import { parseFile } from './parse-file.ts';
import { explainReadError } from './read-tree.ts';
import { writeAtomically } from './write-adopted.ts';

/** One value of a machine's file, by its path: `['talos', 'version']`. */
export interface NewValue {
  readonly path: readonly string[];
  readonly value: unknown;
}

/** The article's flat keys, where a file uses them. */
const FLAT: Readonly<Record<string, string>> = { 'talos.version': 'talosVersion', 'talos.schematic': 'schematicID' };

/**
 * A machine's file with some values changed. What is one word is replaced where it stands, so that comments, order and
 * quotes of the rest stay; anything else is set by the yaml package.
 */
export function renderValues(text: string, values: readonly NewValue[]): Result<string> {
  let changed = text;
  for (const { path, value } of values) {
    const document = parseDocument(changed);
    if (document.errors.length > 0 || !(document.contents === null || isMap(document.contents)))
      return fail('the file holds no map of keys');
    const flat = FLAT[path.join('.')];
    const target = flat !== undefined && document.hasIn([flat]) ? [flat] : path;
    changed = replaceWord(changed, document, target, value) ?? setByPackage(document, target, value);
  }
  return ok(changed);
}

function replaceWord(text: string, document: Document, path: readonly string[], value: unknown): string | undefined {
  const old = document.getIn(path, true);
  if (!isScalar(old) || !old.range || typeof value !== 'string' || old.type?.startsWith('BLOCK') === true)
    return undefined;
  const word = stringify(value, { lineWidth: 0 }).trimEnd();
  const changed = text.slice(0, old.range[0]) + word + text.slice(old.range[1]);
  const read = parseDocument(changed);
  return read.errors.length === 0 && read.getIn(path) === value ? changed : undefined;
}

function setByPackage(document: Document, path: readonly string[], value: unknown): string {
  const node = document.createNode(value, { flow: typeof value === 'object' });
  const old = document.getIn(path, true);
  if (isScalar(old)) Object.assign(node, { comment: old.comment, commentBefore: old.commentBefore });
  document.setIn(path, node);
  return document.toString({ lineWidth: 0, flowCollectionPadding: true });
}

/** Writes them into a file of the inventory, if the file that results is one that the inventory accepts. */
export function writeValues(folder: string, file: string, values: readonly NewValue[]): Result<string> {
  const full = join(resolve(folder), file);
  try {
    const before = readFileSync(full, 'utf8');
    const rendered = renderValues(before, values);
    if (!rendered.ok) return fail(`${file}: ${rendered.error}`);
    const problem = parseFile({ path: file, text: rendered.value }).problems.find((one) => one.severity === 'error');
    if (problem !== undefined) return fail(`${file}:${problem.line}:${problem.column}: ${problem.message}`);
    if (rendered.value !== before) writeAtomically(full, rendered.value);
    return ok(file);
  } catch (error) {
    return fail(`${file} cannot be written: ${explainReadError(error)}`);
  }
}
