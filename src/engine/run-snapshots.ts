import { renderFleet } from '../core/fleet-json.ts';
import type { Result } from '../core/result.ts';
import type { Engine } from './create-engine.ts';

export interface SnapshotPort {
  readonly save: (seq: number, fragments: Iterable<string>) => Promise<Result<unknown>>;
}

/** A snapshot now and then shortens the next start. It is written in slices, and only when enough has happened. */
export function runSnapshots(
  engine: Engine,
  lastSeq: () => number,
  snapshots: SnapshotPort,
  afterSave: (seq: number) => void,
  everyMs = 30_000,
  minEvents = 500,
): { readonly now: () => Promise<Result<unknown>>; readonly stop: () => void } {
  let savedSeq = lastSeq();
  let running = false;
  const saveNow = async () => {
    const seq = lastSeq();
    const saved = await snapshots.save(seq, renderFleet(engine.fleet()));
    if (saved.ok) {
      savedSeq = seq;
      afterSave(seq);
    }
    return saved;
  };
  const timer = setInterval(() => {
    if (running || lastSeq() - savedSeq < minEvents) return;
    running = true;
    void saveNow().finally(() => {
      running = false;
    });
  }, everyMs);
  timer.unref();
  return { now: saveNow, stop: () => clearInterval(timer) };
}
