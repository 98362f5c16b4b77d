import { Low } from 'lowdb';
import { fail, ok, type Result } from '../core/result.ts';
import { explainDiskError } from './explain-disk-error.ts';
import { serialiseInSlices } from './serialise-slices.ts';
import { type Held, type LoadedSnapshot, SnapshotAdapter, type SnapshotOptions } from './snapshot-adapter.ts';
import type { Fragments } from './write-in-slices.ts';

export interface SnapshotStore {
  /** Undefined: there is none yet. Blocks the event loop while it parses: for the start only. */
  load(): Promise<Result<LoadedSnapshot | undefined>>;
  /** JSON fragments as text, or immutable data that is serialised in slices. Saves queue up behind each other. */
  save(seq: number, data: Fragments | object): Promise<Result<{ readonly sizeBytes: number }>>;
  /** The older of the two snapshots covers the journal up to here; records after it must stay. Zero: keep all. */
  coveredSeq(): number;
  /** What the newest that was saved by this run knows; zero: none was. */
  savedSeq(): number;
  /** The operator has been told what would be set aside, and wants to go on. */
  allowOverwrite(): void;
}

export function openSnapshot(dir: string, options: SnapshotOptions = {}): SnapshotStore {
  const adapter = new SnapshotAdapter(dir, options);
  const low = new Low<Held | null>(adapter, null);
  let running: Promise<unknown> = Promise.resolve();

  const save = async (seq: number, data: Fragments | object): Promise<Result<{ readonly sizeBytes: number }>> => {
    const refusal = await adapter.refusal();
    if (refusal !== undefined) return fail(`the snapshot was not saved: ${refusal}`);
    low.data = { kind: 'toSave', seq, data: isFragments(data) ? data : serialiseInSlices(data) };
    try {
      await low.write();
      return ok({ sizeBytes: adapter.savedBytes });
    } catch (error) {
      return fail(explainDiskError(error, `save the snapshot in ${dir}`));
    } finally {
      low.data = null;
    }
  };

  return {
    async load() {
      low.data = null;
      try {
        await low.read();
      } catch (error) {
        return fail(error instanceof Error ? error.message : String(error));
      }
      const held: Held | null = low.data;
      low.data = null;
      return ok(held === null ? undefined : adapter.loaded(held));
    },
    save(seq, data) {
      const result = running.then(() => save(seq, data));
      running = result;
      return result;
    },
    coveredSeq: () => adapter.coveredSeq(),
    savedSeq: () => adapter.savedSeq(),
    allowOverwrite: () => adapter.allowOverwrite(),
  };
}

function isFragments(data: Fragments | object): data is Fragments {
  // An array is data; a generator is text.
  if (Array.isArray(data) || data instanceof Map) return false;
  return Symbol.asyncIterator in data || Symbol.iterator in data;
}
