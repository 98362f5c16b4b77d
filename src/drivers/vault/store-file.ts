import { createReadStream } from 'node:fs';
import { join, resolve } from 'node:path';
import { fail, ok, type Result } from '../../core/result.ts';
import { type IncomingFile, openIncoming } from './incoming-file.ts';
import { messageOf } from './vault-error.ts';
import { mergeEntries, updateIndex, type VaultEntry } from './vault-index.ts';

/** Copies a local file into the vault, hashing it on the way. What `problemOf` says of it keeps it out. */
export async function storeFile(
  directory: string,
  file: string,
  about: Omit<VaultEntry, 'sha256' | 'sizeBytes' | 'origin' | 'addedAt'>,
  now: Date,
  problemOf: (incoming: IncomingFile) => Promise<string | undefined> = async () => undefined,
): Promise<Result<VaultEntry>> {
  try {
    const incoming = await openIncoming(directory);
    try {
      for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) await incoming.write(chunk);
      if (incoming.receivedBytes() === 0) return fail(`${file} is empty`);
      const problem = await problemOf(incoming);
      if (problem !== undefined) return fail(`${file}: ${problem}`);
      const entry: VaultEntry = {
        ...about,
        sha256: incoming.sha256(),
        sizeBytes: incoming.receivedBytes(),
        origin: resolve(file),
        addedAt: now.toISOString(),
      };
      await incoming.accept(join(directory, about.path));
      const updated = await updateIndex(directory, (entries) => mergeEntries(entries, [entry]));
      return updated.ok ? ok(entry) : updated;
    } finally {
      await incoming.discard();
    }
  } catch (error) {
    return fail(`cannot add ${file}: ${messageOf(error)}`);
  }
}
