import type { DialogKey, OpenDialog } from './dialog-key.ts';
import { takeKey } from './edit-text.ts';
import { type ScreenModel, withView } from './screen-model.ts';

/** The line in which a filter or a search is typed. */
export function reduceField(
  model: ScreenModel,
  dialog: Extract<OpenDialog, { kind: 'field' }>,
  { key, action }: DialogKey,
): ScreenModel {
  if (action === 'confirm') return acceptField(model, dialog);
  if (action === 'up' || action === 'down') return recall(model, dialog, action === 'up' ? 1 : -1);
  const edit = takeKey(dialog.edit, key);
  return edit === undefined ? model : withField(model, { ...dialog, edit });
}

/** Live: the list follows every letter. */
export function withField(model: ScreenModel, dialog: Extract<OpenDialog, { kind: 'field' }>): ScreenModel {
  const { ui } = model;
  if (dialog.what === 'search')
    return { ...model, ui: { ...ui, dialog, log: { ...ui.log, search: dialog.edit.text } } };
  return withView({ ...model, ui: { ...ui, dialog, filter: dialog.edit.text, tops: { ...ui.tops, nodes: 0 } } });
}

const HISTORY_KEPT = 20;

function acceptField(model: ScreenModel, dialog: Extract<OpenDialog, { kind: 'field' }>): ScreenModel {
  const { ui } = model;
  const text = dialog.edit.text.trim();
  const kept =
    text === '' || dialog.what === 'search'
      ? ui.filterHistory
      : [text, ...ui.filterHistory.filter((one) => one !== text)].slice(0, HISTORY_KEPT);
  return { ...model, ui: { ...ui, dialog: null, filterHistory: kept } };
}

function recall(model: ScreenModel, dialog: Extract<OpenDialog, { kind: 'field' }>, by: number): ScreenModel {
  if (dialog.what === 'search') return model;
  const recalled = Math.max(-1, Math.min(model.ui.filterHistory.length - 1, dialog.recalled + by));
  const text = model.ui.filterHistory[recalled] ?? '';
  return withField(model, { ...dialog, recalled, edit: { text, at: [...text].length } });
}
