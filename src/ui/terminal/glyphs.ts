import type { GlyphSet } from './terminal-profile.ts';

/** Every glyph that the program itself draws. `vt` holds only what a Linux console's CP437 font has (seen: … ✔ ● ❯ become ■). */
export interface Glyphs {
  readonly horizontal: string;
  readonly vertical: string;
  readonly topLeft: string;
  readonly topRight: string;
  readonly bottomLeft: string;
  readonly bottomRight: string;
  readonly teeDown: string;
  readonly teeUp: string;
  readonly full: string;
  readonly empty: string;
  readonly done: string;
  readonly failed: string;
  readonly waiting: string;
  readonly working: string;
  /** Eight heights, lowest first; consoles have fewer and repeat. */
  readonly spark: readonly string[];
  readonly up: string;
  readonly down: string;
  readonly arrow: string;
}

const LINES = {
  horizontal: '─',
  vertical: '│',
  topLeft: '┌',
  topRight: '┐',
  bottomLeft: '└',
  bottomRight: '┘',
  teeDown: '┬',
  teeUp: '┴',
} as const;

const VT: Glyphs = {
  ...LINES,
  full: '█',
  empty: '░',
  done: '√',
  failed: '×',
  waiting: '·',
  working: '■',
  spark: ['·', '·', '░', '░', '▒', '▒', '▓', '█'],
  up: '↑',
  down: '↓',
  arrow: '→',
};

const UNICODE: Glyphs = { ...VT, spark: ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] };

const ASCII: Glyphs = {
  horizontal: '-',
  vertical: '|',
  topLeft: '+',
  topRight: '+',
  bottomLeft: '+',
  bottomRight: '+',
  teeDown: '+',
  teeUp: '+',
  full: '#',
  empty: '.',
  done: 'ok',
  failed: 'x',
  waiting: '.',
  working: '*',
  spark: ['_', '_', '.', '.', ':', ':', '|', '#'],
  up: '^',
  down: 'v',
  arrow: '->',
};

const SETS: { readonly [K in GlyphSet]: Glyphs } = { unicode: UNICODE, vt: VT, ascii: ASCII };

export const glyphsOf = (set: GlyphSet): Glyphs => SETS[set];
