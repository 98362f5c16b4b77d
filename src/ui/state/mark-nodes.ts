import type { ActionId } from '../keys/action-id.ts';
import { type ShownList, shownList } from '../select/shown-list.ts';
import { moveCursor } from './move-cursor.ts';
import { type ScreenModel, withView } from './screen-model.ts';
import { withToast } from './toasts.ts';
import type { ListName, UiState } from './ui-state.ts';

const MARKED: readonly ListName[] = ['nodes', 'jobs', 'strangers'];

/** Marks are names, per kind of list, and survive filters, racks and screens until they are cleared. */
export function markNodes(model: ScreenModel, action: ActionId): ScreenModel {
  const list = shownList(model);
  if (list === undefined || !MARKED.includes(list.name)) return model;
  const id = list.ids[list.cursor];
  const marks = list.name === 'strangers' ? model.ui.strangerMarks : model.ui.marks;
  switch (action) {
    case 'mark': {
      if (id === undefined) return model;
      const next = marks.includes(id) ? marks.filter((one) => one !== id) : [...marks, id];
      return moveCursor(keep(model, list, next, id), 'down');
    }
    case 'markRange': {
      const from = list.ids.indexOf(model.ui.lastMark ?? '');
      if (id === undefined || from < 0)
        return withToast(model, 'note', 'mark the first one with space, then go to the last one and press v');
      const range = list.ids.slice(Math.min(from, list.cursor), Math.max(from, list.cursor) + 1);
      return keep(model, list, [...new Set([...marks, ...range])], id);
    }
    case 'markAll':
      return keep(model, list, [...new Set([...marks, ...list.ids])], id);
    case 'clearMarks':
      return keep(model, list, [], undefined);
    default:
      return model;
  }
}

function keep(
  model: ScreenModel,
  list: ShownList,
  marks: readonly string[],
  lastMark: string | undefined,
): ScreenModel {
  const ui: UiState = { ...model.ui, lastMark, ...(list.name === 'strangers' ? { strangerMarks: marks } : { marks }) };
  const next = { ...model, ui };
  // Only a filter on `marked` looks at the marks.
  return list.name !== 'strangers' && model.ui.filter.includes('mark') ? withView(next) : next;
}
