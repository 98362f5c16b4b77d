import type { Fleet } from '../../core/fleet.ts';
import { getIn } from '../../core/shard-map.ts';
import type { RecentLine, ScreenBatch } from '../../link/screen-port.ts';
import { rejectedBy, renderPlace } from '../select/rejected-inventory.ts';
import { disarmNews } from '../state/disarm-news.ts';
import { isMoving } from '../state/is-moving.ts';
import { resumeBringUp } from '../state/resume-bring-up.ts';
import { RATES_KEPT, RECENT_KEPT, type ScreenModel, STALE_AFTER_MS, withView } from '../state/screen-model.ts';
import { agedToasts, withToast } from '../state/toasts.ts';
import type { Toast } from '../state/ui-state.ts';

/** What comes of a batch of the engine: pure, so that the tests flush by hand. */
export function takeBatch(model: ScreenModel, batch: ScreenBatch, nowMs: number): ScreenModel {
  const next: ScreenModel = {
    ...withoutAdopted(model, batch.fleet),
    fleet: batch.fleet,
    nowMs: Math.max(model.nowMs, nowMs),
    link: { is: 'live', lastAtMs: nowMs },
    recent: batch.recent.length === 0 ? model.recent : [...model.recent, ...batch.recent].slice(-RECENT_KEPT),
    bytesPerSecond: batch.bytesPerSecond,
  };
  const wasFailing = model.fleet.saving.is === 'failing';
  if (wasFailing && batch.fleet.saving.is === 'ok')
    return withView(withToast(next, 'good', 'saved again: everything from here on is on the disk'));
  const inventory = inventoryNews(model.fleet, batch.fleet);
  const disarmed = model.link.is === 'connecting' ? undefined : disarmNews(model.fleet, batch.fleet);
  const read = inventory === undefined ? next : withToast(next, ...inventory);
  const told = disarmed === undefined ? read : withToast(read, 'bad', disarmed);
  if (model.link.is === 'lost' && isAnother(model.fleet, batch.fleet))
    return withView(withToast(told, 'bad', `another engine answers here now: ${whatIs(batch.fleet)}`));
  if (model.link.is === 'connecting') return resumeBringUp(withView(whichEngine(told)));
  // Nothing changed but the time: no list has to be made again.
  return batch.fleet === model.fleet ? told : withView(told);
}

/** Whoever named no engine may have come to another one than he meant. */
function whichEngine(model: ScreenModel): ScreenModel {
  const { fleet, session } = model;
  if (session.cameTo === undefined) return model;
  return withToast(model, 'note', `attached to ${whatIs(fleet)} at ${session.cameTo}`);
}

const whatIs = ({ simulated, site }: Fleet): string => (simulated ? `a DEMO (${site})` : `the engine of ${site}`);

const isAnother = (before: Fleet, fleet: Fleet): boolean =>
  before.site !== fleet.site || before.simulated !== fleet.simulated;

/** Whoever has just saved a file waits for an answer: the file is rejected, or mended. */
function inventoryNews(before: Fleet, fleet: Fleet): readonly [Toast['tone'], string] | undefined {
  if (before.inventory.problems === fleet.inventory.problems) return undefined;
  const [first, ...more] = rejectedBy(fleet);
  const had = rejectedBy(before)[0];
  if (first === undefined)
    return had === undefined ? undefined : ['good', 'the inventory is read again: no error is left'];
  if (had !== undefined && renderPlace(had) === renderPlace(first) && had.message === first.message) return undefined;
  const others = more.length === 0 ? '' : ` (and ${more.length} more)`;
  return [
    'bad',
    `the inventory is rejected: ${renderPlace(first)}: ${first.message}${others}; the last good one stays in use`,
  ];
}

/** A mark on whoever left the list could be taken off by nobody. */
function withoutAdopted(model: ScreenModel, fleet: Fleet): ScreenModel {
  const { strangerMarks } = model.ui;
  if (strangerMarks.length === 0 || fleet.strangers === model.fleet.strangers) return model;
  const kept = strangerMarks.filter((mac) => getIn(fleet.strangers, mac) !== undefined);
  return kept.length === strangerMarks.length ? model : { ...model, ui: { ...model.ui, strangerMarks: kept } };
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
  /** When it was heard of last: without news that is later than the last batch. */
  heardAtMs(): number;
  /** What waits is drawn now. */
  flush(): void;
  /** What waits to be drawn is of a time that is not shown any more. */
  forget(): void;
  stop(): void;
}

interface FeedHooks {
  readonly batchMs: number;
  readonly now: () => number;
  /** What has passed on this host, by which silence is measured: its clock may be set, that of a replay stands still or runs ahead. */
  readonly wall?: () => number;
  readonly update: (change: (model: ScreenModel) => ScreenModel) => void;
  readonly read: () => ScreenModel;
}

/** While a storm has the cores, each drawing takes longer: news take a twentieth of the time at most. Keys wait for none of it. */
const REST_PER_DRAWING = 19;
const LONGEST_REST_MS = 500;

/**
 * Batches at most every `batchMs` into one change of the store; failures at once. Silence of the engine becomes
 * "NO DATA"; an engine without news still answers questions, and that counts as heard.
 */
export function createBatchFeed({ batchMs, now, wall = () => performance.now(), update, read }: FeedHooks): BatchFeed {
  let waiting: ScreenBatch | undefined;
  let recent: RecentLine[] = [];
  let timer: NodeJS.Timeout | undefined;
  let restMs = batchMs;
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
    const begunMs = performance.now();
    update((model) => takeBatch(model, batch, now()));
    // By then it is drawn.
    setImmediate(() => {
      restMs = Math.max(batchMs, Math.min(REST_PER_DRAWING * (performance.now() - begunMs), LONGEST_REST_MS));
    });
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
      else timer ??= setTimeout(flush, restMs);
    },
    heard: () => {
      note();
      const { is } = read().link;
      if (is === 'lost') update((old) => ({ ...old, nowMs: now(), link: { is: 'live', lastAtMs: heardAtMs } }));
    },
    heardAtMs: () => heardAtMs,
    flush,
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
