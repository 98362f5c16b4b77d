import { isUtf8 } from 'node:buffer';
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  type Stats,
  statSync,
} from 'node:fs';
import { join, relative, sep } from 'node:path';
import type { Problem } from '../core/spec.ts';
import type { SourceFile } from './parse-file.ts';
import { createReport, quote, type Report } from './report.ts';
import { startOf } from './yaml-tree.ts';

/** A file as it was read. The same stamp a second time: it is the same, and is not read again. */
export interface StampedFile extends SourceFile {
  /** Absent: it was changed a moment ago, and could be once more without its times telling so. */
  readonly stamp?: string;
}

export interface TreeFiles {
  readonly files: readonly StampedFile[];
  readonly problems: readonly Problem[];
  /** Every folder that was read, for those who watch them. */
  readonly folders: readonly string[];
}

/** A machine is a few hundred bytes, a large site some 50 KB. Something else was saved under this name. */
const FILE_LIMIT_BYTES = 256 * 1024;
const FILES_LIMIT = 20_000;
const DEPTH_LIMIT = 32;
/** The coarsest clock of a file system (FAT) counts by two seconds. */
const SETTLED_MS = 3_000;

interface Walk {
  readonly root: string;
  readonly report: Report;
  readonly files: StampedFile[];
  readonly known: (path: string) => StampedFile | undefined;
  readonly now: () => number;
  readonly folders: string[];
  readonly seen: Set<string>;
}

const IN_WORDS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOTDIR: 'it is no folder',
  ELOOP: 'symbolic links lead in a circle',
  EMFILE: 'too many open files',
  EIO: 'the disk reports an error',
  ENAMETOOLONG: 'the name is too long',
};

export function explainReadError(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return IN_WORDS[code] ?? (code === '' ? 'it cannot be read' : code);
}

const isGone = (error: unknown) => (error as NodeJS.ErrnoException).code === 'ENOENT';

/** UTF-8 with or without a byte order mark; what is wrong with anything else, at its line. */
function decodeText(bytes: Buffer, path: string, report: Report): string | undefined {
  const utf16 = bytes.length >= 2 && (bytes.readUInt16BE(0) === 0xfffe || bytes.readUInt16BE(0) === 0xfeff);
  if (utf16) report.error(startOf(path), 'the text is UTF-16; save the file as UTF-8');
  else if (bytes.includes(0)) report.error(startOf(path), 'this is no text: it holds zero bytes');
  else if (isUtf8(bytes)) return bytes.toString('utf8');
  else {
    // The first line that is not UTF-8 by itself: no character spans a line break.
    let from = 0;
    let line = 1;
    for (; from < bytes.length; line += 1) {
      const end = bytes.indexOf(10, from);
      const next = end < 0 ? bytes.length : end + 1;
      if (!isUtf8(bytes.subarray(from, next))) break;
      from = next;
    }
    report.error(startOf(path), `line ${line} is not UTF-8; save the file as UTF-8`);
  }
  return undefined;
}

function stampOf({ dev, ino, size, mtimeMs, ctimeMs }: Stats, nowMs: number): string | undefined {
  return nowMs - ctimeMs > SETTLED_MS ? `${dev}:${ino}:${size}:${mtimeMs}:${ctimeMs}` : undefined;
}

/** Undefined where it cannot be used; why stands in the report. */
export function readSource(full: string, path: string, report: Report, nowMs = Date.now()): StampedFile | undefined {
  // A pipe named node-01.yaml would otherwise wait for its writer for ever.
  const handle = openSync(full, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(handle);
    if (!stat.isFile() || stat.size > FILE_LIMIT_BYTES) {
      const size = `${Math.ceil(stat.size / 1024)} KiB is too much for an inventory file; the limit is ${FILE_LIMIT_BYTES / 1024} KiB`;
      report.error(startOf(path), stat.isFile() ? size : 'this is no regular file');
      return undefined;
    }
    // One byte more than the limit shows a file that grew since.
    const buffer = Buffer.allocUnsafe(stat.size + 1);
    const length = readSync(handle, buffer, 0, stat.size + 1, 0);
    const text = decodeText(buffer.subarray(0, length), path, report);
    const stamp = stampOf(stat, nowMs);
    return text === undefined ? undefined : { path, text, ...(stamp === undefined ? {} : { stamp }) };
  } finally {
    closeSync(handle);
  }
}

function readText(walk: Walk, full: string, path: string): void {
  const known = walk.known(path);
  const nowMs = walk.now();
  const isSame = known?.stamp !== undefined && stampOf(statSync(full), nowMs) === known.stamp;
  const file = isSame ? known : readSource(full, path, walk.report, nowMs);
  if (file !== undefined) walk.files.push(file);
}

