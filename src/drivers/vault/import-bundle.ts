import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, ok, type Result } from '../../core/result.ts';
import { carriedProblem } from '../image/carried-problem.ts';
import { BUNDLE_MANIFEST } from './export-bundle.ts';
import { type IncomingFile, openIncoming } from './incoming-file.ts';
import { decodeTarHeader, paddingAfter, TAR_BLOCK_BYTES } from './tar-codec.ts';
import { messageOf } from './vault-error.ts';
import { mergeEntries, parseIndex, updateIndex, type VaultEntry } from './vault-index.ts';

const MANIFEST_MAX_BYTES = 4 * 1024 * 1024;
const CHUNK_BYTES = 1024 * 1024;

/** Takes in a whole bundle or nothing. What is in it is believed only as far as its hashes go. */
export async function importBundle(
  directory: string,
  file: string,
  onProgress?: (doneBytes: number, totalBytes: number) => void,
): Promise<Result<readonly VaultEntry[]>> {
  const received = new Map<string, IncomingFile>();
  try {
    const handle = await open(file, 'r');
    try {
      const reader = createReader(handle);
      const entries = await readManifest(reader);
      if (!entries.ok) return entries;
      const problem = await readFiles(reader, directory, entries.value, received, onProgress);
      if (problem !== undefined) return fail(problem);
      for (const entry of entries.value) await received.get(entry.path)?.accept(join(directory, entry.path));
      const updated = await updateIndex(directory, (known) => mergeEntries(known, entries.value));
      return updated.ok ? ok(entries.value) : updated;
    } finally {
      await handle.close();
    }
  } catch (error) {
    return fail(`cannot read ${file}: ${messageOf(error)}`);
  } finally {
    for (const incoming of received.values()) await incoming.discard();
  }
}

interface Reader {
  /** Fewer bytes than asked for only at the end of the file. */
  readonly read: (lengthBytes: number) => Promise<Uint8Array>;
}

/** Own position: the handle's would move under two readers. */
function createReader(handle: FileHandle): Reader {
  let position = 0;
  return {
    async read(lengthBytes) {
      const buffer = Buffer.alloc(lengthBytes);
      let filled = 0;
      while (filled < lengthBytes) {
        const { bytesRead } = await handle.read(buffer, filled, lengthBytes - filled, position);
        if (bytesRead === 0) break;
        filled += bytesRead;
        position += bytesRead;
      }
      return buffer.subarray(0, filled);
    },
  };
}

async function readManifest(reader: Reader): Promise<Result<readonly VaultEntry[]>> {
  const header = decodeTarHeader(await reader.read(TAR_BLOCK_BYTES));
  if (!header.ok) return header;
  if (header.value?.name !== BUNDLE_MANIFEST || header.value.sizeBytes > MANIFEST_MAX_BYTES) {
    return fail(`this is no bundle of crashcart: its first file is not ${BUNDLE_MANIFEST}`);
  }
  const bytes = await reader.read(header.value.sizeBytes);
  await reader.read(paddingAfter(header.value.sizeBytes));
  const entries = parseIndex(Buffer.from(bytes).toString('utf8'));
  return entries === undefined ? fail('the list of files in the bundle is damaged') : ok(entries);
}

/** Returns why not. What is not in the list, or is there twice, ends it: nobody packed that on purpose. */
async function readFiles(
  reader: Reader,
  directory: string,
  entries: readonly VaultEntry[],
  received: Map<string, IncomingFile>,
  onProgress: ((doneBytes: number, totalBytes: number) => void) | undefined,
): Promise<string | undefined> {
  const totalBytes = entries.reduce((sum, one) => sum + one.sizeBytes, 0);
  let doneBytes = 0;
  for (;;) {
    const header = decodeTarHeader(await reader.read(TAR_BLOCK_BYTES));
    if (!header.ok) return header.error;
    if (header.value === undefined) break;
    const { name, sizeBytes, kind } = header.value;
    if (kind === 'folder') continue;
    const entry = entries.find((one) => one.path === name);
    if (entry === undefined) return `${name.slice(0, 80)} is in the bundle and not in its list`;
    if (received.has(name) || sizeBytes !== entry.sizeBytes)
      return `${name} is there twice, or has another size than in the list`;
    const incoming = await openIncoming(directory);
    received.set(name, incoming);
    for (let left = sizeBytes; left > 0; ) {
      const chunk = await reader.read(Math.min(left, CHUNK_BYTES));
      if (chunk.length === 0) return `the bundle is cut off in ${name}`;
      await incoming.write(chunk);
      left -= chunk.length;
      doneBytes += chunk.length;
      onProgress?.(doneBytes, totalBytes);
    }
    await reader.read(paddingAfter(sizeBytes));
    if (incoming.sha256() !== entry.sha256) return `${name} is damaged in the bundle: its SHA-256 is another one`;
    const problem = await carriedProblem(entry.kind, incoming.path);
    if (problem !== undefined) return `${name}: ${problem}`;
  }
  const missing = entries.find((one) => !received.has(one.path));
  return missing === undefined ? undefined : `${missing.path} is in the list and not in the bundle`;
}
