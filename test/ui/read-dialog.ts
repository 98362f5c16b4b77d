import type { OperatorAction } from '../../src/core/operator-action.ts';
import { typedLines } from '../../src/ui/dialogs/typed-lines.ts';
import type { ScreenModel } from '../../src/ui/state/screen-model.ts';
import type { UiEffect } from '../../src/ui/state/ui-effect.ts';
import type { TypedDialog } from '../../src/ui/state/ui-state.ts';
import { createTheme } from '../../src/ui/terminal/theme.ts';
import type { Span } from '../../src/ui/widgets/spans.ts';
import { PROFILES } from './draw-screen.tsx';

/** What an operator reads in a dialog, and what comes of his answer. */

/** A line without its tones. */
export const lineText = (spans: readonly Span[]): string =>
  spans.map((span) => (typeof span === 'string' ? span : span[0])).join('');

export function openDialog({ ui: { dialog } }: ScreenModel): TypedDialog {
  if (dialog?.kind !== 'typed') throw new Error('no dialog');
  return dialog;
}

export function dialogText(model: ScreenModel, dialog = openDialog(model)): string {
  const scene = { model, theme: createTheme(PROFILES.ascii) };
  return typedLines(scene, dialog, { width: 76, height: 30 }).map(lineText).join('\n');
}

/** The orders that the engine is given. */
export const ordersIn = (effects: readonly UiEffect[]): readonly OperatorAction[] =>
  effects.flatMap((effect) => (effect.type === 'act' ? [effect.action] : []));
