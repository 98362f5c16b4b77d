import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A terminal that people use, with a shell and job control in it; keys are sent one by one, as by hand. */
export interface TmuxTerminal {
  readonly screen: () => string;
  /** Named keys of tmux: `Enter`, `Escape`, `C-z`, `Tab`, `j`. */
  readonly press: (...keys: readonly string[]) => Promise<void>;
  /** Letter by letter; faster, it would be a paste. */
  readonly type: (text: string) => Promise<void>;
  /** As the terminal marks a paste, where the program asked for that. */
  readonly paste: (text: string) => Promise<void>;
  /** All letters at once, as a terminal sends a paste that it does not mark, or a script its keys. */
  readonly burst: (text: string) => Promise<void>;
  /** The screen with its escape sequences: what only looks show. */
  readonly looks: () => string;
  readonly waitFor: (pattern: RegExp) => Promise<void>;
  readonly waitGone: (pattern: RegExp) => Promise<void>;
  readonly resize: (columns: number, rows: number) => void;
  readonly close: () => void;
}

/** Only ends a hang: a whole installation of a simulated machine fits in many times over, also on a busy host. */
const LIMIT_MS = 90_000;
const LOOK_EVERY_MS = 50;
/** Two keys in one read of the program are a burst, which acts on nothing. */
const BETWEEN_KEYS_MS = 120;

/** A letter that is never echoed was refused; that shows by what is waited for next. */
const ECHO_LOOKS = 100;

const isEchoed = (screen: string, text: string): boolean =>
  screen.includes(`${text}_`) || screen.includes(`${text} _`) || screen.includes(`$ ${text}`);

const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

export function hasTmux(): boolean {
  try {
    execFileSync('tmux', ['-V'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

export function openTmux(size: readonly [columns: number, rows: number] = [80, 25]): TmuxTerminal {
  const home = mkdtempSync(join(tmpdir(), 'crashcart-tmux-'));
  const run = (...args: readonly string[]): string =>
    execFileSync('tmux', ['-S', join(home, 'tmux'), '-f', '/dev/null', ...args], {
      encoding: 'utf8',
      env: envOf(home),
    });
  const [columns, rows] = size;
  const place = ['-x', String(columns), '-y', String(rows)];
  run('new-session', '-d', '-s', 's', ...place, "PS1='$ ' exec bash --norc --noprofile -i");
  run('set', '-g', 'status', 'off');
  // Without a client the line of the status stays taken from the window.
  run('resize-window', '-t', 's', ...place);
  const screen = () => run('capture-pane', '-p', '-t', 's');
  const until = async (pattern: RegExp, wanted: boolean): Promise<void> => {
    for (const end = Date.now() + LIMIT_MS; pattern.test(screen()) !== wanted; await wait(LOOK_EVERY_MS))
      if (Date.now() > end) throw new Error(`${wanted ? 'never came' : 'never went'}: ${pattern}\n${screen()}`);
  };
  return {
    screen,
    press: async (...keys) => {
      for (const key of keys) {
        run('send-keys', '-t', 's', key);
        await wait(BETWEEN_KEYS_MS);
      }
    },
    type: async (text) => {
      for (const [at, letter] of [...text].entries()) {
        run('send-keys', '-t', 's', '-l', letter);
        await wait(BETWEEN_KEYS_MS);
        // The next one when this one stands before the cursor: on a busy host three in one read would be a burst.
        const sofar = text.slice(0, at + 1).trimEnd();
        for (let left = ECHO_LOOKS; left > 0 && !isEchoed(screen(), sofar); left--) await wait(LOOK_EVERY_MS);
      }
    },
    paste: async (text) => {
      run('set-buffer', text);
      run('paste-buffer', '-p', '-t', 's');
      await wait(BETWEEN_KEYS_MS);
    },
    burst: async (text) => {
      run('send-keys', '-t', 's', '-l', text);
      await wait(BETWEEN_KEYS_MS);
    },
    looks: () => run('capture-pane', '-e', '-p', '-t', 's'),
    waitFor: (pattern) => until(pattern, true),
    waitGone: (pattern) => until(pattern, false),
    resize: (nextColumns, nextRows) => {
      run('resize-window', '-t', 's', '-x', String(nextColumns), '-y', String(nextRows));
    },
    close: () => {
      try {
        run('kill-server');
      } catch {
        // It ended with its last shell.
      }
      // The shell may still write its history there.
      rmSync(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    },
  };
}

/** Nothing of whoever runs the test: no settings, no CI, no other terminal's name. */
function envOf(home: string): NodeJS.ProcessEnv {
  const { PATH } = process.env;
  return { PATH, HOME: home, LANG: 'C.UTF-8', TERM: 'xterm-256color', TZ: 'UTC', EDITOR: 'cat', PAGER: 'cat' };
}
