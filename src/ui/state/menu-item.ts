import type { OperatorAction } from '../../core/operator-action.ts';
import type { ActionId } from '../keys/action-id.ts';

/** One line of a menu or of the palette. */
export interface MenuItem {
  readonly action: ActionId;
  /** The key that does the same without the menu; it works inside the menu too. */
  readonly key: string;
  readonly text: string;
  readonly against: string | undefined;
  /** Done at once when it is chosen; absent: the action asks first, as by its key. */
  readonly deed?: OperatorAction;
}
