import { isAbsolute, relative, resolve } from 'node:path';
import type { Artefact } from '../core/job.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { hashFile } from '../drivers/vault/incoming-file.ts';

/** Files that `linux` and `efi` profiles name: below the vault, and nowhere else. */
export function createArtefactLookup(vaultDir: string): (path: string) => Promise<Result<Artefact>> {
  return async (path) => {
    const full = resolve(vaultDir, path);
    const inside = relative(vaultDir, full);
    if (inside.startsWith('..') || isAbsolute(inside)) return fail(`${path} lies outside of the vault (${vaultDir})`);
    try {
      return ok({ path: inside, ...(await hashFile(full)) });
    } catch {
      return fail(`${path} is not in the vault (${vaultDir}): put the file there`);
    }
  };
}
