import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Artefact } from '../../core/job.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import type { Arch } from '../../core/spec.ts';
import { type ArtefactKind, isVaultPath } from './artefact-name.ts';
import { explainUnread } from './explain-unread.ts';
import { codeOf, messageOf } from './vault-error.ts';
import { withLock } from './vault-lock.ts';

export interface VaultEntry extends Artefact {
  readonly kind: ArtefactKind;
  readonly version?: string;
  readonly schematic?: string;
  readonly arch?: Arch;
  /** URL or file that it came from. */
  readonly origin: string;
  /** ISO 8601. */
  readonly addedAt: string;
}

const INDEX_FILE = 'index.json';
const LOST = 'move it away and add or pull the images again';
const KINDS: readonly string[] = ['kernel', 'initramfs', 'cmdline', 'uki', 'secureUki', 'loader'];

export async function loadIndex(directory: string): Promise<Result<readonly VaultEntry[]>> {
  let text: string;
  try {
    text = await readFile(join(directory, INDEX_FILE), 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return ok([]);
    const why = explainUnread(join(directory, INDEX_FILE), error, LOST);
    return fail(`cannot read the vault's index: ${why}`);
  }
  const entries = parseIndex(text);
  if (entries !== undefined) return ok(entries);
  return fail(`${join(directory, INDEX_FILE)} is damaged: ${LOST}`);
}

/** Reads, changes and replaces the index under a lock, so that two programs on one vault lose nothing. */
export async function updateIndex(
  directory: string,
  change: (entries: readonly VaultEntry[]) => readonly VaultEntry[],
): Promise<Result<readonly VaultEntry[]>> {
  try {
    await mkdir(directory, { recursive: true });
    return await withLock(join(directory, `${INDEX_FILE}.lock`), async () => {
      const before = await loadIndex(directory);
      if (!before.ok) return before;
      const after = change(before.value).toSorted((a, b) => (a.path < b.path ? -1 : 1));
      await saveAtomically(
        join(directory, INDEX_FILE),
        `${JSON.stringify({ format: 1, artefacts: after }, null, 2)}\n`,
      );
      return ok(after);
    });
  } catch (error) {
    return fail(`cannot write the vault's index in ${directory}: ${messageOf(error)}`);
  }
}

/** The entries with these put in the place of those with the same path. */
export function mergeEntries(entries: readonly VaultEntry[], added: readonly VaultEntry[]): readonly VaultEntry[] {
  const paths = new Set(added.map((one) => one.path));
  return [...entries.filter((one) => !paths.has(one.path)), ...added];
}

export function parseIndex(text: string): readonly VaultEntry[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!isRecord(value) || value.format !== 1 || !Array.isArray(value.artefacts)) return undefined;
    return value.artefacts.every(isEntry) ? value.artefacts : undefined;
  } catch {
    return undefined;
  }
}

function isEntry(value: unknown): value is VaultEntry {
  if (!isRecord(value)) return false;
  const { path, kind, sha256, sizeBytes, origin, addedAt, version, schematic, arch } = value;
  const optionalText = (one: unknown) => one === undefined || typeof one === 'string';
  return (
    typeof path === 'string' &&
    isVaultPath(path) &&
    KINDS.includes(String(kind)) &&
    typeof sha256 === 'string' &&
    /^[0-9a-f]{64}$/.test(sha256) &&
    Number.isSafeInteger(sizeBytes) &&
    typeof origin === 'string' &&
    typeof addedAt === 'string' &&
    optionalText(version) &&
    optionalText(schematic) &&
    (arch === undefined || arch === 'amd64' || arch === 'arm64')
  );
}

/** Written beside, flushed, renamed: after a power cut there is the old file or the new one, never a part. */
export async function saveAtomically(file: string, text: string): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    const handle = await open(temporary, 'w', 0o644);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
    await syncDirectory(dirname(file));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** A rename lasts only when its folder is flushed too. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
