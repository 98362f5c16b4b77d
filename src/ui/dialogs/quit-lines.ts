import { tellUnkept } from '../../core/unkept.ts';
import { lostByQuit } from '../state/ask-quit.ts';
import type { TypedDialog } from '../state/ui-state.ts';
import { showText, wrapText } from '../terminal/fit-text.ts';
import type { FrameLine } from '../widgets/frame.ts';
import type { Scene } from '../widgets/scene.ts';

/** By name what a quit would lose, and why it is not saved. */
export function quitLines({ model, theme }: Scene, { action }: TypedDialog, width: number): readonly FrameLine[] {
  if (action !== 'quit') return [];
  const orders = lostByQuit(model);
  const { saving } = model.fleet;
  if (orders.length === 0 || saving.is !== 'failing') return [['It is saved again: nothing is lost by a quit.']];
  const show = (text: string, tone: 'bad' | 'plain'): readonly FrameLine[] =>
    wrapText(showText(text, theme.set, 4_000), width).map((line): FrameLine => [[line, tone]]);
  return [...show(tellUnkept(orders), 'bad'), [], ...show(saving.reason, 'plain')];
}
