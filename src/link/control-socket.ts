import { chmodSync, lstatSync, unlinkSync } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { isMainThread } from 'node:worker_threads';
import { fail, ok, type Result } from '../core/result.ts';

/** The way in for `attach`, `status` and scripts: a Unix socket of the engine's own user, and nobody else's. */
export async function listenControl(path: string, take: (socket: Socket) => void): Promise<Result<Server>> {
  const cleared = await clearStale(path);
  if (!cleared.ok) return cleared;
  return new Promise((resolve) => {
    const server = createServer(take);
    // The socket is created with this mask, so that it is never open to others. A thread may not set it: there the
    // folder, which is private (0700), does it.
    const mask = isMainThread ? process.umask(0o177) : undefined;
    server.once('error', (error) => resolve(fail(`cannot listen on ${path}: ${error.message}`)));
    server.listen(path, () => {
      chmodSync(path, 0o600);
      resolve(ok(server));
    });
    if (mask !== undefined) process.umask(mask);
  });
}

const UNLINK_MS = 1_000;

/**
 * Its name goes with it, and whoever closes it waits for the disk: it is taken away beside this thread before. Where that
 * disk hangs the name stays, as after a crash; whoever comes is not let in any more, and nothing waits for him.
 */
export async function closeControl(server: Server, path: string, disk = { unlink }): Promise<void> {
  let late: NodeJS.Timeout | undefined;
  const hangs = new Promise<boolean>((resolve) => {
    late = setTimeout(() => resolve(true), UNLINK_MS);
  });
  const gone = disk.unlink(path).then(
    () => false,
    () => false,
  );
  const isStuck = await Promise.race([gone, hangs]);
  clearTimeout(late);
  if (!isStuck) server.close();
  else
    server
      .removeAllListeners('connection')
      .on('connection', (socket) => socket.destroy())
      .unref();
}

/** A socket file without a listener is what a crash leaves. One that answers is another engine. */
async function clearStale(path: string): Promise<Result<void>> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return ok(undefined);
  if (!found.isSocket()) return fail(`${path} is there and is no socket; move it away`);
  const alive = await new Promise<boolean>((resolve) => {
    const probe = createConnection(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
  if (alive) return fail(`another crashcart already listens on ${path}; use \`crashcart attach\``);
  unlinkSync(path);
  return ok(undefined);
}

/** Why this user cannot reach it, whether an engine listens there or not. */
export function whyBarred(path: string): string | undefined {
  const uid = process.getuid?.() ?? 0;
  try {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined || found.uid === uid || uid === 0) return undefined;
    return `${path} belongs to another user (uid ${found.uid}); become that user`;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    if (code !== 'EACCES') return `${path} cannot be reached (${code})`;
    return `${path} may not be looked at by this user; become the one that the engine runs as`;
  }
}

/** Refuses a socket that somebody else put there: it could be made to collect typed confirmations. */
export async function dialControl(path: string): Promise<Result<Socket>> {
  const barred = whyBarred(path);
  if (barred !== undefined) return fail(barred);
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined)
    return fail(`no engine is running here (${path} is not there): start \`crashcart serve\` or \`crashcart up\``);
  if (!found.isSocket() || (found.mode & 0o077) !== 0)
    return fail(`${path} is not a private socket (mode ${(found.mode & 0o777).toString(8)}); not trusted`);
  return new Promise((resolve) => {
    const socket = createConnection(path);
    socket.once('connect', () => resolve(ok(socket)));
    socket.once('error', (error) =>
      resolve(fail(`the engine does not answer on ${path} (${error.message}): it may have crashed; start it again`)),
    );
  });
}
