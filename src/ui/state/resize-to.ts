import { windowTop } from '../select/layout.ts';
import { shownList } from '../select/shown-list.ts';
import type { ScreenModel } from './screen-model.ts';

/** A new window: the cursor stays where it is and in view. */
export function resizeTo(model: ScreenModel, size: { readonly columns: number; readonly rows: number }): ScreenModel {
  const old = model.ui.size;
  if (old.columns === size.columns && old.rows === size.rows) return model;
  const next = { ...model, ui: { ...model.ui, size } };
  const list = shownList(next);
  if (list === undefined) return next;
  const top = windowTop(next.ui.tops[list.name] ?? 0, list.cursor, list.ids.length, list.height);
  return { ...next, ui: { ...next.ui, tops: { ...next.ui.tops, [list.name]: top } } };
}
