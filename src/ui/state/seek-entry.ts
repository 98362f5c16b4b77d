import { matchesEntry } from '../select/history-words.ts';
import { shownList } from '../select/shown-list.ts';
import { putCursor } from './move-cursor.ts';
import type { ScreenModel } from './screen-model.ts';
import { withToast } from './toasts.ts';

/** To the next entry of the history that has the words, and round from the last one to the first. */
export function seekEntry(model: ScreenModel, by: 1 | -1): ScreenModel {
  const list = shownList(model);
  const count = model.audit.length;
  const { search } = model.ui.log;
  if (list === undefined) return model;
  for (let step = 1; step <= count; step++) {
    const at = (list.cursor + by * step + count * step) % count;
    const line = model.audit[at];
    if (line !== undefined && matchesEntry(line, search)) return putCursor(model, list, at);
  }
  return withToast(model, 'note', `no entry with "${search}"`);
}
