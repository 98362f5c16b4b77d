import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Artefact } from '../../core/job.ts';
import type { LoadedFile } from '../../core/ports.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import { carriedProblem } from '../image/carried-problem.ts';
import { type ImageKey, type ImageKind, imagePath, loaderPath, sameKey, versionTag } from './artefact-name.ts';
import { explainUnread, isBarred } from './explain-unread.ts';
import { type BundleSummary, exportBundle } from './export-bundle.ts';
import { findLoader, LOADER_ADVICE } from './find-loader.ts';
import { shapeProblem } from './image-shape.ts';
import { importBundle } from './import-bundle.ts';
import { hashFile, type IncomingFile } from './incoming-file.ts';
import { sweepIncoming } from './partial-file.ts';
import { type PullRequest, pullImages } from './pull-images.ts';
import { storeFile } from './store-file.ts';
import { messageOf } from './vault-error.ts';
import { loadIndex, updateIndex, type VaultEntry } from './vault-index.ts';

export type ByteProgress = (doneBytes: number, totalBytes: number) => void;

export interface Rot {
  readonly entry: VaultEntry;
  /** `unreadable`: this user may not read it. */
  readonly is: 'intact' | 'missing' | 'unreadable' | 'damaged';
}

export interface Vault {
  readonly directory: string;
  readonly list: () => Promise<Result<readonly VaultEntry[]>>;
  /** `anyShape`: even what does not look like its kind. */
  readonly addImage: (kind: ImageKind, key: ImageKey, file: string, anyShape?: boolean) => Promise<Result<VaultEntry>>;
  readonly addLoader: (name: string, file: string) => Promise<Result<VaultEntry>>;
  readonly pull: (request: Omit<PullRequest, 'now'>) => Promise<Result<readonly VaultEntry[]>>;
  readonly verify: (onProgress?: ByteProgress) => Promise<Result<readonly Rot[]>>;
  /** Removes the images that no key names. Loaders stay. */
  readonly prune: (needed: readonly ImageKey[], dryRun: boolean) => Promise<Result<readonly VaultEntry[]>>;
  readonly exportTo: (
    file: string,
    needed?: readonly ImageKey[],
    onProgress?: ByteProgress,
  ) => Promise<Result<BundleSummary>>;
  readonly importFrom: (file: string, onProgress?: ByteProgress) => Promise<Result<readonly VaultEntry[]>>;
  /** The vault's own loader, else the one of the system's ipxe package. Hashed at every call. */
  readonly loader: (name: string) => Promise<Result<LoadedFile>>;
  /** Rule 6: reads the whole file and compares. */
  readonly prove: (artefact: Artefact) => Promise<Result<LoadedFile>>;
  /** A small file, as text: what is compared is what is returned. */
  readonly text: (artefact: Artefact) => Promise<Result<string>>;
  /** What an image holds that no machine may be sent with it: a version of before may have taken it in. */
  readonly carries: (entry: VaultEntry) => Promise<string | undefined>;
}

export interface VaultOptions {
  readonly now?: () => Date;
  /** Where the packages of the system are looked for; tests only. */
  readonly systemRoot?: string;
  /** Takes local files that are too small to be images; simulated machines and tests only. */
  readonly anyShape?: boolean;
}

export async function openVault(path: string, options: VaultOptions = {}): Promise<Result<Vault>> {
  const { now = () => new Date(), systemRoot = '/', anyShape = false } = options;
  const directory = resolve(path);
  try {
    await mkdir(directory, { recursive: true });
    await sweepIncoming(directory);
  } catch (error) {
    return fail(`cannot use ${directory} for images: ${messageOf(error)}`);
  }
  const index = await loadIndex(directory);
  if (!index.ok) return index;
  const select = async (needed: readonly ImageKey[] | undefined): Promise<Result<readonly VaultEntry[]>> => {
    const entries = await loadIndex(directory);
    if (!entries.ok || needed === undefined) return entries;
    return ok(entries.value.filter((entry) => entry.kind === 'loader' || needed.some((key) => sameKey(entry, key))));
  };
  return ok({
    directory,
    list: () => loadIndex(directory),
    async addImage(kind, key, file, takesAny = anyShape) {
      const target = imagePath(kind, key);
      if (!target.ok) return target;
      const { schematic, arch } = key;
      const about = { path: target.value, kind, version: versionTag(key.version), schematic, arch };
      return storeFile(directory, file, about, now(), (incoming) =>
        takesAny ? carriedProblem(kind, incoming.path) : localProblem(kind, incoming),
      );
    },
    async addLoader(name, file) {
      const target = loaderPath(name);
      return target.ok ? storeFile(directory, file, { path: target.value, kind: 'loader' }, now()) : target;
    },
    pull: (request) => pullImages(directory, { ...request, now }),
    verify: (onProgress) => verifyAll(directory, onProgress),
    async prune(needed, dryRun) {
      const entries = await loadIndex(directory);
      if (!entries.ok) return entries;
      const idle = entries.value.filter(
        (entry) => entry.kind !== 'loader' && !needed.some((key) => sameKey(entry, key)),
      );
      return dryRun || idle.length === 0 ? ok(idle) : removeEntries(directory, idle);
    },
    async exportTo(file, needed, onProgress) {
      const entries = await select(needed);
      return entries.ok ? exportBundle(directory, entries.value, resolve(file), now(), onProgress) : entries;
    },
    importFrom: (file, onProgress) => importBundle(directory, resolve(file), onProgress),
    loader: (name) => proveLoader(directory, name, systemRoot),
    prove: (artefact) => prove(directory, artefact),
    text: (artefact) => provenText(directory, artefact),
    carries: ({ kind, path }) => carriedProblem(kind, join(directory, path)),
  });
}

