import { statSync } from 'node:fs';
import { type EngineNote, readNotes } from './engine-notes.ts';

/** Engines that run, and whose socket this user does not see. */

type Sight = 'there' | 'absent' | 'barred';

function lookAt(path: string): Sight {
  try {
    return statSync(path, { throwIfNoEntry: false }) === undefined ? 'absent' : 'there';
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EACCES' ? 'barred' : 'absent';
  }
}

export const isSeen = (path: string): boolean => lookAt(path) === 'there';

/** Another user's folder stands before it: whether it is there cannot be seen from here. */
export const isBarred = (path: string): boolean => lookAt(path) === 'barred';

type Env = Readonly<Record<string, string | undefined>>;

const noteOf = (env: Env, socket: string): EngineNote | undefined =>
  readNotes(env).find((note) => note.socket === socket);

/** An engine that runs says that it listens there. */
export const isNoted = (env: Env, socket: string): boolean => noteOf(env, socket) !== undefined;

/** Why an engine that is meant cannot be talked to. Undefined: its socket is there. */
export function whyUnseen(env: Env, socket: string): string | undefined {
  if (isSeen(socket)) return undefined;
  const note = noteOf(env, socket);
  if (isBarred(socket)) {
    const who =
      note === undefined
        ? 'the engine of the inventory here may run'
        : `the engine of ${note.inventory} runs here (pid ${note.pid})`;
    return `${who}, and this user may not reach it: sudo crashcart …, with --socket ${socket}`;
  }
  return note === undefined
    ? undefined
    : `the engine of ${note.inventory} starts or ends just now (pid ${note.pid}): its socket ${socket} is not there; ask again in a moment`;
}
