import { chown, lchown, lstat, mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fail, ok, type Result } from '../core/result.ts';
import { acquireLock } from './acquire-lock.ts';
import { explainDiskError } from './explain-disk-error.ts';
import { makeFolder } from './make-folder.ts';
import { isOurs } from './state-dir.ts';

/** Who is to own a state folder. */
export interface NewOwner {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/**
 * As root: a state folder that was root's becomes this user's, so that the program goes on in it without root. One that
 * holds anything else keeps its owner: `--state /root` must not give away a home.
 */
export async function handOver(dir: string, owner: NewOwner): Promise<Result<void>> {
  try {
    await makeFolder(dirname(dir), 0o777);
    await mkdir(dir, { mode: 0o700 }).catch(ifThere);
    const found = await lstat(dir);
    if (!found.isDirectory()) return fail(`${dir} is not a folder (a link is not followed)`);
    if (found.uid !== 0 && found.uid !== owner.uid)
      return fail(`${dir} belongs to user ${found.uid}: chown -R ${owner.name}: ${dir}, or use another folder`);
    const names = await readdir(dir);
    if (found.uid === owner.uid) return checkOwner(dir, names, owner);
    if ((found.mode & 0o022) !== 0) return fail(`${dir} can be written by other users: chmod 700 ${dir}`);
    const foreign = names.find((name) => !isOurs(name));
    if (foreign !== undefined)
      return fail(`${dir} holds "${foreign}", so it is no state folder: use one of its own (--state DIR)`);
    const lock = acquireLock(dir, { what: 'crashcart, which gives it to another user,' });
    if (!lock.ok) return lock;
    lock.value.release();
    await giveBelow(dir, owner);
    // The folder last: whoever was stopped half way finds it still root's, and begins again.
    await chown(dir, owner.uid, owner.gid);
    return ok(undefined);
  } catch (error) {
    return fail(explainDiskError(error, `give ${dir} to ${owner.name}`, 'start'));
  }
}

function ifThere(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'EEXIST') return undefined;
  throw error;
}

/** In a folder that somebody else may write, root changes no owner: a link could be put there meanwhile. */
async function checkOwner(dir: string, names: readonly string[], owner: NewOwner): Promise<Result<void>> {
  for (const name of names)
    if ((await lstat(join(dir, name))).uid !== owner.uid)
      return fail(`${join(dir, name)} belongs to another user: chown -R ${owner.name}: ${dir}`);
  return ok(undefined);
}

async function giveBelow(dir: string, owner: NewOwner): Promise<void> {
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) await giveBelow(path, owner);
    await lchown(path, owner.uid, owner.gid);
  }
}
