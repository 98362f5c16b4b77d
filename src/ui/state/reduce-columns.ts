import { columnChoices, type ListColumn, moveColumn, toggleColumn } from '../select/list-columns.ts';
import type { DialogKey, OpenDialog } from './dialog-key.ts';
import type { ScreenModel } from './screen-model.ts';
import { type Step, still } from './ui-effect.ts';
import { withDialog } from './with-ui.ts';

/** Each change is on the list behind at once, and kept. */
export function reduceColumns(
  model: ScreenModel,
  dialog: Extract<OpenDialog, { kind: 'columns' }>,
  { action }: DialogKey,
): Step {
  const { columns } = model.ui.look;
  const choices = columnChoices(columns);
  const here = choices[dialog.index];
  const put = (next: readonly ListColumn[], follow: boolean): Step => {
    const index = follow && here !== undefined ? columnChoices(next).indexOf(here) : dialog.index;
    const ui = { ...model.ui, look: { ...model.ui.look, columns: next }, dialog: { ...dialog, index } };
    return { model: { ...model, ui }, effects: [{ type: 'keepLook' }] };
  };
  switch (action) {
    case 'up':
    case 'down': {
      const index = (dialog.index + (action === 'up' ? -1 : 1) + choices.length) % choices.length;
      return still(withDialog(model, { ...dialog, index }));
    }
    case 'toggle':
      return here === undefined ? still(model) : put(toggleColumn(columns, here), true);
    case 'earlier':
    case 'later':
      return here === undefined ? still(model) : put(moveColumn(columns, here, action === 'later' ? 1 : -1), true);
    case 'usual':
      return put([], false);
    default:
      return still(model);
  }
}
