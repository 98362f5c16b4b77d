import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fail, ok, type Result } from '../core/result.ts';

const BYTES = 32;

/** The one secret of this state folder: tokens are made from it, so that they survive a restart and are never stored. */
export function siteSecret(dir: string): Result<Uint8Array> {
  const path = join(dir, 'site.secret');
  try {
    const found = readFileSync(path);
    return found.length === BYTES
      ? ok(found)
      : fail(`${path} is damaged: remove it (running installations must be armed again)`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      return fail(`${path} cannot be read: ${(error as Error).message}`);
  }
  try {
    const secret = randomBytes(BYTES);
    const handle = openSync(path, 'wx', 0o600);
    writeSync(handle, secret);
    fsyncSync(handle);
    closeSync(handle);
    return ok(secret);
  } catch (error) {
    return fail(`${path} cannot be written: ${(error as Error).message}`);
  }
}
