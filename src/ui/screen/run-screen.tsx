import { type RenderOptions, render } from 'ink';
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { ScreenPort } from '../../link/screen-port.ts';
import { createKeySource, type KeySource } from '../keys/key-source.ts';
import type { Keymap } from '../keys/keymap.ts';
import { pressKeys } from '../state/press-key.ts';
import { resizeTo } from '../state/resize-to.ts';
import {
  freshModel,
  type LinkState,
  type Player,
  rewoundModel,
  type ScreenModel,
  type Session,
  withStartStep,
  withView,
} from '../state/screen-model.ts';
import { withToast } from '../state/toasts.ts';
import type { Look } from '../state/ui-state.ts';
import type { TerminalProfile } from '../terminal/terminal-profile.ts';
import { CLEAR_SCREEN } from '../terminal/terminal-sequences.ts';
import { App } from './app.tsx';
import { type BatchFeed, createBatchFeed } from './batch-feed.ts';
import { createEffectRunner, type EffectRunner, logSources, type TerminalDeeds } from './run-effects.ts';
import { editorCommand, pagerCommand, runProgram } from './run-program.ts';
import { createTextSaver } from './save-text.ts';
import { createTerminalGuard, type TerminalGuard } from './terminal-guard.ts';
import { type InkControls, TerminalLink } from './terminal-link.tsx';

export interface ScreenOptions {
  readonly port: ScreenPort;
  readonly profile: TerminalProfile;
  readonly session: Partial<Session>;
  readonly look?: Partial<Look>;
  readonly keymap?: Keymap;
  /** 100 ms on this host, 250 ms over slow lines. */
  readonly batchMs?: number;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `--size 100x30`, for serial lines that tell no size. */
  readonly size?: { readonly columns: number; readonly rows: number };
  readonly keepLook?: (look: Look) => void;
  /** What is wrong and was found before there was a screen: behind it nobody would read that. */
  readonly problems?: readonly string[];
  readonly now?: () => number;
}

/** `signal`: somebody told the process to end; it is up to the caller to do so. */
export type ScreenEnd = 'quit' | 'hangup' | 'signal';

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
  /** Why nothing can be changed from here; undefined: it can. */
  setReadOnly(why: string | undefined): void;
  /** The word in the header: PROVISION, REPLAY. */
  setMode(mode: string): void;
  setPlayer(player: Player | undefined): void;
  /** The time that is shown goes back: what is remembered of later is forgotten, where the operator is stays. */
  resetClock(nowMs: number): void;
  stop(): void;
}

/** A window that tells no size is a serial line: 80x24 until somebody says otherwise. */
const SERIAL_SIZE = { columns: 80, rows: 24 } as const;
/** Ink paints once with the old width before our redraw; the storm of a dragged window is one redraw. */
const RESIZE_WAIT_MS = 40;
const END_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const;
const REFRESH_MS = 1_000;
const POLL_MS = 2_000;

