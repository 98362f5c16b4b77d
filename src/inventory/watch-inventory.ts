import { type FSWatcher, statSync, watch } from 'node:fs';
import type { Inventory, Problem } from '../core/spec.ts';
import { hashInventory } from './hash-inventory.ts';
import { GRACE_MS, keepVanished } from './keep-vanished.ts';
import {
  createParseCache,
  type LoadedInventory,
  loadInventory,
  type ParseCache,
  runInSlices,
} from './load-inventory.ts';
import { renderProblems } from './render-problems.ts';

/** Either a tree to use, with its warnings, or the problems that keep the last good one in use. */
export type InventoryChange =
  | { readonly inventory: Inventory; readonly hash: string; readonly problems: readonly Problem[] }
  | { readonly inventory?: undefined; readonly problems: readonly Problem[] };

export interface WatchOptions {
  /** Quiet for so long before a reload: an editor writes by rename, a checkout touches hundreds of files. */
  readonly debounceMs?: number;
  /** A tree that never gets quiet is read all the same. */
  readonly longestWaitMs?: number;
  /** Looks without being told: network file systems tell nothing, and named documents lie outside of the tree. */
  readonly pollMs?: number;
  /** A file that is gone for no longer changes nothing. */
  readonly graceMs?: number;
  /** Of a reading that was just made: what it parsed is not parsed again. */
  readonly cache?: ParseCache;
}

export interface InventoryWatch {
  /** Over when the first reading was handed over. */
  readonly first: Promise<void>;
  /** The last tree without an error. */
  current(): Inventory | undefined;
  /** Reads the tree now (SIGHUP); resolves when the outcome was handed over. */
  reload(): Promise<void>;
  close(): void;
}

interface Watching {
  readonly folder: string;
  readonly onChange: (change: InventoryChange) => void;
  readonly options: Required<Omit<WatchOptions, 'cache'>>;
  readonly cache: ParseCache;
  readonly watchers: Map<string, FSWatcher>;
  timer?: NodeJS.Timeout | undefined;
  dirtySince?: number | undefined;
  running?: Promise<void> | undefined;
  again: boolean;
  /** Somebody asked: no file is taken to be the same for its times alone. */
  afresh: boolean;
  closed: boolean;
  lastGood?: Inventory | undefined;
  lastHash?: string | undefined;
  /** Machines of the last good tree whose file is gone, and since when. */
  missed: ReadonlyMap<string, number>;
  graceTimer?: NodeJS.Timeout | undefined;
  /** The problems that the caller heard last. */
  told?: string | undefined;
}

/** One watch per folder, renewed after each reading: folders come and go, and so does the top itself. */
function renewWatchers(state: Watching, folders: readonly string[]): void {
  const wanted = new Set(folders);
  for (const [path, watcher] of state.watchers) {
    if (wanted.has(path)) continue;
    watcher.close();
    state.watchers.delete(path);
  }
  for (const path of wanted) {
    if (state.watchers.has(path)) continue;
    try {
      const inode = statSync(path).ino;
      const watcher = watch(path, { persistent: false }, () => {
        // A folder that was replaced by another of its name needs a new watch.
        if (statSync(path, { throwIfNoEntry: false })?.ino !== inode) forget(state, path);
        schedule(state);
      });
      watcher.on('error', () => forget(state, path));
      state.watchers.set(path, watcher);
    } catch {
      // Gone already, or the system's limit of watches is reached: the poll sees to it.
    }
  }
}

function forget(state: Watching, path: string): void {
  state.watchers.get(path)?.close();
  state.watchers.delete(path);
}

function schedule(state: Watching): void {
  if (state.closed) return;
  const now = performance.now();
  state.dirtySince ??= now;
  const left = state.dirtySince + state.options.longestWaitMs - now;
  clearTimeout(state.timer);
  state.timer = setTimeout(() => void read(state), Math.max(0, Math.min(state.options.debounceMs, left)));
}

async function readOnce(state: Watching): Promise<void> {
  state.dirtySince = undefined;
  const { afresh } = state;
  state.afresh = false;
  const loaded = await loadInventory(state.folder, { cache: state.cache, afresh });
  if (state.closed) return;
  renewWatchers(state, loaded.folders);
  // A named config that went missing changes no file of the tree, but the problems.
  const problems = renderProblems(loaded.problems);
  const isSame = problems === state.told;
  if (!loaded.changed && isSame && state.missed.size === 0) return;
  state.told = problems;
  if (loaded.inventory === undefined) return state.onChange({ problems: loaded.problems });
  const wasMissed = state.missed.size > 0;
  const { inventory, hash } = await withVanished(state, loaded.inventory, loaded.hash, afresh);
  const isKept = wasMissed || state.missed.size > 0;
  if (state.closed || (isKept && isSame && hash === state.lastHash)) return;
  state.lastGood = inventory;
  state.lastHash = hash;
  state.onChange({ inventory, hash, problems: loaded.problems });
}

/** Whoever asks for a reading means what is there now. */
async function withVanished(
  state: Watching,
  read: Inventory,
  hash: string,
  afresh: boolean,
): Promise<Pick<LoadedInventory, 'hash'> & { readonly inventory: Inventory }> {
  const { lastGood, missed, options } = state;
  const kept = keepVanished(lastGood, read, missed, performance.now(), afresh ? 0 : options.graceMs);
  state.missed = kept.missed;
  clearTimeout(state.graceTimer);
  if (kept.leftMs === undefined) return { inventory: read, hash };
  state.graceTimer = setTimeout(() => readAgain(state), kept.leftMs + 1);
  return { inventory: kept.inventory, hash: await runInSlices(hashInventory(kept.inventory)) };
}

function readAgain(state: Watching): void {
  if (!state.closed) void read(state);
}

/** Readings never overlap; what changes during one is read by the next. */
function read(state: Watching): Promise<void> {
  if (state.running !== undefined) {
    state.again = true;
    return state.running;
  }
  const run = async () => {
    do {
      state.again = false;
      await readOnce(state);
    } while (state.again && !state.closed);
  };
  state.running = run().finally(() => {
    state.running = undefined;
  });
  return state.running;
}

/** Calls back with the first reading, and then whenever the outcome is another one. */
export function watchInventory(
  folder: string,
  onChange: (change: InventoryChange) => void,
  options: WatchOptions = {},
): InventoryWatch {
  const state: Watching = {
    folder,
    onChange,
    options: { debounceMs: 150, longestWaitMs: 2000, pollMs: 10_000, graceMs: GRACE_MS, ...options },
    cache: options.cache ?? createParseCache(),
    watchers: new Map(),
    missed: new Map(),
    again: false,
    afresh: false,
    closed: false,
  };
  const poll = setInterval(() => void read(state), state.options.pollMs);
  poll.unref();
  return {
    first: read(state),
    current: () => state.lastGood,
    reload: () => {
      state.afresh = true;
      return read(state);
    },
    close: () => {
      state.closed = true;
      clearInterval(poll);
      clearTimeout(state.timer);
      clearTimeout(state.graceTimer);
      renewWatchers(state, []);
    },
  };
}
