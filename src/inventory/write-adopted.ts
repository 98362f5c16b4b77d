import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { normaliseMac } from '../core/identity.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { parseFile } from './parse-file.ts';
import { explainHostName, nodeName } from './parse-node.ts';
import { explainReadError, readTree } from './read-tree.ts';
import { type AdoptedMachine, renderAdopted } from './render-adopted.ts';

export interface Adoption {
  /** Below the inventory folder. */
  readonly file: string;
  readonly what: 'created' | 'changed' | 'unchanged';
}

function fsyncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Whole or not at all: a power cut leaves the old file or the new one. */
export function writeAtomically(file: string, text: string): void {
  const folder = dirname(file);
  mkdirSync(folder, { recursive: true });
  const mode = statSync(file, { throwIfNoEntry: false })?.mode ?? 0o644;
  // Hidden, so that a watch of the inventory does not read it half written.
  const temporary = join(folder, `.${file.slice(folder.length + 1)}.${process.pid}.tmp`);
  try {
    const handle = openSync(temporary, 'wx', mode & 0o777);
    try {
      writeSync(handle, text);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  fsyncFolder(folder);
}

/** The whole tree: the file may have been sorted into any folder since. */
function findFile(folder: string, name: string): string | undefined {
  const steps = readTree(folder);
  for (;;) {
    const step = steps.next();
    if (!step.done) continue;
    return step.value.files.find(({ path }) => nodeName(path).toLowerCase() === name.toLowerCase())?.path;
  }
}

const MAC = /[0-9a-f]{2}(?:[:-]?[0-9a-f]{2}){5}|[0-9a-f]{4}(?:\.[0-9a-f]{4}){2}/gi;

/** There is a file of that name, and it says nothing of this MAC. */
export function isAnothersFile(folder: string, name: string, mac: string): boolean {
  const root = resolve(folder);
  const file = findFile(root, name);
  if (file === undefined) return false;
  try {
    const macs = readFileSync(join(root, file), 'utf8').match(MAC) ?? [];
    return !macs.some((one) => normaliseMac(one) === mac);
  } catch {
    return true;
  }
}

/**
 * Writes what is known of a machine to `<below>/<name>.yaml`, or into the file of that name wherever it is in the tree.
 * The file that results must be one that the inventory accepts.
 */
export function writeAdopted(folder: string, machine: AdoptedMachine, below = ''): Result<Adoption> {
  const trouble = explainHostName(machine.name);
  if (trouble !== undefined) return fail(`the name ${JSON.stringify(machine.name)} is no host name`);
  const root = resolve(folder);
  const target = resolve(root, below);
  if (target !== root && !target.startsWith(root + sep)) return fail(`${below} is outside of the inventory`);
  const file =
    findFile(root, machine.name) ??
    relative(root, join(target, `${machine.name}.yaml`))
      .split(sep)
      .join('/');
  const full = join(root, file);
  try {
    const exists = statSync(full, { throwIfNoEntry: false }) !== undefined;
    const before = exists ? readFileSync(full, 'utf8') : undefined;
    const rendered = renderAdopted(machine, before);
    if (!rendered.ok) return fail(`${file}: ${rendered.error}`);
    const problem = parseFile({ path: file, text: rendered.value }).problems.find((one) => one.severity === 'error');
    if (problem !== undefined) return fail(`${file}:${problem.line}: ${problem.message}`);
    if (rendered.value === before) return ok({ file, what: 'unchanged' });
    writeAtomically(full, rendered.value);
    return ok({ file, what: exists ? 'changed' : 'created' });
  } catch (error) {
    return fail(`${file} cannot be written: ${explainReadError(error)}`);
  }
}
