import { join } from 'node:path';
import type { Adapter } from 'lowdb';
import type { Result } from '../core/result.ts';
import { createDisk, type DiskPort } from './disk-port.ts';
import { errnoOf } from './explain-disk-error.ts';
import { readSnapshotFile, type SnapshotDocument, type SnapshotFlaw, writeSnapshotFile } from './snapshot-file.ts';
import type { Fragments } from './write-in-slices.ts';

export interface SnapshotOptions {
  /** Of the data's shape: what is written. */
  readonly version?: number;
  /** Shapes that the caller can read; by default only `version`. */
  readonly reads?: readonly number[];
  /** Asked before a snapshot takes its place: it may never be ahead of the journal. `(seq) => journal.durable(seq)`. */
  readonly awaitDurable?: (seq: number) => Promise<Result<void>>;
  readonly disk?: DiskPort;
}

export interface LoadedSnapshot extends SnapshotDocument {
  /** Present when the newest snapshot could not be used and the one before it was: what to tell the operator. */
  readonly fellBack?: string;
}

/** What lowdb holds: on reading the document, on writing what it is made of. */
export type Held =
  | { readonly kind: 'loaded'; readonly snapshot: LoadedSnapshot }
  | { readonly kind: 'toSave'; readonly seq: number; readonly data: Fragments };

/** lowdb's own adapter renames without fsync; this one keeps the previous snapshot and never writes over what it cannot read. */
export class SnapshotAdapter implements Adapter<Held | null> {
  savedBytes = 0;
  readonly #dir: string;
  readonly #disk: DiskPort;
  readonly #options: SnapshotOptions;
  readonly #path: string;
  readonly #previous: string;
  /** Undefined: there is none that could be read. */
  #currentSeq: number | undefined;
  #olderSeq: number | undefined;
  /** By this run, its name in the folder included. */
  #savedSeq = 0;
  #looked = false;
  #mayOverwrite = false;
  #refusal: string | undefined;

  constructor(dir: string, options: SnapshotOptions) {
    this.#dir = dir;
    this.#disk = options.disk ?? createDisk();
    this.#options = options;
    this.#path = join(dir, 'snapshot.json');
    this.#previous = join(dir, 'snapshot.json.1');
  }

  loaded(held: Held): LoadedSnapshot | undefined {
    return held.kind === 'loaded' ? held.snapshot : undefined;
  }

  coveredSeq(): number {
    return this.#olderSeq ?? 0;
  }

  savedSeq(): number {
    return this.#savedSeq;
  }

  allowOverwrite(): void {
    this.#mayOverwrite = true;
  }

  /** A save without a load before it looks first: it must not bury what a load would have refused. */
  async refusal(): Promise<string | undefined> {
    if (!this.#looked) await this.#look();
    return this.#mayOverwrite ? undefined : this.#refusal;
  }

  async read(): Promise<Held | null> {
    const found = await this.#look();
    if (found === undefined) {
      if (this.#refusal !== undefined) throw new Error(this.#refusal);
      return null;
    }
    return { kind: 'loaded', snapshot: found };
  }

  async write(held: Held | null): Promise<void> {
    if (held === null || held.kind !== 'toSave') return;
    const version = this.#options.version ?? 1;
    const fresh = join(this.#dir, 'snapshot.json.new');
    await this.#disk.makeFolder(this.#dir);
    try {
      this.savedBytes = await writeSnapshotFile(this.#disk, fresh, { version, seq: held.seq }, held.data);
      const durable = await this.#options.awaitDurable?.(held.seq);
      if (durable?.ok === false) throw new Error(`the journal behind it is not on disk: ${durable.error}`);
      await this.#makeRoom();
      await this.#disk.rename(fresh, this.#path);
    } catch (error) {
      await this.#disk.remove(fresh).catch(() => undefined);
      throw error;
    }
    this.#currentSeq = held.seq;
    this.#refusal = undefined;
    this.#mayOverwrite = false;
    await this.#disk.syncFolder(this.#dir);
    this.#savedSeq = held.seq;
  }

  /** A good snapshot becomes the previous one; one that could not be read is kept under another name. */
  async #makeRoom(): Promise<void> {
    const usable = this.#currentSeq !== undefined;
    const aside = usable ? this.#previous : `${this.#path}.unusable`;
    try {
      await this.#disk.rename(this.#path, aside);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
      return;
    }
    if (usable) this.#olderSeq = this.#currentSeq;
    this.#currentSeq = undefined;
  }

  async #look(): Promise<LoadedSnapshot | undefined> {
    const versions = this.#options.reads ?? [this.#options.version ?? 1];
    const newest = await readSnapshotFile(this.#disk, this.#path, versions);
    const older = await readSnapshotFile(this.#disk, this.#previous, versions);
    this.#looked = true;
    this.#currentSeq = newest.ok ? newest.value.seq : undefined;
    this.#olderSeq = older.ok ? older.value.seq : undefined;
    this.#refusal = undefined;
    if (newest.ok) return newest.value;
    if (newest.error.kind === 'version') {
      this.#refusal = newest.error.reason;
      return undefined;
    }
    if (older.ok) return { ...older.value, fellBack: fellBackReason(newest.error, older.value.seq) };
    if (older.error.kind !== 'missing') this.#refusal = `${wordsOf(newest.error)}; ${wordsOf(older.error)}`;
    else if (newest.error.kind !== 'missing') this.#refusal = `${newest.error.reason}, and there is no older one`;
    return undefined;
  }
}

function fellBackReason(flaw: SnapshotFlaw, seq: number): string {
  return `${wordsOf(flaw)}: the snapshot before it is used, with the journal from record ${seq + 1} on`;
}

function wordsOf(flaw: SnapshotFlaw): string {
  return flaw.kind === 'missing' ? 'there is no newest snapshot' : flaw.reason;
}
