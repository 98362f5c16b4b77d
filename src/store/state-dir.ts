import { chmod, lstat, readdir } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { fail, ok, type Result } from '../core/result.ts';
import { errnoOf, explainDiskError } from './explain-disk-error.ts';
import { makeFolder } from './make-folder.ts';

/** Where journal, snapshot, audit and socket live when the site names no folder. `uid` is the effective user's. */
export function resolveStateDir(env: Readonly<Record<string, string | undefined>>, uid: number): Result<string> {
  // systemd gives several folders as `a:b`; the unit that we ship has one.
  const bySystemd = env.STATE_DIRECTORY?.split(':')[0] ?? '';
  if (bySystemd !== '') {
    return isAbsolute(bySystemd) ? ok(bySystemd) : fail(`STATE_DIRECTORY is "${bySystemd}", which is no absolute path`);
  }
  // The XDG specification: a relative path there is ignored.
  const xdg = env.XDG_STATE_HOME ?? '';
  if (isAbsolute(xdg)) return ok(join(xdg, 'crashcart'));
  if (uid === 0) return ok('/var/lib/crashcart');
  const home = env.HOME ?? '';
  if (isAbsolute(home)) return ok(join(home, '.local', 'state', 'crashcart'));
  return fail('no state folder: set XDG_STATE_HOME or HOME, or write `stateDir:` in _site.yaml');
}

const OURS =
  /^(journal-|audit-|snapshot\.json|site\.secret$|configs$|media$|lock$|lock\.|orders\.reserve$|control\.sock)/;

/** What the program itself puts into its state folder. */
export const isOurs = (name: string): boolean => OURS.test(name);

/** Makes the folder, or makes sure that it is ours alone. A folder with other things in it is not taken over. */
export async function prepareStateDir(dir: string, uid: number): Promise<Result<void>> {
  try {
    await makeFolder(dir);
    const found = await lstat(dir);
    if (!found.isDirectory()) return fail(`${dir} is not a folder (a link is not followed)`);
    if (found.uid !== uid) {
      const as = uid === 0 ? `start it with --user ${found.uid}` : 'chown it';
      return fail(`${dir} belongs to user ${found.uid}, and crashcart runs as ${uid}: ${as}, or use another folder`);
    }
    if ((found.mode & 0o077) === 0) return ok(undefined);
    const foreign = (await readdir(dir)).find((name) => !isOurs(name));
    if (foreign !== undefined) {
      return fail(`${dir} is open to other users and holds "${foreign}", so it is no state folder: use one of its own`);
    }
    await chmod(dir, 0o700);
    return ok(undefined);
  } catch (error) {
    const hint =
      errnoOf(error) === 'EEXIST' ? `${dir} is a file` : explainDiskError(error, `use ${dir} for the state`, 'start');
    return fail(hint);
  }
}
