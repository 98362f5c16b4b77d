import { accessSync, constants, statSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Inventory, Problem } from '../core/spec.ts';
import { hashInventory } from './hash-inventory.ts';
import { type ParsedFile, parseFile } from './parse-file.ts';
import { assembleInventory, type NamedDocument, type ParsedInventory } from './parse-inventory.ts';
import { explainReadError, readTree, type StampedFile } from './read-tree.ts';
import { sortProblems } from './render-problems.ts';
import { createReport } from './report.ts';
import { documentPath } from './resolve-reference.ts';

/** The last reading: a reload parses only the files whose text is another, and compares nothing when there is none. */
export interface ParseCache {
  readonly files: Map<string, { readonly source: StampedFile; readonly parsed: ParsedFile }>;
  assembled?: ParsedInventory;
  hash?: string;
}

export const createParseCache = (): ParseCache => ({ files: new Map() });

export interface LoadOptions {
  readonly cache?: ParseCache;
  /** The longest stretch without a turn for other work, such as a DHCP answer. */
  readonly sliceMs?: number;
  /** Opens every file, also where its size and times are those of the last reading. */
  readonly afresh?: boolean;
}

export interface LoadedInventory {
  /** Absent when a problem is an error. */
  readonly inventory?: Inventory;
  /** Of the inventory: the same where the files say the same in other words. */
  readonly hash: string;
  /** All of them, in the order of the files. */
  readonly problems: readonly Problem[];
  readonly folders: readonly string[];
  /** Some file is new, gone or another than at the last reading with the same cache. */
  readonly changed: boolean;
}

const SLICE_MS = 4;

/** Runs a generator with a turn for the event loop every few milliseconds. */
export async function runInSlices<T>(steps: Generator<void, T>, sliceMs = SLICE_MS): Promise<T> {
  let end = performance.now() + sliceMs;
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (performance.now() < end) continue;
    await nextTurn();
    end = performance.now() + sliceMs;
  }
}

function* parseFiles(sources: readonly StampedFile[], { files }: ParseCache): Generator<void, ParsedFile[] | 'same'> {
  const parsed: ParsedFile[] = [];
  let isSame = files.size === sources.length;
  for (const source of sources) {
    const before = files.get(source.path);
    const known = before?.source.text === source.text ? before.parsed : undefined;
    if (known === undefined) isSame = false;
    const result = known ?? parseFile(source);
    files.set(source.path, { source, parsed: result });
    parsed.push(result);
    yield;
  }
  const present = new Set(sources.map((source) => source.path));
  for (const path of files.keys()) if (!present.has(path)) files.delete(path);
  return isSame ? 'same' : parsed;
}

/** Why a file cannot be used; undefined when it can. */
function explainAbsence(full: string, path: string): string | undefined {
  try {
    if (!statSync(full).isFile()) return `${path} is no regular file`;
    accessSync(full, constants.R_OK);
    return undefined;
  } catch (error) {
    const isGone = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return isGone ? `there is no file ${path}` : `${path} cannot be read: ${explainReadError(error)}`;
  }
}

function checkDocuments(folder: string, documents: readonly NamedDocument[]): readonly Problem[] {
  const report = createReport();
  const known = new Map<string, string | undefined>();
  for (const { what, path, at } of documents) {
    // By the path as it is written: thousands of machines name the same few, and this is looked at every ten seconds.
    if (!known.has(path)) known.set(path, explainAbsence(documentPath(path, folder), path));
    const trouble = known.get(path);
    if (trouble === undefined) continue;
    const beside = join(at.file, '..', path);
    const isBeside = explainAbsence(join(folder, beside), beside) === undefined;
    const hint = isBeside ? `; did you mean ${beside}? paths count from the inventory folder` : '';
    report.error(at, `${what}: ${trouble}${hint}`);
  }
  return report.problems;
}

/** Reads, parses and checks the whole tree. Never rejects: what goes wrong with the disk is a problem like any other. */
export async function loadInventory(folder: string, options: LoadOptions = {}): Promise<LoadedInventory> {
  const sliceMs = options.sliceMs ?? SLICE_MS;
  const cache = options.cache ?? createParseCache();
  const known = (path: string) => cache.files.get(path)?.source;
  const tree = await runInSlices(readTree(folder, options.afresh ? undefined : known), sliceMs);
  const parsed = await runInSlices(parseFiles(tree.files, cache), sliceMs);
  const last = parsed === 'same' ? cache.assembled : undefined;
  const files = parsed === 'same' ? [...cache.files.values()].map((one) => one.parsed) : parsed;
  const assembled = last ?? (await runInSlices(assembleInventory(files), sliceMs));
  const hash = (last && cache.hash) ?? (await runInSlices(hashInventory(assembled.inventory), sliceMs));
  Object.assign(cache, { assembled, hash });
  const { inventory, problems: found, documents } = assembled;
  // Without the folder, the absence of a site in it is no news; nor is it where the site is there and cannot be read.
  const unread = new Set(tree.problems.map(({ file }) => file.replace(/^_site\.yml$/, '_site.yaml')));
  const own = tree.folders.length === 0 ? [] : found.filter(({ file }) => !unread.has(file));
  const problems = sortProblems([...tree.problems, ...own, ...checkDocuments(folder, documents)]);
  const isWrong = problems.some((one) => one.severity === 'error');
  const { folders } = tree;
  return { ...(isWrong ? {} : { inventory }), hash, problems, folders, changed: last === undefined };
}
