/** What this terminal can show. Decided once at the start, from the environment and the command line; never guessed later. */
export type GlyphSet = 'unicode' | 'vt' | 'ascii';

export interface TerminalProfile {
  readonly glyphs: GlyphSet;
  readonly colour: boolean;
  /** The kernel's own console: no alternate screen before 6.18, no OSC, bright colours stick. */
  readonly console: boolean;
  /** OSC 0 (title) and OSC 52 (copy) are understood, or at least swallowed. */
  readonly osc: boolean;
  /** tmux and screen swallow OSC 52 unless it is wrapped for them. */
  readonly multiplexer: 'tmux' | 'screen' | undefined;
}

/** Where only the number of lines is asked for: glyphs make no line longer. */
export const ANY_TERMINAL: TerminalProfile = {
  glyphs: 'unicode',
  colour: false,
  console: false,
  osc: false,
  multiplexer: undefined,
};

export interface TerminalFlags {
  readonly ascii?: boolean;
  readonly unicode?: boolean;
  readonly colour?: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Terminals that know only their own 7-bit set, and lines of unknown kind. */
const PLAIN_TERMS = /^(dumb|unknown|vt\d+.*|ansi|cons25|sun|wyse.*)?$/;
const CONSOLE_TERMS = /^(linux|linux-.*|con\d+x\d+)$/;

export function readTerminalProfile(env: Environment, flags: TerminalFlags = {}): TerminalProfile {
  const term = env['TERM'] ?? '';
  const isConsole = CONSOLE_TERMS.test(term);
  const plain = PLAIN_TERMS.test(term);
  return {
    glyphs: glyphSetOf(env, flags, isConsole, plain),
    colour: flags.colour ?? (noColour(env) ? false : !plain),
    console: isConsole,
    osc: !isConsole && !plain,
    multiplexer: multiplexerOf(env, term),
  };
}

function glyphSetOf(env: Environment, flags: TerminalFlags, isConsole: boolean, plain: boolean): GlyphSet {
  if (flags.ascii === true) return 'ascii';
  if (flags.unicode === true) return 'unicode';
  if (plain) return 'ascii';
  // POSIX: the first that is set and not empty decides.
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '';
  if (!/utf-?8/i.test(locale)) return 'ascii';
  return isConsole ? 'vt' : 'unicode';
}

/** https://no-color.org: present and not empty. Ink and chalk 6 ignore it, so we do not leave it to them. */
const noColour = (env: Environment): boolean => (env['NO_COLOR'] ?? '') !== '';

function multiplexerOf(env: Environment, term: string): 'tmux' | 'screen' | undefined {
  if ((env['TMUX'] ?? '') !== '' || term.startsWith('tmux')) return 'tmux';
  return (env['STY'] ?? '') !== '' || term.startsWith('screen') ? 'screen' : undefined;
}
