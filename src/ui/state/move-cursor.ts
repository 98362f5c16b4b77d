import type { ActionId } from '../keys/action-id.ts';
import { layoutFor, rackGrid, windowTop } from '../select/layout.ts';
import { type ShownList, shownList } from '../select/shown-list.ts';
import type { ScreenModel } from './screen-model.ts';
import { routeOf } from './ui-state.ts';

/** Moves the cursor of the list that is shown; the window follows by as little as it can. */
export function moveCursor(model: ScreenModel, action: ActionId): ScreenModel {
  const list = shownList(model);
  if (list === undefined || list.ids.length === 0) return model;
  return putCursor(model, list, list.cursor + stepOf(model, list, action));
}

function stepOf(model: ScreenModel, list: ShownList, action: ActionId): number {
  switch (action) {
    case 'up':
      return -1;
    case 'down':
      return 1;
    case 'pageUp':
      return -Math.max(1, Math.floor(list.height / 2));
    case 'pageDown':
      return Math.max(1, Math.floor(list.height / 2));
    case 'first':
      return -list.ids.length;
    case 'last':
      return list.ids.length;
    case 'left':
      return -besides(model);
    case 'right':
      return besides(model);
    default:
      return 0;
  }
}

/** Rows between two neighbours of the two-column rack; one column has no neighbour. */
function besides(model: ScreenModel): number {
  const { ui } = model;
  if (routeOf(ui).is !== 'rack') return 0;
  const grid = rackGrid(layoutFor(ui.size.columns, ui.size.rows), ui.zoomed);
  return grid.across === 1 ? 0 : columnHeight(model.view.inRack.length, grid.height);
}

/** Rows of the left column: half of what there is, so that a short rack fills both columns evenly. */
export const columnHeight = (count: number, height: number): number =>
  Math.max(1, Math.min(height, Math.ceil(count / 2)));

export function putCursor(model: ScreenModel, list: ShownList, wanted: number): ScreenModel {
  const at = Math.max(0, Math.min(list.ids.length - 1, wanted));
  const id = list.ids[at];
  if (id === undefined) return model;
  const top = windowTop(model.ui.tops[list.name] ?? 0, at, list.ids.length, list.height);
  const ui = {
    ...model.ui,
    cursor: { ...model.ui.cursor, [list.name]: id },
    tops: { ...model.ui.tops, [list.name]: top },
  };
  return { ...model, ui };
}

/** The node that single-node actions mean: the one that is open, or the one under the cursor. */
export function nodeUnderCursor(model: ScreenModel): string | undefined {
  const route = routeOf(model.ui);
  if (route.is === 'node' || route.is === 'plan') return route.node;
  const list = shownList(model);
  return list?.name === 'nodes' || list?.name === 'jobs' ? list.ids[list.cursor] : undefined;
}