/** Swapped by hand, or another file altogether: neither would be noticed before a machine stands still. */
async function localProblem(kind: ImageKind, incoming: IncomingFile): Promise<string | undefined> {
  const head = incoming.head();
  if (kind === 'cmdline' && !Buffer.from(head).toString('latin1').includes('talos.platform='))
    return 'this is no command line file of Talos: it holds no talos.platform=';
  return (await carriedProblem(kind, incoming.path)) ?? shapeProblem(kind, head, incoming.receivedBytes());
}

async function proveLoader(directory: string, name: string, systemRoot: string): Promise<Result<LoadedFile>> {
  const path = loaderPath(name);
  if (!path.ok) return path;
  const entries = await loadIndex(directory);
  if (!entries.ok) return entries;
  const own = entries.value.find((entry) => entry.path === path.value);
  if (own !== undefined) return prove(directory, own);
  const found = await findLoader(name, systemRoot);
  if (found === undefined) return fail(`the boot loader ${name} was not found: ${LOADER_ADVICE}`);
  return ok({ path: found, ...(await hashFile(found)) });
}

const AGAIN = 'Pull or add it again';

async function prove(directory: string, artefact: Artefact): Promise<Result<LoadedFile>> {
  const path = join(directory, artefact.path);
  try {
    const { sha256, sizeBytes } = await hashFile(path);
    if (sha256 === artefact.sha256) return ok({ path, sha256, sizeBytes });
    return fail(damagedText(artefact));
  } catch (error) {
    return fail(explainUnread(path, error, AGAIN));
  }
}

async function provenText(directory: string, artefact: Artefact): Promise<Result<string>> {
  const path = join(directory, artefact.path);
  try {
    if ((await stat(path)).size !== artefact.sizeBytes) return fail(damagedText(artefact));
    const bytes = await readFile(path);
    const isIntact = createHash('sha256').update(bytes).digest('hex') === artefact.sha256;
    return isIntact ? ok(bytes.toString('utf8')) : fail(damagedText(artefact));
  } catch (error) {
    return fail(explainUnread(path, error, AGAIN));
  }
}

const damagedText = ({ path }: Artefact): string =>
  `${path} is damaged: its SHA-256 is not the one it was stored with. ${AGAIN}`;

async function verifyAll(directory: string, onProgress: ByteProgress | undefined): Promise<Result<readonly Rot[]>> {
  const entries = await loadIndex(directory);
  if (!entries.ok) return entries;
  const totalBytes = entries.value.reduce((sum, one) => sum + one.sizeBytes, 0);
  const found: Rot[] = [];
  let doneBytes = 0;
  for (const entry of entries.value) {
    const is = await hashFile(join(directory, entry.path)).then(
      ({ sha256 }) => (sha256 === entry.sha256 ? 'intact' : 'damaged'),
      (error: unknown) => (isBarred(error) ? 'unreadable' : 'missing'),
    );
    found.push({ entry, is });
    doneBytes += entry.sizeBytes;
    onProgress?.(doneBytes, totalBytes);
  }
  return ok(found);
}

/** First out of the index, then off the disk: an entry never points at nothing. */
async function removeEntries(
  directory: string,
  entries: readonly VaultEntry[],
): Promise<Result<readonly VaultEntry[]>> {
  const paths = new Set(entries.map((one) => one.path));
  const updated = await updateIndex(directory, (known) => known.filter((one) => !paths.has(one.path)));
  if (!updated.ok) return updated;
  for (const path of paths) await rm(join(directory, path), { force: true });
  return ok(entries);
}
