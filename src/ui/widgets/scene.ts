import { isStale, type ScreenModel } from '../state/screen-model.ts';
import { glyphsOf } from '../terminal/glyphs.ts';
import type { TerminalProfile } from '../terminal/terminal-profile.ts';
import type { Theme } from '../terminal/theme.ts';

/** What every drawing function gets: the state, and how this terminal shows it. */
export interface Scene {
  readonly model: ScreenModel;
  readonly theme: Theme;
}

export interface Box {
  readonly width: number;
  readonly height: number;
}

export function sceneOf(model: ScreenModel, profile: TerminalProfile): Scene {
  const { look } = model.ui;
  const set = look.ascii ? 'ascii' : profile.glyphs;
  const colour = look.colour === 'auto' ? profile.colour : look.colour === 'on';
  return { model, theme: { set, glyphs: glyphsOf(set), colour, palette: look.palette, stale: isStale(model) } };
}

/** Exactly `height` lines: the rest is blank or left out, never taller than its place. */
export const padLines = (lines: readonly string[], box: Box): string[] =>
  Array.from({ length: box.height }, (_, at) => lines[at] ?? ' '.repeat(box.width));
