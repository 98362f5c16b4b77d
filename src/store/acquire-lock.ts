import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail, ok, type Result } from '../core/result.ts';
import { errnoOf, explainDiskError } from './explain-disk-error.ts';

/** Who writes in a state folder. A number alone may be another process by now, so the start time is part of it. */
export interface LockHolder {
  readonly pid: number;
  /** Boot and start tick of the process, from /proc; empty where there is no /proc. */
  readonly started: string;
  readonly what: string;
  readonly since: string;
}

export interface Lock {
  /** Also done when the process exits. */
  release(): void;
  /** Where its folder does not answer: it stays there, and is free when this process is no more. */
  leave(): void;
}

export interface LockOptions {
  /** What the holder is, for the message that another process gets: `crashcart serve`. */
  readonly what?: string;
  readonly pid?: number;
  readonly startedOf?: (pid: number) => string | undefined;
}

/** One writer for each folder. The name appears whole (a hard link), so that nobody reads half a lock. */
export function acquireLock(dir: string, options: LockOptions = {}): Result<Lock> {
  const startedOf = options.startedOf ?? readStarted;
  const pid = options.pid ?? process.pid;
  const path = join(dir, 'lock');
  const mine = join(dir, `lock.${pid}.${randomUUID()}`);
  const { what = 'crashcart' } = options;
  const holder: LockHolder = { pid, started: startedOf(pid) ?? '', what, since: new Date().toISOString() };
  const text = `${JSON.stringify(holder)}\n`;
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    try {
      writeFileSync(mine, text, { mode: 0o600, flag: 'wx' });
      const refusal = take(path, mine, startedOf);
      return refusal === undefined ? ok(hold(path, text)) : fail(refusal);
    } finally {
      // On a full disk it is there, and empty.
      removeIfThere(mine);
    }
  } catch (error) {
    return fail(explainDiskError(error, `lock ${dir}`, 'start'));
  }
}

type StartedOf = (pid: number) => string | undefined;

function take(path: string, mine: string, startedOf: StartedOf): string | undefined {
  if (tryLink(mine, path)) return undefined;
  const refusal = holderOf(path, startedOf);
  if (refusal !== undefined) return refusal;
  // The holder is gone. Of several that see this, the guard lets one remove the old name; it judges again under it.
  const guard = `${path}.takeover`;
  if (!tryLink(mine, guard)) {
    const other = holderOf(guard, startedOf);
    if (other !== undefined) return other;
    removeIfThere(guard);
    if (!tryLink(mine, guard)) return `another crashcart is just taking over ${path}: try again`;
  }
  try {
    const late = holderOf(path, startedOf);
    if (late !== undefined) return late;
    removeIfThere(path);
    return tryLink(mine, path) ? undefined : (holderOf(path, startedOf) ?? `${path} was taken just now`);
  } finally {
    removeIfThere(guard);
  }
}

/** Undefined when the name is free: no file, or a process that is no more. */
function holderOf(path: string, startedOf: StartedOf): string | undefined {
  const text = readIfThere(path);
  if (text === undefined) return undefined;
  const holder = parseHolder(text);
  // Links are whole, so text that is none of ours was put there by someone: it is not ours to remove.
  if (holder === undefined) return `${path} is not a lock of crashcart: look what it is, then remove it`;
  const started = startedOf(holder.pid);
  if (started === undefined || started !== holder.started) return undefined;
  return `${holder.what} (pid ${holder.pid}, since ${holder.since}) already writes in this state folder: attach to it, stop it, or use another one`;
}

function parseHolder(text: string): LockHolder | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return undefined;
    const { pid, started, what, since } = value as Partial<Record<keyof LockHolder, unknown>>;
    if (typeof pid !== 'number' || typeof started !== 'string') return undefined;
    if (typeof what !== 'string' || typeof since !== 'string') return undefined;
    return { pid, started, what, since };
  } catch {
    return undefined;
  }
}

function hold(path: string, text: string): Lock {
  const release = (): void => {
    process.off('exit', release);
    if (readIfThere(path) === text) removeIfThere(path);
  };
  process.on('exit', release);
  return { release, leave: () => void process.off('exit', release) };
}

/** Field 22 of /proc/PID/stat, counted behind the last bracket because a process may have `) ` in its name. */
function readStarted(pid: number): string | undefined {
  const stat = readIfThere(`/proc/${pid}/stat`);
  if (stat === undefined) return isAlive(pid) ? '' : undefined;
  const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (state === 'Z' || state === 'X') return undefined;
  return `${readIfThere('/proc/sys/kernel/random/boot_id')?.trim() ?? ''} ${fields[18] ?? ''}`;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) === 'EPERM';
  }
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ESRCH') return undefined;
    throw error;
  }
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}
