import { render } from 'ink';
import { createStore } from 'zustand/vanilla';
import type { ScreenPort } from '../../link/screen-port.ts';
import { createKeySource, type KeySource } from '../keys/key-source.ts';
import type { Keymap } from '../keys/keymap.ts';
import { pressKeys } from '../state/press-key.ts';
import { resizeTo } from '../state/resize-to.ts';
import { freshModel, type ScreenModel, type Session, withView } from '../state/screen-model.ts';
import type { Look } from '../state/ui-state.ts';
import type { TerminalProfile } from '../terminal/terminal-profile.ts';
import { CLEAR_SCREEN } from '../terminal/terminal-sequences.ts';
import { App } from './app.tsx';
import { createBatchFeed } from './batch-feed.ts';
import { createEffectRunner, logSources, type TerminalDeeds } from './run-effects.ts';
import { editorCommand, pagerCommand, runProgram } from './run-program.ts';
import { createTerminalGuard } from './terminal-guard.ts';
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
  readonly now?: () => number;
}

/** `signal`: somebody told the process to end; it is up to the caller to do so. */
export type ScreenEnd = 'quit' | 'hangup' | 'signal';

export interface RunningScreen {
  /** Resolves when the operator left, or the terminal went away. The terminal is restored by then. */
  readonly ended: Promise<ScreenEnd>;
  readonly store: { getState(): ScreenModel };
  /** The engine is gone, or back: `undefined`. */
  setLost(reason: string | undefined): void;
  setReadOnly(readOnly: boolean): void;
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
  const { port, profile, stdin, stdout } = options;
  const now = options.now ?? Date.now;
  const sizeNow = () =>
    options.size ?? { columns: stdout.columns || SERIAL_SIZE.columns, rows: stdout.rows || SERIAL_SIZE.rows };
  const store = createStore<ScreenModel>(() => firstModel(options, sizeNow(), now()));
  const update = (change: (model: ScreenModel) => ScreenModel) => store.setState(change, true);
  const guard = createTerminalGuard(stdout, profile);
  const ended = Promise.withResolvers<ScreenEnd>();
  let controls: InkControls | undefined;
  let keys: KeySource | undefined;

  const redraw = () => {
    stdout.write(CLEAR_SCREEN);
    ink.clear();
    ink.rerender(tree());
  };
  const suspendFor = async (run: () => Promise<void>) => {
    if (controls === undefined) return;
    keys?.pause();
    guard.giveBack();
    try {
      await controls.suspend(run);
    } finally {
      guard.take();
      keys?.resume();
      update((model) => resizeTo(model, sizeNow()));
      redraw();
    }
  };
  const deeds: TerminalDeeds = {
    copy: guard.copy,
    setMouse: guard.setMouse,
    redraw,
    suspend: () => void suspendFor(stopProcess).catch(() => undefined),
    quit: () => finish('quit'),
    keepLook: () => options.keepLook?.(store.getState().ui.look),
    runProgram: async (command) => {
      let problem: string | undefined;
      await suspendFor(async () => {
        problem = await runProgram(command);
      });
      return problem;
    },
    editorCommand: (file) => editorCommand(options.env, file),
    pagerCommand: (file) => pagerCommand(options.env, file),
  };
  const effects = createEffectRunner(port, deeds, update, store.getState, () => feed.heard());
  const onReady = (ready: InkControls) => {
    if (controls !== undefined) return;
    controls = ready;
    keys = createKeySource(ready.input, (pressed) => {
      const step = pressKeys(store.getState(), pressed);
      const before = store.getState();
      store.setState({ ...step.model, nowMs: Math.max(step.model.nowMs, now()) }, true);
      effects.run(step.effects);
      if (logSources(before).join() !== logSources(step.model).join()) effects.refresh(step.model);
    });
    keys.resume();
  };
  const tree = () => (
    <>
      <TerminalLink onReady={onReady} />
      <App store={store} profile={profile} />
    </>
  );

  guard.take();
  const ink = render(tree(), {
    stdin,
    stdout,
    alternateScreen: true,
    incrementalRendering: true,
    maxFps: 60,
    exitOnCtrlC: false,
    patchConsole: false,
    // Ink draws nothing when CI is set in the environment; a terminal is a terminal.
    interactive: stdout.isTTY === true,
  });
  const feed = createBatchFeed({ batchMs: options.batchMs ?? 100, now, update, read: store.getState });
  const unsubscribe = port.subscribe(feed.take);
  effects.poll();
  const refresher = setInterval(() => effects.refresh(store.getState()), REFRESH_MS);
  const poller = setInterval(effects.poll, POLL_MS);
  const untell = store.subscribe((model, before) => {
    if (model.view.counts !== before.view.counts) guard.tell(model);
  });
  const unlisten = listenToTerminal(stdout, stdin, {
    resized: () => {
      update((model) => resizeTo(model, sizeNow()));
      redraw();
    },
    hangup: () => finish('hangup'),
    signalled: () => finish('signal'),
    exiting: guard.giveBack,
  });

  let over = false;
  function finish(how: ScreenEnd): void {
    if (over) return;
    over = true;
    keys?.pause();
    feed.stop();
    unsubscribe();
    untell();
    clearInterval(refresher);
    clearInterval(poller);
    ink.unmount();
    guard.giveBack();
    // A terminal that went away may never take the last bytes: the end does not wait for it.
    const flushed = how === 'hangup' ? Promise.resolve() : ink.waitUntilExit();
    flushed
      .catch(() => undefined)
      .finally(() => {
        unlisten();
        ended.resolve(how);
      });
  }

  return {
    ended: ended.promise,
    store,
    setLost: (reason) =>
      update((model) => ({
        ...model,
        link:
          reason === undefined
            ? { is: 'live', lastAtMs: now() }
            : { is: 'lost', lastAtMs: model.link.lastAtMs, reason },
      })),
    setReadOnly: (readOnly) => update((model) => ({ ...model, session: { ...model.session, readOnly } })),
    stop: () => finish('quit'),
  };
}

function firstModel(options: ScreenOptions, size: { columns: number; rows: number }, nowMs: number): ScreenModel {
  const zoneMinutes = -new Date(nowMs).getTimezoneOffset();
  const fresh = freshModel(size.columns, size.rows, nowMs, { zoneMinutes, ...options.session });
  return withView({
    ...fresh,
    keymap: options.keymap ?? fresh.keymap,
    ui: { ...fresh.ui, look: { ...fresh.ui.look, ...options.look } },
  });
}

/** Ctrl-Z: Ink gave the terminal back; the shell has it until `fg`. */
function stopProcess(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGCONT', () => resolve());
    process.kill(process.pid, 'SIGTSTP');
  });
}

interface TerminalEvents {
  readonly resized: () => void;
  readonly hangup: () => void;
  readonly signalled: () => void;
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
