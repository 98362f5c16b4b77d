import { render } from 'ink';
import { createStore } from 'zustand/vanilla';
import { App } from '../../src/ui/screen/app.tsx';
import type { ScreenModel } from '../../src/ui/state/screen-model.ts';
import { readTerminalProfile, type TerminalProfile } from '../../src/ui/terminal/terminal-profile.ts';
import { createInkTerminal, type InkTerminal } from './ink-terminal.ts';

export const PROFILES = {
  vt: readTerminalProfile({ TERM: 'linux', LANG: 'C.UTF-8' }),
  ascii: readTerminalProfile({ TERM: 'vt220', LANG: 'C' }, { colour: true }),
  plain: readTerminalProfile({ TERM: 'xterm-256color', LANG: 'C.UTF-8', NO_COLOR: '1' }),
  unicode: readTerminalProfile({ TERM: 'xterm-256color', LANG: 'C.UTF-8' }),
} as const satisfies Record<string, TerminalProfile>;

/** One frame of the real tree through Ink's real writer. */
export async function drawScreen(model: ScreenModel, profile: TerminalProfile): Promise<InkTerminal> {
  const { columns, rows } = model.ui.size;
  const terminal = createInkTerminal(columns, rows);
  const store = createStore<ScreenModel>(() => model);
  const ink = render(<App store={store} profile={profile} />, {
    stdin: terminal.stdin as never,
    stdout: terminal.stdout as never,
    alternateScreen: true,
    incrementalRendering: true,
    maxFps: 60,
    exitOnCtrlC: false,
    patchConsole: false,
    interactive: true,
  });
  await ink.waitUntilRenderFlush();
  await terminal.flush();
  const drawn = {
    ...terminal,
    lines: fixed(terminal.lines()),
    screen: fixedText(terminal.screen()),
    attributes: fixedText(terminal.attributes()),
  };
  ink.unmount();
  return drawn;
}

/** The picture is kept as it was before the screen was given back. */
const fixed = (lines: string[]) => () => lines;
const fixedText = (text: string) => () => text;
