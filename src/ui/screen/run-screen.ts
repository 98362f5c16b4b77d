import { createStore } from 'zustand/vanilla';
import { asEngineTime } from '../../core/host-clock.ts';
import {
  freshModel,
  type LinkState,
  type Player,
  renewedModel,
  rewoundModel,
  type ScreenModel,
  type Session,
  withStartStep,
  withView,
} from '../state/screen-model.ts';
import { withToast } from '../state/toasts.ts';
import type { Toast } from '../state/ui-state.ts';
import { createBatchFeed } from './batch-feed.ts';
import type { Update } from './effect-tools.ts';
import { feedScreen } from './feed-screen.ts';
import { listenToTerminal } from './listen-to-terminal.ts';
import { mountScreen, type Parts } from './mount-screen.tsx';
import { type ScreenEnd, type ScreenOptions, sizeOf } from './screen-options.ts';
import { createTerminalGuard } from './terminal-guard.ts';

export interface RunningScreen {
  /** Resolves when the operator left, or the terminal went away; rejects for a bug. The terminal is restored by then. */
  readonly ended: Promise<ScreenEnd>;
  /** The first frame is out: what takes long may begin. */
  readonly drawn: Promise<void>;
  /** What is under way until the engine is there; the step before it is done. */
  setStarting(step: string): void;
  readonly store: { getState(): ScreenModel };
  /** The engine is gone, or back: `undefined`. */
  setLost(reason: string | undefined): void;
  /** An engine answers again: what was read of the one before is forgotten. `lost` goes with its first state. */
  setBack(tone: Toast['tone'], text: string): void;
  /** Why nothing can be changed from here; undefined: it can. */
  setReadOnly(why: string | undefined): void;
  /** The word in the header: PROVISION, REPLAY. */
  setMode(mode: string): void;
  setPlayer(player: Player | undefined): void;
  /** The time that is shown goes back: what is remembered of later is forgotten, where the operator is stays. */
  resetClock(nowMs: number): void;
  stop(): void;
}

export function runScreen(options: ScreenOptions): RunningScreen {
  const { stdout } = options;
  const hostNow = options.now ?? Date.now;
  const store = createStore<ScreenModel>(() => firstModel(options, sizeOf(options), hostNow()));
  // Ages are counted in the engine's time; the clock of a recording is that already.
  const now = options.now ?? (() => asEngineTime(Date.now(), store.getState().fleet));
  const update: Update = (change) => store.setState(change, true);
  const feed = createBatchFeed({ batchMs: options.batchMs ?? 100, now, update, read: store.getState });
  const guard = createTerminalGuard(stdout, options.profile);
  guard.take();
  const parts: Parts = { options, store, update, guard, now, finish: (how) => finish(how) };
  const stage = mountScreen(parts, feed);
  const stopFeeding = feedScreen(parts, feed, stage);
  const unlisten = listenToTerminal(stdout, options.stdin, {
    resized: () => stage.resized(),
    hangup: () => finish('hangup'),
    signalled: (signal) => {
      if (signal === 'SIGTERM' || !stage.isAway()) finish('signal');
    },
    exiting: guard.giveBack,
  });
  const setSession = (change: Partial<Session> | { readonly [K in keyof Session]?: Session[K] | undefined }) =>
    update((model) => ({ ...model, session: { ...model.session, ...change } as Session }));
  const ended = Promise.withResolvers<ScreenEnd>();
  let over = false;
  const leave = () => {
    over = true;
    stopFeeding();
    stage.unmount();
    guard.giveBack();
  };
  function finish(how: ScreenEnd): void {
    if (over) return;
    leave();
    // A terminal that went away may never take the last bytes: the end does not wait for it.
    const flushed = how === 'hangup' ? Promise.resolve() : stage.flushed();
    flushed
      .catch(() => undefined)
      .finally(() => {
        unlisten();
        ended.resolve(how);
      });
  }
  stage.flushed().catch((error: unknown) => {
    // A bug in a drawing: Ink has taken the tree down. The caller prints the reason on a terminal that is whole again.
    if (over) return;
    leave();
    unlisten();
    ended.reject(error);
  });
  return {
    ended: ended.promise,
    drawn: stage.drawn,
    setStarting: gatherSteps(update, now),
    store,
    setLost: (reason) => {
      // What is drawn later would say that the engine is there.
      feed.flush();
      update((model) => {
        const next = { ...model, link: linkAfter(reason, reason === undefined ? now() : feed.heardAtMs()) };
        // Each try says it again.
        return reason === undefined || model.link.reason === reason ? next : withToast(next, 'bad', reason);
      });
    },
    setBack: (tone, text) => update((model) => withToast(renewedModel(model), tone, text)),
    setReadOnly: (why) => setSession({ readOnly: why !== undefined, readOnlyWhy: why }),
    setMode: (mode) => setSession({ mode }),
    setPlayer: (player) => setSession({ player }),
    resetClock: (nowMs) => {
      feed.forget();
      update((model) => rewoundModel(model, nowMs));
    },
    stop: () => finish('quit'),
  };
}

/** A dozen parts of a start follow each other within a second: a frame for each would cost more than some of them. */
const STEPS_MS = 100;

function gatherSteps(update: Update, now: () => number): (step: string) => void {
  let waiting: readonly (readonly [step: string, atMs: number])[] | undefined;
  const flush = () => {
    const steps = waiting ?? [];
    waiting = undefined;
    if (steps.length > 0)
      update((model) => steps.reduce((last, [step, atMs]) => withStartStep(last, step, atMs), model));
  };
  return (step) => {
    if (waiting === undefined) setTimeout(flush, STEPS_MS);
    waiting = [...(waiting ?? []), [step, now()]];
  };
}

function linkAfter(reason: string | undefined, lastAtMs: number): LinkState {
  return reason === undefined ? { is: 'live', lastAtMs } : { is: 'lost', lastAtMs, reason };
}

function firstModel(options: ScreenOptions, size: { columns: number; rows: number }, nowMs: number): ScreenModel {
  const zoneMinutes = -new Date(nowMs).getTimezoneOffset();
  const fresh = freshModel(size.columns, size.rows, nowMs, { zoneMinutes, ...options.session });
  const model = withView({
    ...fresh,
    keymap: options.keymap ?? fresh.keymap,
    ui: { ...fresh.ui, look: { ...fresh.ui.look, ...options.look } },
  });
  const { problems = [] } = options;
  // One message for all of them: of several only the newest would be seen.
  return problems.length === 0 ? model : withToast(model, 'bad', problems.join('; '));
}
