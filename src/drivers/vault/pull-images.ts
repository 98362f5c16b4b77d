import { readFile, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dispatcher } from 'undici';
import { fail, ok, type Result } from '../../core/result.ts';
import { fallbackCmdline } from '../../talos/kernel-quirks.ts';
import { parseTalosVersion } from '../../talos/talos-version.ts';
import { carriedProblem } from '../image/carried-problem.ts';
import {
  factoryName,
  type ImageKey,
  type ImageKind,
  imagePath,
  releaseName,
  VANILLA_SCHEMATIC,
  versionTag,
} from './artefact-name.ts';
import { download } from './download.ts';
import type { DownloadOptions, DownloadProgress } from './download-transfer.ts';
import { shapeProblem } from './image-shape.ts';
import { hashFile, type IncomingFile, openIncoming } from './incoming-file.ts';
import { openPartial, type PartialFile } from './partial-file.ts';
import { parseSha256Sums } from './sha256-sums.ts';
import { messageOf } from './vault-error.ts';
import { loadIndex, mergeEntries, updateIndex, type VaultEntry } from './vault-index.ts';

export type ImageSource =
  /** `https://factory.talos.dev` or one's own. */
  | { readonly from: 'factory'; readonly baseUrl: string }
  /** `https://github.com/siderolabs/talos/releases/download`: vanilla only, with checksums. */
  | { readonly from: 'release'; readonly baseUrl: string };

export interface PullRequest extends ImageKey {
  readonly source: ImageSource;
  readonly kinds?: readonly ImageKind[];
  readonly dispatcher: Dispatcher;
  readonly now: () => Date;
  readonly signal?: AbortSignal;
  readonly onProgress?: (kind: ImageKind, progress: DownloadProgress) => void;
  readonly onRetry?: (kind: ImageKind, reason: string) => void;
  /** Takes images that are too small to be any; tests only. */
  readonly anyShape?: boolean;
  readonly timing?: Pick<DownloadOptions, 'headersTimeoutMs' | 'stallTimeoutMs' | 'maxAttempts' | 'backoffMs'>;
}

const DEFAULT_KINDS: readonly ImageKind[] = ['kernel', 'initramfs', 'cmdline'];

/** All of them or none: an image without its initramfs is of no use and would look complete. */
export async function pullImages(directory: string, asked: PullRequest): Promise<Result<readonly VaultEntry[]>> {
  const request = { ...asked, version: versionTag(asked.version) };
  const kinds = wantedKinds(request);
  if (!kinds.ok) return kinds;
  const index = await loadIndex(directory);
  if (!index.ok) return index;
  const sums = await fetchSums(directory, request);
  if (!sums.ok) return sums;
  const received: Received[] = [];
  try {
    const kept: VaultEntry[] = [];
    for (const kind of kinds.value) {
      const path = imagePath(kind, request);
      if (!path.ok) return path;
      const known = index.value.find((entry) => entry.path === path.value);
      if (known !== undefined && (await isIntact(directory, known))) {
        kept.push(known);
        continue;
      }
      const pulled = await pullOne(directory, request, kind, path.value, sums.value);
      if (!pulled.ok && isSpare(kind, request, pulled.error)) continue;
      if (!pulled.ok) return pulled;
      received.push(pulled.value);
    }
    const accepted: VaultEntry[] = [];
    for (let next = received.shift(); next !== undefined; next = received.shift()) {
      await next.file.accept(join(directory, next.entry.path));
      accepted.push(next.entry);
    }
    const updated = await updateIndex(directory, (entries) => mergeEntries(entries, accepted));
    return updated.ok ? ok([...kept, ...accepted]) : updated;
  } catch (error) {
    return fail(`cannot store the images in ${directory}: ${messageOf(error)}`);
  } finally {
    // What was complete when another one failed need not be fetched again.
    for (const { file } of received) await file.keep();
  }
}

interface Received {
  readonly file: PartialFile;
  readonly entry: VaultEntry;
}

/** A release holds no command line file: the table of defaults stands in for it. */
function wantedKinds({ source, schematic, kinds = DEFAULT_KINDS }: PullRequest): Result<readonly ImageKind[]> {
  if (source.from === 'factory') return ok(kinds);
  if (schematic !== VANILLA_SCHEMATIC) {
    return fail('release assets are without extensions: this schematic can only come from an image factory');
  }
  return ok(kinds.filter((kind) => releaseName(kind, 'amd64') !== undefined));
}

