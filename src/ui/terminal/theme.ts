import { type Glyphs, glyphsOf } from './glyphs.ts';
import type { GlyphSet, TerminalProfile } from './terminal-profile.ts';

/** Colours by meaning. Each state also has a sign and a word, so that none of them has to be seen. */
export type Tone =
  | 'ready'
  | 'busy'
  | 'wait'
  | 'warn'
  | 'bad'
  | 'off'
  | 'dim'
  | 'bold'
  | 'title'
  | 'selected'
  | 'alarm'
  | 'plain';

export type Palette = 'standard' | 'colourBlind' | 'contrast';

export interface Theme {
  readonly set: GlyphSet;
  readonly glyphs: Glyphs;
  readonly colour: boolean;
  readonly palette: Palette;
  /** What is shown is old: everything but alarms is dim. */
  readonly stale: boolean;
}

/**
 * SGR parameters. Only 30-37 with bold, inverse and dim: on a Linux console 90-97 and 256 colours switch bold on and
 * leave it on, italic shows green, underline cyan.
 */
interface Ink {
  readonly colour?: number;
  readonly bold?: true;
  readonly dim?: true;
  readonly inverse?: true;
}

const SHAPES: { readonly [T in Tone]: Ink } = {
  ready: {},
  busy: {},
  wait: { bold: true },
  warn: { bold: true },
  bad: { bold: true },
  off: { dim: true },
  dim: { dim: true },
  bold: { bold: true },
  title: { bold: true },
  selected: { inverse: true },
  alarm: { inverse: true, bold: true },
  plain: {},
};

const [RED, GREEN, YELLOW, BLUE, MAGENTA, CYAN, WHITE] = [31, 32, 33, 34, 35, 36, 37] as const;

const PALETTES: { readonly [P in Palette]: { readonly [T in Tone]?: number } } = {
  standard: { ready: GREEN, busy: CYAN, wait: BLUE, warn: YELLOW, bad: RED },
  // Deuteranopia and protanopia keep blue against yellow; red and green never meet.
  colourBlind: { ready: BLUE, busy: CYAN, wait: WHITE, warn: YELLOW, bad: MAGENTA },
  contrast: { ready: WHITE, busy: CYAN, wait: CYAN, warn: YELLOW, bad: RED },
};

export function createTheme(profile: TerminalProfile, palette: Palette = 'standard'): Theme {
  return { set: profile.glyphs, glyphs: glyphsOf(profile.glyphs), colour: profile.colour, palette, stale: false };
}

/** Text in a tone, closed with what was opened (22 and 39 apart: a console keeps bold after 39 alone). */
export function paint(theme: Theme, tone: Tone, text: string): string {
  if (text === '') return '';
  const isOld = theme.stale && tone !== 'alarm' && tone !== 'selected';
  const shape = isOld ? SHAPES.dim : SHAPES[tone];
  const colour = theme.colour && !isOld ? PALETTES[theme.palette][tone] : undefined;
  let painted = text;
  if (colour !== undefined) painted = between(colour, painted, 39);
  if (shape.inverse) painted = between(7, painted, 27);
  if (shape.dim) painted = between(2, painted, 22);
  return shape.bold ? between(1, painted, 22) : painted;
}

/** One sequence each, closed in reverse: as Ink writes it. What stands in that form it takes apart once a frame, not twice. */
const between = (open: number, text: string, close: number): string => `\u001b[${open}m${text}\u001b[${close}m`;
