import { readFile } from 'node:fs/promises';
import { whyNoCmdline } from '../../core/reserved-argument.ts';
import type { IncomingFile } from './incoming-file.ts';
import type { VaultEntry } from './vault-index.ts';

/** A kernel takes 2 kB of it. */
const MOST_BYTES = 64 * 1024;

/** Machines that nobody armed boot with it too: what only an armed one may have never comes into the vault. */
export async function cmdlineProblem(
  kind: VaultEntry['kind'],
  file: Pick<IncomingFile, 'path' | 'receivedBytes'>,
): Promise<string | undefined> {
  if (kind !== 'cmdline') return undefined;
  if (file.receivedBytes() > MOST_BYTES)
    return `it has ${file.receivedBytes()} bytes, and a kernel takes no command line of that length`;
  return whyNoCmdline(await readFile(file.path, 'latin1'));
}
