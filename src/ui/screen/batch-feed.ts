import type { RecentLine, ScreenBatch } from '../../link/screen-port.ts';
import { isMoving } from '../state/is-moving.ts';
import { resumeBringUp } from '../state/resume-bring-up.ts';
import { RATES_KEPT, RECENT_KEPT, type ScreenModel, STALE_AFTER_MS, withView } from '../state/screen-model.ts';
import { agedToasts, withToast } from '../state/toasts.ts';

/** What comes of a batch of the engine: pure, so that the tests flush by hand. */
export function takeBatch(model: ScreenModel, batch: ScreenBatch, nowMs: number): ScreenModel {
  const next: ScreenModel = {
    ...model,
    fleet: batch.fleet,
    nowMs: Math.max(model.nowMs, nowMs),
    link: { is: 'live', lastAtMs: nowMs },
    recent: batch.recent.length === 0 ? model.recent : [...model.recent, ...batch.recent].slice(-RECENT_KEPT),
    bytesPerSecond: batch.bytesPerSecond,
  };
  const wasFailing = model.fleet.saving.is === 'failing';
  if (wasFailing && batch.fleet.saving.is === 'ok')
    return withView(withToast(next, 'good', 'saved again: everything from here on is on the disk'));
  if (model.link.is === 'connecting') return resumeBringUp(withView(next));
  // Nothing changed but the time: no list has to be made again.
  return batch.fleet === model.fleet ? next : withView(next);
}

/** Once a second while something moves: ages, countdowns, the line of rates, toasts that had their time. */
export function takeTick(model: ScreenModel, nowMs: number): ScreenModel {
  const rates =
    model.bytesPerSecond > 0 || model.rates.some((rate) => rate > 0)
      ? [...model.rates, model.bytesPerSecond].slice(-RATES_KEPT)
      : model.rates;
  const next = agedToasts({ ...model, nowMs, rates });
  return next.ui.filter.includes('age') ? withView(next) : next;
}

export interface BatchFeed {
  take(batch: ScreenBatch): void;
  /** The engine answered something: it is there, though it has no news. */
  heard(): void;
  /** What waits to be drawn is of a time that is not shown any more. */
  forget(): void;
  stop(): void;
}

interface FeedHooks {
  readonly batchMs: number;
  readonly now: () => number;
  /** Time of this host, by which silence is measured: the clock of a replay stands still or runs ahead. */
  readonly wall?: () => number;
  readonly update: (change: (model: ScreenModel) => ScreenModel) => void;
  readonly read: () => ScreenModel;
}

/**
 * Batches at most every `batchMs` into one change of the store; failures at once. Silence of the engine becomes
 * "NO DATA"; an engine without news still answers questions, and that counts as heard.
 */
export function createBatchFeed({ batchMs, now, wall = Date.now, update, read }: FeedHooks): BatchFeed {
  let waiting: ScreenBatch | undefined;
  let recent: RecentLine[] = [];
  let timer: NodeJS.Timeout | undefined;
  let heardAtMs = now();
  let heardAtWallMs = wall();
  const note = () => {
    heardAtMs = now();
    heardAtWallMs = wall();
  };
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    if (waiting === undefined) return;
    const batch = { ...waiting, recent };
    waiting = undefined;
    recent = [];
    update((model) => takeBatch(model, batch, now()));
  };
  const isNews = (batch: ScreenBatch): boolean => {
    const model = read();
    return (
      batch.fleet !== model.fleet ||
      batch.recent.length > 0 ||
      batch.bytesPerSecond !== model.bytesPerSecond ||
      model.link.is !== 'live'
    );
  };
  const clock = setInterval(() => {
    const model = read();
    const isSilent = wall() - heardAtWallMs > STALE_AFTER_MS;
    if (isSilent && model.link.is === 'live')
      update((old) => ({ ...old, nowMs: now(), link: { is: 'lost', lastAtMs: heardAtMs } }));
    else if (isMoving(model) || now() - model.nowMs >= 60_000) update((old) => takeTick(old, now()));
  }, 1_000);
  return {
    take: (batch) => {
      note();
      if (waiting === undefined && !isNews(batch)) return;
      waiting = batch;
      recent.push(...batch.recent.slice(-RECENT_KEPT));
      if (batch.urgent || batchMs === 0) flush();
      else timer ??= setTimeout(flush, batchMs);
    },
    heard: () => {
      note();
      const { is } = read().link;
      if (is === 'lost') update((old) => ({ ...old, nowMs: now(), link: { is: 'live', lastAtMs: heardAtMs } }));
    },
    forget: () => {
      clearTimeout(timer);
      timer = undefined;
      waiting = undefined;
      recent = [];
    },
    stop: () => {
      clearTimeout(timer);
      clearInterval(clock);
    },
  };
}