/** Follows a link only to what the tree does not read anyway, and never out of it. */
function checkLink(walk: Walk, full: string, path: string): boolean {
  const target = realpathSync(full);
  const inside = relative(walk.root, target);
  if (inside === '..' || inside.startsWith(`..${sep}`)) {
    walk.report.error(
      startOf(path),
      `this link leads out of the inventory, to ${quote(target)}; copy the file instead`,
    );
    return false;
  }
  const isHidden = inside.split(sep).some((part) => /^[._]/.test(part));
  if (isHidden || !statSync(target).isDirectory()) return true;
  const why = `${full}${sep}`.startsWith(`${target}${sep}`)
    ? 'leads back to a folder above it'
    : 'leads to a folder that is read anyway';
  walk.report.error(startOf(path), `this link ${why}; remove it`);
  return false;
}

function* visitEntry(walk: Walk, full: string, path: string, isFolder: boolean, depth: number): Generator<void> {
  try {
    if (isFolder) yield* visitFolder(walk, full, path, depth + 1);
    else if (/\.ya?ml$/.test(path)) readText(walk, full, path);
  } catch (error) {
    // Gone between the listing and the look: the next reload has it, or has it no more.
    if (!isGone(error)) walk.report.error(startOf(path), `cannot be read: ${explainReadError(error)}`);
  }
}

/** As other systems write it. */
const isMisnamed = (name: string): boolean => !name.startsWith('.') && /\.ya?ml$/i.test(name) && !/\.ya?ml$/.test(name);

function* visitFolder(walk: Walk, folder: string, path: string, depth: number): Generator<void> {
  if (depth > DEPTH_LIMIT) return walk.report.error(startOf(path), `more than ${DEPTH_LIMIT} folders deep`);
  const real = realpathSync(folder);
  if (walk.seen.has(real)) return;
  walk.seen.add(real);
  walk.folders.push(folder);
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    if (isMisnamed(entry.name))
      walk.report.warn(
        startOf(path === '' ? entry.name : `${path}/${entry.name}`),
        `this file is not read: its name ends on ${entry.name.slice(entry.name.lastIndexOf('.'))}; rename it .yaml`,
      );
    // Hidden ones belong to git and editors; folders with _ are the operator's own, for configs and templates.
    if (entry.name.startsWith('.') || (entry.name.startsWith('_') && !/\.ya?ml$/.test(entry.name))) continue;
    const full = join(folder, entry.name);
    const below = path === '' ? entry.name : `${path}/${entry.name}`;
    if (walk.files.length >= FILES_LIMIT) return walk.report.error(startOf(below), `more than ${FILES_LIMIT} files`);
    if (entry.isFile() && !/\.ya?ml$/.test(entry.name)) continue;
    if (entry.isFile() || entry.isDirectory()) yield* visitEntry(walk, full, below, entry.isDirectory(), depth);
    else if (entry.isSymbolicLink()) yield* visitLink(walk, full, below, depth);
    else if (/\.ya?ml$/.test(entry.name)) walk.report.error(startOf(below), 'this is no regular file');
    yield;
  }
}

function* visitLink(walk: Walk, full: string, path: string, depth: number): Generator<void> {
  let isFolder: boolean;
  try {
    if (!checkLink(walk, full, path)) return;
    isFolder = statSync(full).isDirectory();
  } catch (error) {
    const why = isGone(error) ? 'leads nowhere' : `cannot be followed: ${explainReadError(error)}`;
    walk.report.error(startOf(path), `this link ${why}`);
    return;
  }
  yield* visitEntry(walk, full, path, isFolder, depth);
}

/**
 * All YAML files below a folder; of those that are `known`, only the ones that changed are opened. Yields after each entry;
 * a folder that cannot be read is a problem, not an exception.
 */
export function* readTree(
  folder: string,
  known: Walk['known'] = () => undefined,
  now: Walk['now'] = Date.now,
): Generator<void, TreeFiles> {
  const report = createReport();
  const files: StampedFile[] = [];
  const folders: string[] = [];
  try {
    const root = realpathSync(folder);
    yield* visitFolder({ root, report, files, known, now, folders, seen: new Set() }, root, '', 0);
  } catch (error) {
    const why = isGone(error)
      ? 'there is no such folder; create it, or name another with --inventory'
      : explainReadError(error);
    report.error(startOf('.'), `the inventory ${quote(folder)}: ${why}`);
  }
  return { files, problems: report.problems, folders };
}