export function runScreen(options: ScreenOptions): RunningScreen {
  const { stdout } = options;
  const now = options.now ?? Date.now;
  const store = createStore<ScreenModel>(() => firstModel(options, sizeOf(options), now()));
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
    setStarting: (step) => update((model) => withStartStep(model, step, now())),
    store,
    setLost: (reason) => update((model) => ({ ...model, link: linkAfter(model, reason, now()) })),
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

type Update = (change: (model: ScreenModel) => ScreenModel) => void;

interface Parts {
  readonly options: ScreenOptions;
  readonly store: StoreApi<ScreenModel>;
  readonly update: Update;
  readonly guard: TerminalGuard;
  readonly now: () => number;
  readonly finish: (how: ScreenEnd) => void;
}

interface Stage {
  readonly effects: EffectRunner;
  readonly drawn: Promise<void>;
  /** Another program has the terminal: ctrl-c there is meant for it. */
  readonly isAway: () => boolean;
  redraw(): void;
  resized(): void;
  unmount(): void;
  flushed(): Promise<unknown>;
}

/** The tree on the terminal, its keys, and what the keys may do to the terminal. */
function mountScreen(parts: Parts, feed: BatchFeed): Stage {
  const { options, store, update, guard, now } = parts;
  let controls: InkControls | undefined;
  let keys: KeySource | undefined;
  let awake = false;
  let isAway = false;
  const redraw = () => {
    options.stdout.write(CLEAR_SCREEN);
    ink.clear();
    ink.rerender(tree());
  };
  const resized = () => {
    update((model) => resizeTo(model, sizeOf(options)));
    redraw();
  };
  const suspendFor = async (run: () => Promise<void>) => {
    if (controls === undefined) return;
    keys?.pause();
    guard.giveBack();
    isAway = true;
    try {
      await controls.suspend(async () => {
        await stopReading(options.stdin);
        await run();
      });
    } finally {
      isAway = false;
      guard.take();
      keys?.resume();
      resized();
    }
  };
  const effects = createEffectRunner(
    options.port,
    terminalDeeds(parts, redraw, suspendFor),
    update,
    store.getState,
    feed.heard,
  );
  const onReady = (ready: InkControls) => {
    if (controls !== undefined) return;
    controls = ready;
    keys = createKeySource(ready.input, (pressed) => {
      if (!awake) return;
      const before = store.getState();
      const step = pressKeys(before, pressed);
      store.setState({ ...step.model, nowMs: Math.max(step.model.nowMs, now()) }, true);
      effects.run(step.effects);
      if (logSources(before).join() !== logSources(step.model).join()) effects.refresh(step.model);
    });
    keys.resume();
  };
  const tree = () => (
    <>
      <TerminalLink onReady={onReady} />
      <App store={store} profile={options.profile} />
    </>
  );
  const ink = render(tree(), inkOptions(options));
  const drawn = ink.waitUntilRenderFlush().then(() => undefined);
  // What was typed before there was a screen was meant for something else.
  void drawn.then(() =>
    setImmediate(() => {
      awake = true;
    }),
  );
  const unmount = () => {
    keys?.pause();
    ink.unmount();
  };
  return { effects, drawn, isAway: () => isAway, redraw, resized, unmount, flushed: () => ink.waitUntilExit() };
}

/**
 * Ink takes its listener off and leaves the stream reading: of what is typed into an editor we would get a part, and
 * where the editor was quicker the read blocks this whole thread (seen with less: the terminal is in blocking mode then).
 */
async function stopReading(stdin: NodeJS.ReadStream): Promise<void> {
  // Only once the stream knows that nobody listens any more does it pass a pause on to the terminal.
  await new Promise((resolve) => setImmediate(resolve));
  stdin.pause();
}

function inkOptions({ stdin, stdout }: ScreenOptions): RenderOptions {
  return {
    stdin,
    stdout,
    alternateScreen: true,
    incrementalRendering: true,
    maxFps: 60,
    exitOnCtrlC: false,
    patchConsole: false,
    // Ink draws nothing when CI is set in the environment; a terminal is a terminal.
    interactive: stdout.isTTY === true,
  };
}

function terminalDeeds(
  parts: Parts,
  redraw: () => void,
  suspendFor: (run: () => Promise<void>) => Promise<void>,
): TerminalDeeds {
  const { options, store, guard } = parts;
  return {
    copy: guard.copy,
    setMouse: guard.setMouse,
    redraw,
    suspend: () => void suspendFor(stopProcess).catch(() => undefined),
    quit: () => parts.finish('quit'),
    keepLook: () => options.keepLook?.(store.getState().ui.look),
    saveText: createTextSaver(),
    runProgram: async (command, how) => {
      let problem: string | undefined;
      await suspendFor(async () => {
        problem = await runProgram(command, how);
      });
      return problem;
    },
    editorCommand: (file) => editorCommand(options.env, file),
    pagerCommand: (file) => pagerCommand(options.env, file),
  };
}

/** Everything that changes the screen without a key: news, the clock, the log that is open, the services. */
function feedScreen({ options, store, guard }: Parts, feed: BatchFeed, { effects, redraw }: Stage): () => void {
  const unsubscribe = options.port.subscribe(feed.take);
  effects.poll();
  const refresher = setInterval(() => effects.refresh(store.getState()), REFRESH_MS);
  const poller = setInterval(effects.poll, POLL_MS);
  let early: NodeJS.Timeout | undefined;
  const untell = store.subscribe((model, before) => {
    // Keys that were typed during the start were echoed, and Ink drew its first frame from where they had left the
    // cursor. Once the engine is there the terminal is raw: from here on it is ours alone.
    if (before.link.is === 'connecting' && model.link.is === 'live') early ??= setTimeout(redraw, RESIZE_WAIT_MS);
    if (model.view.counts !== before.view.counts || model.fleet.saving !== before.fleet.saving) guard.tell(model);
  });
  return () => {
    feed.stop();
    unsubscribe();
    untell();
    clearTimeout(early);
    clearInterval(refresher);
    clearInterval(poller);
  };
}

const sizeOf = ({ size, stdout }: ScreenOptions): { readonly columns: number; readonly rows: number } =>
  size ?? { columns: stdout.columns || SERIAL_SIZE.columns, rows: stdout.rows || SERIAL_SIZE.rows };

function linkAfter(model: ScreenModel, reason: string | undefined, nowMs: number): LinkState {
  return reason === undefined ? { is: 'live', lastAtMs: nowMs } : { is: 'lost', lastAtMs: model.link.lastAtMs, reason };
}

function firstModel(options: ScreenOptions, size: { columns: number; rows: number }, nowMs: number): ScreenModel {
  const zoneMinutes = -new Date(nowMs).getTimezoneOffset();
  const fresh = freshModel(size.columns, size.rows, nowMs, { zoneMinutes, ...options.session });
  const model = withView({
    ...fresh,
    keymap: options.keymap ?? fresh.keymap,
    ui: { ...fresh.ui, look: { ...fresh.ui.look, ...options.look } },
  });
  return (options.problems ?? []).reduce((now, problem) => withToast(now, 'bad', problem), model);
}

/**
 * Ctrl-Z: Ink gave the terminal back; the shell has it until `fg`. The whole job is stopped, as the terminal itself would
 * do it: behind `npm start` or a script the shell waits for the one in front, and would never come back.
 */
function stopProcess(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGCONT', () => resolve());
    process.kill(0, 'SIGTSTP');
  });
}

