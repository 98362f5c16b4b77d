import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, ok, type Result } from '../../core/result.ts';
import { encodeTarHeader, paddingAfter, TAR_BLOCK_BYTES } from './tar-codec.ts';
import { messageOf } from './vault-error.ts';
import type { VaultEntry } from './vault-index.ts';

export const BUNDLE_MANIFEST = 'crashcart-bundle.json';

export interface BundleSummary {
  readonly file: string;
  readonly entries: readonly VaultEntry[];
  readonly sizeBytes: number;
}

/** One tar file for an air-gapped site. Every file is hashed on its way: rot is never exported. */
export async function exportBundle(
  directory: string,
  entries: readonly VaultEntry[],
  file: string,
  now: Date,
  onProgress?: (doneBytes: number, totalBytes: number) => void,
): Promise<Result<BundleSummary>> {
  if (entries.length === 0) return fail('there is nothing to export: pull or add images first');
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    const handle = await open(temporary, 'wx', 0o644);
    try {
      const problem = await writeBundle(handle, directory, entries, now, onProgress);
      if (problem !== undefined) return fail(problem);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
    return ok({ file, entries, sizeBytes: entries.reduce((sum, one) => sum + one.sizeBytes, 0) });
  } catch (error) {
    return fail(`cannot write ${file}: ${messageOf(error)}`);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Returns why not. The list comes first, so that a reader knows what to expect before the first large file. */
async function writeBundle(
  handle: FileHandle,
  directory: string,
  entries: readonly VaultEntry[],
  now: Date,
  onProgress: ((doneBytes: number, totalBytes: number) => void) | undefined,
): Promise<string | undefined> {
  const mtimeSeconds = Math.floor(now.getTime() / 1000);
  const manifest = Buffer.from(`${JSON.stringify({ format: 1, artefacts: entries }, null, 2)}\n`);
  const totalBytes = entries.reduce((sum, one) => sum + one.sizeBytes, 0);
  const head = encodeTarHeader(BUNDLE_MANIFEST, manifest.length, mtimeSeconds);
  if (!head.ok) return head.error;
  await handle.appendFile(Buffer.concat([head.value, manifest, Buffer.alloc(paddingAfter(manifest.length))]));
  let doneBytes = 0;
  for (const entry of entries) {
    const header = encodeTarHeader(entry.path, entry.sizeBytes, mtimeSeconds);
    if (!header.ok) return header.error;
    await handle.appendFile(header.value);
    const hash = createHash('sha256');
    let sizeBytes = 0;
    for await (const chunk of createReadStream(join(directory, entry.path), { highWaterMark: 1024 * 1024 })) {
      hash.update(chunk);
      sizeBytes += chunk.length;
      await handle.appendFile(chunk);
      onProgress?.(doneBytes + sizeBytes, totalBytes);
    }
    if (sizeBytes !== entry.sizeBytes || hash.digest('hex') !== entry.sha256) {
      return `${entry.path} is damaged in the vault: run verify, then pull it again`;
    }
    doneBytes += sizeBytes;
    await handle.appendFile(Buffer.alloc(paddingAfter(sizeBytes)));
  }
  await handle.appendFile(Buffer.alloc(2 * TAR_BLOCK_BYTES));
  return undefined;
}
