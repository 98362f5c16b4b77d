import type { EventBody } from '../core/event.ts';
import type { LogLine, LogSink } from '../core/ports.ts';
import type { BmcTimings } from '../drivers/bmc-timings.ts';
import { type FoundOrder, keepOrders } from '../engine/keep-orders.ts';
import { markDeeds } from '../engine/mark-deeds.ts';
import { runClock } from '../engine/run-clock.ts';
import { runSnapshots } from '../engine/run-snapshots.ts';
import { watchSaving } from '../engine/watch-saving.ts';
import { endStaleSessions } from './bmc-sessions.ts';
import { closeState } from './close-state.ts';
import type { WorldEngine } from './create-world-engine.ts';
import type { InventoryKeeper } from './inventory-keeper.ts';
import { lackedByNextStart } from './journal-loss.ts';
import { watchBmcs } from './watch-bmcs.ts';
import { watchDrift } from './watch-drift.ts';
import { watchServed } from './watch-served.ts';
import { watchStrangers } from './watch-strangers.ts';
import { watchTalos } from './watch-talos.ts';
import type { OpenedParts, World } from './world.ts';

interface LiveParts
  extends WorldEngine,
    Pick<OpenedParts, 'inventory' | 'state' | 'vault' | 'vaultDir' | 'vaultNotes'> {
  /** Orders of the run before, given to this one and noted. */
  readonly takenOver: readonly FoundOrder[];
  readonly logs: World['logs'];
  readonly log: LogSink;
  readonly rendered: World['rendered'];
  readonly planner: World['planner'];
  readonly timings: BmcTimings;
  /** Told why a stop takes long. */
  readonly waits: (text: string) => void;
}

const JOURNAL_KEPT_BYTES = 256 * 1024 * 1024;
const SETTLE_MS = 3_000;
const TIDY_MS = 1_000;

/** What runs by itself once the servers listen, and how it ends. */
export function liveWorld(
  parts: LiveParts,
): Pick<World, 'run' | 'reload' | 'letGo' | 'stop' | 'areNoted' | 'beforeLeaving'> {
  const { engine, effects, drivers, inventory, state, vault, rendered, planner, prober, talos, targetOf, logs } = parts;
  let stopped = false;
  const snapshots = runSnapshots(
    engine,
    () => state.journal.lastSeq(),
    { save: (seq, fragments) => state.snapshot.save(seq, fragments) },
    (seq) => {
      state.journal.covers(seq);
      void state.journal.prune(state.snapshot.coveredSeq() + 1, JOURNAL_KEPT_BYTES);
      void keeper.flush();
    },
  );
  const journal = { ...state.journal, coveredSeq: () => state.snapshot.coveredSeq() };
  let watch: ReturnType<InventoryKeeper['watch']> | undefined;
  const emit = (event: EventBody) => engine.emit(event);
  const say = (level: LogLine['level'], text: string): void =>
    parts.log({ at: engine.now(), node: '', source: 'engine', level, text });
  let complaints: ReadonlySet<string> = new Set(parts.vaultNotes);
  const refreshVault = async (): Promise<void> => {
    const found = await vault.refresh();
    for (const one of found) if (!complaints.has(one)) say('warn', one);
    complaints = new Set(found);
    await rendered.refresh();
  };
  const keeper = keepOrders(engine, journal, state.reserve, parts.takenOver);
  const marks = markDeeds(engine, { ...state.journal, savedSeq: () => state.snapshot.savedSeq() }, state.audit);
  const stops: (() => unknown)[] = [keeper.follow(), marks.follow()];
  let leaving: Promise<void> | undefined;
  const letGo = (): Promise<void> => {
    if (leaving !== undefined) return leaving;
    stopped = true;
    prober.stopAll();
    talos.stop();
    engine.letGo();
    for (const stop of stops) stop();
    leaving = drivers.closeAll();
    return leaving;
  };
  return {
    run: async () => {
      const drift = watchDrift({ engine, configOf: planner.configOf });
      const tidying = setInterval(() => logs.tidy(Date.now()), TIDY_MS);
      watch = inventory.watch(emit, () => {
        drift.refresh();
        void refreshVault();
      });
      stops.push(
        () => watch?.close(),
        () => clearInterval(tidying),
        runClock(engine),
        watchSaving(engine, state.journal),
        state.journal.onState((now) => {
          if (now.kind !== 'saving' && now.wantsSnapshot === true) void snapshots.now();
        }),
        snapshots.stop,
        drift.stop,
        watchTalos({ engine, calls: talos }),
        watchStrangers({ engine }),
        watchServed(engine, vault, parts.vaultDir, refreshVault, say),
      );
      void endStaleSessions(engine, drivers, targetOf).then(() => {
        if (stopped) return;
        stops.push(watchBmcs({ engine, openBmc: drivers.openBmc, targetOf, effects, timings: parts.timings }));
      });
      await watch.first;
    },
    reload: async () => {
      await watch?.reload();
      await refreshVault();
    },
    areNoted: keeper.areNoted,
    beforeLeaving: marks.beforeLeaving,
    letGo: () => void letGo(),
    stop: async () => {
      await letGo();
      await Promise.race([effects.settled(), new Promise((done) => setTimeout(done, SETTLE_MS))]);
      const loss = await closeState({
        ...state,
        saveSnapshot: snapshots.now,
        lacked: () => lackedByNextStart(state.dir),
        ...keeper,
        waits: (text) => {
          say('warn', text);
          parts.waits(text);
        },
      });
      for (const line of loss?.lines ?? []) say('error', line);
      return loss;
    },
  };
}
