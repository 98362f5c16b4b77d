import { layoutFor } from '../select/layout.ts';
import { routeOf } from '../state/ui-state.ts';
import { clip, showText, widthOf, wrapText } from '../terminal/fit-text.ts';
import type { Tone } from '../terminal/theme.ts';
import type { Box, Scene } from '../widgets/scene.ts';
import { renderSpans, type Span } from '../widgets/spans.ts';

const TONES: { readonly [T in 'good' | 'bad' | 'note']: Tone } = { good: 'ready', bad: 'bad', note: 'bold' };
const SIGNS = { good: '=', bad: '!', note: ' ' } as const;
/** Room for the count of rows beside it. */
const COUNT_COLUMNS = 14;
const MOST_LINES = 6;

/** The newest message as one line, in the place of the line about the node; undefined when it has lines of its own. */
export function toastSpans(scene: Scene): readonly Span[] | undefined {
  const toast = shownToast(scene);
  return toast === undefined || toast.isLong ? undefined : [[toast.text, toast.tone]];
}

/** A refusal may be long, and its end is often what helps: it takes as many lines at the bottom as it needs. */
export function toastBlock(
  scene: Scene,
  box: Box,
): { readonly top: number; readonly lines: readonly string[] } | undefined {
  const toast = shownToast(scene);
  if (toast === undefined || !toast.isLong) return undefined;
  // The bottom line stays in view: it holds the keys, or what is being typed.
  const below = 1;
  const most = Math.min(MOST_LINES, Math.max(2, Math.floor(box.height / 2) - 1));
  const wrapped = wrapText(toast.text, box.width - 2);
  const texts =
    wrapped.length > most
      ? [...wrapped.slice(0, most - 1), `${clip(wrapped[most - 1] ?? '', box.width - 6)} ...`]
      : wrapped;
  const tone: Tone = toast.tone === 'bad' ? 'alarm' : 'selected';
  const lines = texts.map((text, at) =>
    renderSpans(scene.theme, [[fill(`${at === 0 ? '' : ' '}${text}`, box.width), tone]], box.width),
  );
  return { top: box.height - below - lines.length, lines };
}

const fill = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - widthOf(text)));

function shownToast({
  model,
  theme,
}: Scene): { readonly text: string; readonly tone: Tone; readonly isLong: boolean } | undefined {
  const toast = model.ui.toasts.at(-1);
  if (toast === undefined) return undefined;
  const text = `${SIGNS[toast.tone]}${showText(toast.text, theme.set, 600)}`;
  const { ui } = model;
  const layout = layoutFor(ui.size.columns, ui.size.rows);
  const hasLine = layout.hasProblemLine && !(layout.kind === 'wide' && routeOf(ui).is === 'rack' && !ui.zoomed);
  return { text, tone: TONES[toast.tone], isLong: !hasLine || widthOf(text) > ui.size.columns - COUNT_COLUMNS };
}
