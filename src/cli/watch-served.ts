import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { isAbsolute, relative } from 'node:path';
import { createSafeLook } from '../core/safe-look.ts';
import type { Engine } from '../engine/create-engine.ts';
import { turn } from '../servers/loop-turn.ts';
import type { ServedFile } from './served-file.ts';
import type { VaultView } from './vault-view.ts';

/** What this watch is called among the services. */
export const IMAGES = 'images';

export interface ServedWatchParts {
  /** What machines are sent, and what they would be sent if it were not damaged. */
  readonly served: () => readonly ServedFile[];
  /** The checksum that the vault's index has of it now; undefined: it is none of the index. */
  readonly storedAs: (file: ServedFile) => Promise<string | undefined>;
  /** What is in it as it was stored, and may be sent to no machine. */
  readonly refused: () => readonly string[];
  /** A file was mended, or put into the vault anew: it is to be served. */
  readonly refresh: () => Promise<unknown>;
  readonly directory: string;
  /** Undefined: all of it is on disk as it was stored. */
  readonly tell: (warning: string | undefined) => void;
}

export interface ServedWatch {
  readonly round: () => Promise<void>;
}

const LOOK_MS = 5_000;
/** Small, so that no answer on the wire waits for a checksum. */
const PIECE_BYTES = 256 * 1024;

interface State {
  readonly key: string;
  readonly sizeBytes: number;
  readonly changedAtMs: number;
}

interface Seen {
  readonly key: string;
  /** The checksum that it was looked at for. */
  readonly wanted: string;
  readonly what: string | undefined;
  /** Found so in two rounds: between them whoever puts a file into the vault writes the index too. */
  readonly isSure: boolean;
}

/**
 * A file that goes bad under a running engine: what is in memory still goes out right, and nothing after the next start.
 * Only a file whose size or times changed is read.
 */
export function createServedWatch(parts: ServedWatchParts): ServedWatch {
  const seen = new Map<string, Seen>();
  const taken = new Set<string>();
  let told: string | undefined;

  const look = async (file: ServedFile): Promise<void> => {
    const before = seen.get(file.path);
    const now = await stateOf(file.path);
    const key = now?.key ?? '';
    const isSame = before?.key === key && before.wanted === file.sha256;
    const what = isSame ? before.what : await whatIsWrong(file, now, before === undefined);
    if ((await stateOf(file.path))?.key !== now?.key) return;
    const isSure = what !== undefined && before?.what !== undefined;
    seen.set(file.path, { key, wanted: file.sha256, what, isSure });
    if (what === undefined && before?.isSure === true && before.wanted === file.sha256) await parts.refresh();
  };

  /** Undefined: somebody put another one into the vault in its place, or took it out. */
  const troubleOf = async (file: ServedFile): Promise<string | undefined> => {
    const { what, isSure } = seen.get(file.path) ?? {};
    if (what === undefined || isSure !== true) return undefined;
    const stored = await parts.storedAs(file);
    if (stored === undefined && file.indexed) return undefined;
    if (stored !== undefined && stored !== file.sha256) {
      const id = `${file.path}|${stored}`;
      if (!taken.has(id)) await parts.refresh();
      taken.add(id);
      return undefined;
    }
    return troubleText(file, what, parts.directory);
  };

  return {
    round: async () => {
      const files = parts.served();
      const paths = new Set(files.map(({ path }) => path));
      for (const path of seen.keys()) if (!paths.has(path)) seen.delete(path);
      for (const file of files) await look(file);
      const troubles: string[] = [];
      for (const file of files) {
        const trouble = await troubleOf(file);
        if (trouble !== undefined) troubles.push(trouble);
      }
      troubles.push(...parts.refused());
      const [first, ...more] = troubles;
      const others = more.length === 0 ? '' : ` (and ${more.length} more: crashcart images verify)`;
      const warning = first === undefined ? undefined : `${first}${others}`;
      if (warning !== told) parts.tell(warning);
      told = warning;
    },
  };
}

/** Looks while the engine runs; returns how to end it. */
export function watchServed(
  engine: Engine,
  { served, storedAs, refused }: Pick<VaultView, 'served' | 'storedAs' | 'refused'>,
  directory: string,
  refresh: () => Promise<unknown>,
  log: (level: 'warn' | 'info', text: string) => void,
): () => void {
  let stopped = false;
  const tell = (warning: string | undefined): void => {
    if (stopped) return;
    const state = { is: 'ok', listens: directory, ...(warning === undefined ? {} : { warning }) } as const;
    engine.emit({ type: 'service.changed', service: IMAGES, state });
  };
  const watch = createServedWatch({ served, storedAs, refused, refresh, directory, tell });
  const safe = createSafeLook('the look at the images on disk', watch.round, log);
  const timer = setInterval(() => void safe.look(), LOOK_MS);
  timer.unref();
  return () => {
    stopped = true;
    clearInterval(timer);
  };
}

async function stateOf(path: string): Promise<State | undefined> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  if (found === undefined) return undefined;
  const { dev, ino, size, mtimeNs, ctimeNs } = found;
  return {
    key: [dev, ino, size, mtimeNs, ctimeNs].join('|'),
    sizeBytes: Number(size),
    changedAtMs: Number(ctimeNs / 1_000_000n),
  };
}

/** `isFirst`: what has not changed since the engine itself read it needs no second reading. */
async function whatIsWrong(file: ServedFile, now: State | undefined, isFirst: boolean): Promise<string | undefined> {
  if (now === undefined) return 'is gone from the disk';
  if (now.sizeBytes !== file.sizeBytes)
    return `was changed on disk: it has ${now.sizeBytes} bytes, and had ${file.sizeBytes}`;
  if (isFirst && !file.isBroken && now.changedAtMs < file.readAtMs) return undefined;
  const found = await hashInTurns(file.path).catch(() => undefined);
  if (found === undefined) return 'cannot be read any more';
  return found === file.sha256 ? undefined : 'was changed on disk: its SHA-256 is another one';
}

async function hashInTurns(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path, { highWaterMark: PIECE_BYTES })) {
    hash.update(piece);
    await turn();
  }
  return hash.digest('hex');
}

function troubleText({ path, indexed, isBroken }: ServedFile, what: string, directory: string): string {
  const inside = relative(directory, path);
  const name = inside.startsWith('..') || isAbsolute(inside) ? path : inside;
  const sent = isBroken ? 'No machine is sent it' : 'Machines are sent it only where it is in memory already';
  if (indexed) {
    const later = isBroken ? '' : ', and not after a restart';
    const mend = name.startsWith('loaders/') ? 'crashcart images add --loader FILE' : 'crashcart images pull (or add)';
    return `${name} ${what}. ${sent}${later}. See crashcart images verify, then ${mend}`;
  }
  return `${name} ${what}. ${sent}. Put the old one back, or take the new one: systemctl reload crashcart (SIGHUP), and arm anew who waits for it`;
}
