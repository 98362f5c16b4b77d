import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf } from './explain-disk-error.ts';

/** Ours alone, with its parents; one that exists is left as it is. Rejects with the errno of the kernel. */
export async function makeFolder(path: string, mode = 0o700): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode });
  } catch (error) {
    // Node says ENOENT for whatever it did not expect, such as a file system that is read-only: asked once more, one by one.
    if (errnoOf(error) !== 'ENOENT') throw error;
    await makePlainly(path, mode);
  }
}

async function makePlainly(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, { mode });
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return;
    if (errnoOf(error) !== 'ENOENT' || dirname(path) === path) throw error;
    await makePlainly(dirname(path), mode);
    await mkdir(path, { mode });
  }
}
