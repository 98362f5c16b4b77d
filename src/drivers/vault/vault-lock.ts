import { open, readFile, rm, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const WAIT_MS = 20;
const GIVE_UP_MS = 15_000;
/** The index is written in milliseconds: a lock this old belongs to a program on another machine that died. */
const STALE_MS = 60_000;

/** A lock file made with O_EXCL, which also holds between processes and on network file systems. */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const until = Date.now() + GIVE_UP_MS;
  while (!(await take(file))) {
    if (await isStale(file)) await rm(file, { force: true });
    else if (Date.now() > until) throw new Error(`another program holds ${file}`);
    else await sleep(WAIT_MS + Math.floor(Math.random() * WAIT_MS));
  }
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

async function take(file: string): Promise<boolean> {
  try {
    const handle = await open(file, 'wx', 0o644);
    await handle.writeFile(String(process.pid));
    await handle.close();
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

async function isStale(file: string): Promise<boolean> {
  try {
    const { mtimeMs } = await stat(file);
    if (Date.now() - mtimeMs > STALE_MS) return true;
    const owner = Number(await readFile(file, 'utf8'));
    // An empty file is one that is being written right now.
    return Number.isInteger(owner) && owner > 0 && !isAlive(owner);
  } catch {
    return false;
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
