import { layoutFor, rackGrid, windowTop } from '../select/layout.ts';
import { jobsPlaces, shownList } from '../select/shown-list.ts';
import { columnHeight, putCursor } from './move-cursor.ts';
import type { ScreenModel } from './screen-model.ts';
import { type Route, routeOf } from './ui-state.ts';

/** Lines of a screen above the first row of its table. */
const HEADS: { readonly [R in Route['is']]?: number } = { list: 1, services: 1, jobs: 3, history: 3, discovery: 3 };

/** A click puts the cursor on the row; it never opens or acts. */
export function clickAt(model: ScreenModel, column: number, row: number): ScreenModel {
  const list = shownList(model);
  if (list === undefined) return model;
  const { ui } = model;
  const layout = layoutFor(ui.size.columns, ui.size.rows);
  const route = routeOf(ui);
  if (route.is === 'rack') {
    const grid = rackGrid(layout, ui.zoomed);
    const line = row - grid.top;
    const perColumn = grid.across === 2 ? columnHeight(list.ids.length, grid.height) : grid.height;
    if (line < 0 || line >= perColumn || column < grid.left || column >= grid.left + grid.width) return model;
    const side = grid.across === 2 && column >= grid.width / 2 ? perColumn : 0;
    const top = windowTop(ui.tops.nodes ?? 0, list.cursor, list.ids.length, list.height);
    return pick(model, top + side + line);
  }
  const firstRow = list.name === 'jobs' ? jobsPlaces(model).jobsTop : layout.header + (HEADS[route.is] ?? 2);
  const line = row - firstRow;
  if (line < 0 || line >= list.height) return model;
  return pick(model, windowTop(ui.tops[list.name] ?? 0, list.cursor, list.ids.length, list.height) + line);
}

function pick(model: ScreenModel, at: number): ScreenModel {
  const list = shownList(model);
  return list === undefined || at >= list.ids.length ? model : putCursor(model, list, at);
}
