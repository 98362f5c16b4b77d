import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { fail, ok, type Result } from '../core/result.ts';
import { isAlive } from './demo-folders.ts';
import { isSameFolder } from './same-folder.ts';

/** Where an engine that serves an inventory is: left for commands, which then need not ask a file that is being edited. */
export interface EngineNote {
  readonly pid: number;
  /** Its folder. */
  readonly inventory: string;
  readonly socket: string;
  /** The vault that machines are sent from. */
  readonly assets: string;
}

type Env = Readonly<Record<string, string | undefined>>;

/** Of root; under systemd that of the unit's user. */
const RUN_FOLDER = '/run/crashcart';
const LONGEST_BYTES = 64 * 1024;

/** Where a start of this user or of root may have left one, gone with the next boot of this host: the first is the best. */
function noteFolders({ RUNTIME_DIRECTORY, XDG_RUNTIME_DIR = '' }: Env): readonly string[] {
  const bySystemd = RUNTIME_DIRECTORY?.split(':')[0] ?? '';
  if (isAbsolute(bySystemd)) return [bySystemd];
  return [
    RUN_FOLDER,
    ...(isAbsolute(XDG_RUNTIME_DIR) ? [join(XDG_RUNTIME_DIR, 'crashcart')] : []),
    join(tmpdir(), `crashcart-${process.getuid?.() ?? 0}`),
  ];
}

/** Returns how to take it away again. */
export function keepNote(env: Env, note: EngineNote): Result<() => void> {
  const problems: string[] = [];
  for (const folder of noteFolders(env)) {
    try {
      mkdirSync(folder, { recursive: true, mode: folder.startsWith(tmpdir()) ? 0o700 : 0o755 });
      if (!isTrusted(folder)) throw new Error(`${folder} belongs to somebody else`);
      for (const { path, pid } of listNotes(folder)) if (!isAlive(pid)) rmSync(path, { force: true });
      const path = join(folder, `engine-${note.pid}.json`);
      // Whole or not at all: a command may read it now. Under systemd the folder is the service's, and root writes through no
      // link of its making.
      rmSync(`${path}.new`, { force: true });
      writeFileSync(`${path}.new`, `${JSON.stringify(note)}\n`, { mode: 0o644, flag: 'wx' });
      renameSync(`${path}.new`, path);
      return ok(() => rmSync(path, { force: true }));
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
    }
  }
  return fail(problems.join('; '));
}

/** Of engines that run, the oldest first. */
export function readNotes(env: Env): readonly EngineNote[] {
  const found = noteFolders(env).flatMap((folder) => (isTrusted(folder) ? listNotes(folder) : []));
  const notes = found.filter(({ pid }) => isAlive(pid)).sort((a, b) => a.writtenMs - b.writtenMs);
  return notes.flatMap(({ path, pid }) => {
    const note = readNote(path);
    return note?.pid === pid ? [note] : [];
  });
}

/** Those that serve this folder, whatever it is called here. */
export const notesOf = (env: Env, inventory: string): readonly EngineNote[] =>
  readNotes(env).filter((note) => isSameFolder(note.inventory, resolve(inventory)));

/** Whose inventory the engine behind this socket serves, where it says so and it is another one. */
export function servesAnother(env: Env, socket: string, inventory: string): string | undefined {
  const notes = readNotes(env).filter((note) => isSameFolder(dirname(note.socket), dirname(resolve(socket))));
  return notes.some((note) => isSameFolder(note.inventory, resolve(inventory))) ? undefined : notes.at(-1)?.inventory;
}

/** The engine that sits on a port which this one wants; undefined: another program does. */
export function sameInventoryText(env: Env, inventory: string): string | undefined {
  const [other] = notesOf(env, inventory).filter(({ pid }) => pid !== process.pid);
  return other === undefined
    ? undefined
    : `a crashcart serves this inventory already (pid ${other.pid}, ${other.socket}): use that one (crashcart attach), or stop it first`;
}

/** In a common folder such as /tmp a folder of this name may be anybody's; in /run root says whose it is. */
function isTrusted(folder: string): boolean {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  if (found?.isDirectory() !== true) return false;
  const uid = process.getuid?.() ?? 0;
  return !folder.startsWith(tmpdir()) || found.uid === uid;
}

interface Found {
  readonly path: string;
  readonly pid: number;
  readonly writtenMs: number;
}

function listNotes(folder: string): readonly Found[] {
  try {
    return readdirSync(folder).flatMap((name) => {
      const pid = Number(/^engine-(\d+)\.json$/.exec(name)?.[1]);
      const path = join(folder, name);
      const found = Number.isInteger(pid) ? lstatSync(path, { throwIfNoEntry: false }) : undefined;
      return found?.isFile() === true && found.size < LONGEST_BYTES ? [{ path, pid, writtenMs: found.mtimeMs }] : [];
    });
  } catch {
    return [];
  }
}

function readNote(path: string): EngineNote | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof value !== 'object' || value === null) return undefined;
    const { pid, inventory, socket, assets } = value as Partial<Record<keyof EngineNote, unknown>>;
    if (typeof pid !== 'number' || typeof inventory !== 'string') return undefined;
    return typeof socket === 'string' && typeof assets === 'string' ? { pid, inventory, socket, assets } : undefined;
  } catch {
    return undefined;
  }
}
