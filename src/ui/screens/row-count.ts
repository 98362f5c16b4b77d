import { shownList } from '../select/shown-list.ts';
import type { ScreenModel } from '../state/screen-model.ts';

/** `row 8/40`: where the cursor is in its list. */
export function rowCount(model: ScreenModel): string {
  const list = shownList(model);
  return list === undefined || list.ids.length === 0 ? '' : `row ${list.cursor + 1}/${list.ids.length}`;
}
