import { statSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { fail, ok, type Result } from '../core/result.ts';
import { explainReadError } from './read-tree.ts';
import type { NewFile } from './render-machine.ts';
import { writeAtomically } from './write-adopted.ts';

/** All files of an import or none: a file that exists is somebody's work and is never overwritten. */
export function writeImported(folder: string, files: readonly NewFile[]): Result<readonly string[]> {
  const root = resolve(folder);
  for (const { path } of files) {
    const full = resolve(root, path);
    if (!full.startsWith(root + sep)) return fail(`${path} is outside of the inventory`);
    if (statSync(full, { throwIfNoEntry: false }) !== undefined) {
      return fail(`${path} exists already; nothing was written. Move it away, or import into another folder`);
    }
  }
  for (const { path, text } of files) {
    try {
      writeAtomically(join(root, path), text);
    } catch (error) {
      return fail(`${path} cannot be written: ${explainReadError(error)}`);
    }
  }
  return ok(files.map((file) => file.path));
}