/** Some factories have no command line file for old versions; where its text is known here, nothing is lost. */
function isSpare(kind: ImageKind, { version, arch }: PullRequest, error: string): boolean {
  const parsed = parseTalosVersion(version);
  const isAbsent = kind === 'cmdline' && error.includes('(HTTP 404)');
  return isAbsent && parsed.ok && fallbackCmdline(parsed.value, arch) !== undefined;
}

async function pullOne(
  directory: string,
  request: PullRequest,
  kind: ImageKind,
  path: string,
  sums: ReadonlyMap<string, string>,
): Promise<Result<Received>> {
  const url = urlOf(request, kind);
  const file = await openPartial(directory, url);
  const { onProgress, onRetry, signal, timing, dispatcher } = request;
  const done = await download(url, file, {
    dispatcher,
    freeBytes: () => freeBytesOf(directory),
    ...timing,
    ...(signal === undefined ? {} : { signal }),
    ...(onRetry === undefined ? {} : { onRetry: (reason) => onRetry(kind, reason) }),
    ...(onProgress === undefined ? {} : { onProgress: (progress) => onProgress(kind, progress) }),
  });
  if (!done.ok) {
    const keptBytes = await file.keep();
    return keptBytes === 0 ? done : fail(`${done.error}; ${keptBytes} bytes are kept: pull again to go on from there`);
  }
  const wrong = contentProblem(file, kind, sums.get(nameIn(url))) ?? (await carriedProblem(kind, file.path));
  const isShaped = wrong !== undefined || request.anyShape === true;
  const problem = isShaped ? wrong : shapeProblem(kind, file.head(), file.receivedBytes());
  if (problem !== undefined) {
    await file.discard();
    return fail(problem);
  }
  const { schematic, version, arch, now } = request;
  const sizeBytes = file.receivedBytes();
  const entry = {
    path,
    kind,
    version,
    schematic,
    arch,
    sha256: file.sha256(),
    sizeBytes,
    origin: url,
    addedAt: now().toISOString(),
  };
  return ok({ file, entry });
}

/** What a proxy or a login page put in the place of an image. */
function contentProblem(file: IncomingFile, kind: ImageKind, expected: string | undefined): string | undefined {
  if (file.receivedBytes() === 0) return `the ${kind} is empty`;
  const head = Buffer.from(file.head()).toString('latin1').trimStart().toLowerCase();
  if (head.startsWith('<!doctype') || head.startsWith('<html')) {
    return `a web page came instead of the ${kind}: is there a proxy or a login in between?`;
  }
  if (kind === 'cmdline' && !head.includes('talos.platform=')) return 'the command line file holds no talos.platform=';
  if (expected !== undefined && expected !== file.sha256()) {
    return `the ${kind} does not have the SHA-256 of sha256sum.txt: expected ${expected}, got ${file.sha256()}; pull again, and if it stays so, do not use this mirror`;
  }
  return undefined;
}

/** Index and notes need some of it too. */
const SPARE_BYTES = 4 * 1024 * 1024;

async function freeBytesOf(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return Math.max(0, bavail * bsize - SPARE_BYTES);
}

/** Only release assets come with checksums; a factory's image is pinned by what came first. */
async function fetchSums(directory: string, request: PullRequest): Promise<Result<ReadonlyMap<string, string>>> {
  if (request.source.from === 'factory') return ok(new Map());
  const { signal, timing, dispatcher } = request;
  const url = `${trimmed(request.source.baseUrl)}/${request.version}/sha256sum.txt`;
  const file = await openIncoming(directory);
  try {
    const options = { dispatcher, ...timing, maxBytes: 1024 * 1024, ...(signal === undefined ? {} : { signal }) };
    const done = await download(url, file, options);
    if (!done.ok) return done;
    return parseSha256Sums(await readFile(file.path, 'utf8'));
  } finally {
    await file.discard();
  }
}

function urlOf({ source, version, schematic, arch }: PullRequest, kind: ImageKind): string {
  const base = trimmed(source.baseUrl);
  if (source.from === 'release') return `${base}/${version}/${releaseName(kind, arch) ?? ''}`;
  return `${base}/image/${schematic}/${version}/${factoryName(kind, arch)}`;
}

/** Hashing 100 MB takes a quarter of a second, fetching it again minutes. */
async function isIntact(directory: string, entry: VaultEntry): Promise<boolean> {
  try {
    const { sha256 } = await hashFile(join(directory, entry.path));
    return sha256 === entry.sha256;
  } catch {
    return false;
  }
}

const nameIn = (url: string): string => url.slice(url.lastIndexOf('/') + 1);
const trimmed = (url: string): string => url.replace(/\/+$/, '');
