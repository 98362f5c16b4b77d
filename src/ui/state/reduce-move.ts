import type { ActionId } from '../keys/action-id.ts';
import type { ScreenMode } from '../keys/keymap.ts';
import { lastEntryTop, nodeOfEntry, openEntry } from '../screens/history-entry.ts';
import { lastPartTop } from '../screens/node-parts.ts';
import { bringUpRack } from '../select/bring-up-view.ts';
import { shownList } from '../select/shown-list.ts';
import { goToNode, jumpToProblem, turnRack } from './jump.ts';
import { moveCursor } from './move-cursor.ts';
import { reduceLog } from './reduce-log.ts';
import { type ScreenModel, withView } from './screen-model.ts';
import { withToast } from './toasts.ts';
import { type Step, still } from './ui-effect.ts';
import { routeOf } from './ui-state.ts';
import { push, withUi } from './with-ui.ts';

export function reduceMove(model: ScreenModel, action: ActionId, mode: ScreenMode): Step {
  switch (action) {
    case 'back':
      return still(goBack(model));
    case 'open':
      return openHere(model);
    case 'rackBack':
    case 'rackOn':
      return still(turnRack(model, action === 'rackOn' ? 1 : -1));
    case 'pane':
      return still(withUi(model, { pane: model.ui.pane === 'main' ? 'side' : 'main' }));
    default:
      break;
  }
  const route = routeOf(model.ui);
  if (route.is === 'plan') return still(scrollPlan(model, action));
  if (mode === 'node' && model.ui.zoomed) return still(scrollParts(model, action, lastPartTop(model)));
  const entry = openEntry(model);
  if (entry !== undefined) return still(scrollParts(model, action, lastEntryTop(model, entry)));
  const onLog = mode === 'log' || mode === 'node' || (mode === 'services' && model.ui.pane === 'side');
  return still(onLog ? reduceLog(model, action) : moveCursor(model, action));
}

/** From the bring-up to a machine of its wave that did not come up, so that Esc comes back to it. */
export function jumpFrom(model: ScreenModel, by: 1 | -1): ScreenModel {
  if (routeOf(model.ui).is !== 'bringUp') return jumpToProblem(model, by);
  const { troubled } = bringUpRack(model);
  const name = troubled.at(by > 0 ? 0 : -1);
  return name === undefined ? jumpToProblem(model, by) : goToNode(push(model, { is: 'node', node: name }), name);
}

/** Esc: zoom, then filter, then one crumb back. It never quits. */
function goBack(model: ScreenModel): ScreenModel {
  const { ui } = model;
  if (ui.zoomed) return withUi(model, { zoomed: false });
  const route = routeOf(ui);
  if (ui.filter !== '' && (route.is === 'rack' || route.is === 'list')) return withView(withUi(model, { filter: '' }));
  return ui.routes.length > 1 ? withUi(model, { routes: ui.routes.slice(0, -1), pane: 'main' }) : model;
}

function openHere(model: ScreenModel): Step {
  if (routeOf(model.ui).is === 'bringUp') {
    const { focus } = bringUpRack(model);
    return still(focus === undefined ? model : push(model, { is: 'node', node: focus }));
  }
  const list = shownList(model);
  const id = list?.ids[list.cursor];
  if (list === undefined || id === undefined) return still(model);
  switch (list.name) {
    case 'nodes':
    case 'jobs':
      return still(push(model, { is: 'node', node: id }));
    case 'waves': {
      const wave = model.fleet.waves[id];
      const next = wave?.started.findLast((name) => wave.ended[name] === undefined) ?? wave?.entries[0]?.node;
      return still(next === undefined ? model : push(model, { is: 'node', node: next }));
    }
    case 'audit':
      return still(openInHistory(model));
    default:
      return still(model);
  }
}

/** The entry in full first; from there its machine, if it is one of the inventory. */
function openInHistory(model: ScreenModel): ScreenModel {
  const entry = openEntry(model);
  if (entry === undefined) return withUi(model, { zoomed: true, partTop: 0 });
  const name = nodeOfEntry(model, entry);
  return name === undefined
    ? withToast(model, 'note', 'none of its machines is in the inventory now')
    : goToNode(push(model, { is: 'node', node: name }), name);
}

/** By how many lines a text moves; the ends are farther than any is long. */
function scrollBy(action: ActionId, page: number): number {
  const steps: { readonly [A in ActionId]?: number } = {
    up: -1,
    down: 1,
    pageUp: -page,
    pageDown: page,
    first: -1e6,
    last: 1e6,
  };
  return steps[action] ?? 0;
}

/** Facts and evidence of a zoomed node, an entry of the history. */
function scrollParts(model: ScreenModel, action: ActionId, last: number): ScreenModel {
  const page = Math.max(1, Math.floor(model.ui.size.rows / 2));
  const partTop = Math.max(0, Math.min(last, model.ui.partTop + scrollBy(action, page)));
  return withUi(model, { partTop });
}

function scrollPlan(model: ScreenModel, action: ActionId): ScreenModel {
  const route = routeOf(model.ui);
  if (route.is !== 'plan') return model;
  const page = Math.max(1, model.ui.size.rows - 8);
  const scroll = Math.max(0, Math.min(10_000, route.scroll + scrollBy(action, page)));
  return withUi(model, { routes: [...model.ui.routes.slice(0, -1), { ...route, scroll }] });
}
