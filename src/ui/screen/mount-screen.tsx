import { type RenderOptions, render } from 'ink';
import type { StoreApi } from 'zustand/vanilla';
import { createKeySource, type KeySource } from '../keys/key-source.ts';
import { pressKeys } from '../state/press-key.ts';
import { resizeTo } from '../state/resize-to.ts';
import type { ScreenModel } from '../state/screen-model.ts';
import { CLEAR_SCREEN } from '../terminal/terminal-sequences.ts';
import { App } from './app.tsx';
import type { BatchFeed } from './batch-feed.ts';
import type { TerminalDeeds, Update } from './effect-tools.ts';
import { logSources } from './load-effects.ts';
import { createEffectRunner, type EffectRunner } from './run-effects.ts';
import { editorCommand, pagerCommand, runProgram } from './run-program.ts';
import { createTextSaver } from './save-text.ts';
import type { ScreenEnd } from './screen-options.ts';
import { type ScreenOptions, sizeOf } from './screen-options.ts';
import type { TerminalGuard } from './terminal-guard.ts';
import { type InkControls, TerminalLink } from './terminal-link.tsx';

export interface Parts {
  readonly options: ScreenOptions;
  readonly store: StoreApi<ScreenModel>;
  readonly update: Update;
  readonly guard: TerminalGuard;
  readonly now: () => number;
  readonly finish: (how: ScreenEnd) => void;
}

export interface Stage {
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
export function mountScreen(parts: Parts, feed: BatchFeed): Stage {
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

/** Ink asks the stream for its size; a serial line tells none, and of `--size` the stream knows nothing. */
function sizedOutput(options: ScreenOptions): NodeJS.WriteStream {
  const { stdout, size } = options;
  if (size === undefined && stdout.columns > 0 && stdout.rows > 0) return stdout;
  return new Proxy(stdout, {
    get: (target, key) => {
      if (key === 'columns' || key === 'rows') return sizeOf(options)[key];
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

function inkOptions(options: ScreenOptions): RenderOptions {
  const { stdin, stdout } = options;
  return {
    stdin,
    stdout: sizedOutput(options),
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