interface TerminalEvents {
  readonly resized: () => void;
  readonly hangup: () => void;
  readonly signalled: (signal: NodeJS.Signals) => void;
  readonly exiting: () => void;
}

/** Resize, hang-up (SSH drop), and the last moment before the process ends for whatever reason. */
function listenToTerminal(stdout: NodeJS.WriteStream, stdin: NodeJS.ReadStream, on: TerminalEvents): () => void {
  let timer: NodeJS.Timeout | undefined;
  const resized = () => {
    clearTimeout(timer);
    timer = setTimeout(on.resized, RESIZE_WAIT_MS);
  };
  // A terminal that is gone answers with EIO; without a listener that would end the whole process.
  const broken = () => on.hangup();
  stdout.on('resize', resized);
  stdout.on('error', broken);
  stdin.on('error', broken);
  stdin.on('end', broken);
  process.on('SIGHUP', on.hangup);
  // A signal ends a process without its exit event: the terminal would keep what we changed.
  for (const signal of END_SIGNALS) process.on(signal, on.signalled);
  process.on('exit', on.exiting);
  return () => {
    clearTimeout(timer);
    stdout.off('resize', resized);
    stdin.off('end', broken);
    process.off('SIGHUP', on.hangup);
    for (const signal of END_SIGNALS) process.off(signal, on.signalled);
    process.off('exit', on.exiting);
  };
}
