import type { ActionId } from '../keys/action-id.ts';
import type { KeyPress } from '../keys/key.ts';
import type { ScreenMode } from '../keys/keymap.ts';
import type { ScreenModel } from './screen-model.ts';
import type { Step } from './ui-effect.ts';
import type { Dialog } from './ui-state.ts';

export type OpenDialog = NonNullable<Dialog>;

/** A key while a dialog is open, and what it means in it. */
export interface DialogKey {
  readonly key: KeyPress;
  readonly action: ActionId | undefined;
  readonly mode: ScreenMode;
  /** Runs an action on the screen below, after the dialog closed. */
  readonly run: (model: ScreenModel, action: ActionId) => Step;
}
