import type { OperatorAction } from '../../core/operator-action.ts';
import type { ExportWish, PreviewKind } from '../../link/screen-port.ts';
import type { ScreenModel } from './screen-model.ts';

/** What a key wants done outside of the screen's own state. Data; `run-screen` does it. */
export type UiEffect =
  | { readonly type: 'act'; readonly action: OperatorAction }
  | { readonly type: 'preview'; readonly nodes: readonly string[]; readonly kind: PreviewKind }
  | { readonly type: 'load'; readonly what: 'audit' | 'services' }
  | { readonly type: 'copy'; readonly text: string }
  | { readonly type: 'export'; readonly wish: ExportWish }
  | { readonly type: 'mouse'; readonly on: boolean }
  | { readonly type: 'saveLog' | 'pager'; readonly source: string }
  | { readonly type: 'edit' | 'serial'; readonly node: string }
  | { readonly type: 'keepLook' | 'redraw' | 'suspend' | 'quit' };

export interface Step {
  readonly model: ScreenModel;
  readonly effects: readonly UiEffect[];
}

export const still = (model: ScreenModel): Step => ({ model, effects: [] });
