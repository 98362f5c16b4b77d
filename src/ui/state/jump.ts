import { nodeOf } from '../../core/fleet.ts';
import { rackOf } from '../select/node-look.ts';
import { shownList } from '../select/shown-list.ts';
import { nodeUnderCursor, putCursor } from './move-cursor.ts';
import { type ScreenModel, withView } from './screen-model.ts';
import { withToast } from './toasts.ts';
import { type Route, routeOf, type UiState } from './ui-state.ts';

/** From anywhere to the next or previous problem, whatever the filter hides; on a node's screen to the next one's. */
export function jumpToProblem(model: ScreenModel, by: 1 | -1): ScreenModel {
  const { problems } = model.view;
  if (problems.length === 0) return withToast(model, 'good', 'no problems');
  const at = (placeAmong(model, by, nodeUnderCursor(model)) + by + problems.length) % problems.length;
  const next = problems[at];
  if (next === undefined) return model;
  const moved = goToNode(model, next);
  return { ...moved, ui: { ...moved.ui, problem: { node: next, at } } };
}

/** Where the jump starts. One that was retried is no problem any more: what followed it has moved up to its place. */
function placeAmong({ ui, view: { problems } }: ScreenModel, by: 1 | -1, here: string | undefined): number {
  const at = here === undefined ? -1 : problems.indexOf(here);
  if (at >= 0) return at;
  const left = ui.problem?.node === here ? ui.problem?.at : undefined;
  return by > 0 ? (left ?? 0) - 1 : (left ?? 0);
}

export function goToNode(model: ScreenModel, name: string): ScreenModel {
  const node = nodeOf(model.fleet, name);
  if (node === undefined) return model;
  const route = routeOf(model.ui);
  if (route.is === 'node' || route.is === 'plan') {
    const routes = [...model.ui.routes.slice(0, -1), { is: 'node', node: name } as const];
    return { ...model, ui: { ...model.ui, routes, rack: rackOf(node), cursor: { ...model.ui.cursor, nodes: name } } };
  }
  const routes: readonly Route[] = route.is === 'list' ? model.ui.routes : [{ is: 'rack' }];
  const shown = route.is === 'list' ? model.view.visible : model.view.inRack;
  // A problem must be reachable: a filter that hides it is taken off.
  const filter = model.ui.filter !== '' && !shown.includes(name) ? '' : model.ui.filter;
  const moved = withView({
    ...model,
    ui: { ...model.ui, routes, filter, rack: rackOf(node), cursor: { ...model.ui.cursor, nodes: name } },
  });
  const list = shownList(moved);
  return list === undefined ? moved : putCursor(moved, list, list.ids.indexOf(name));
}

export function turnRack(model: ScreenModel, by: 1 | -1): ScreenModel {
  const names = model.view.racks.map((rack) => rack.name);
  const at = names.indexOf(model.view.rack ?? '');
  const name = names[(at + by + names.length) % names.length];
  if (name === undefined) return model;
  const route = routeOf(model.ui);
  if (route.is === 'node') return stepNode(model, by);
  const { nodes: _, ...cursor } = model.ui.cursor;
  const ui: UiState = { ...model.ui, rack: name, cursor, tops: { ...model.ui.tops, nodes: 0 } };
  return withView({ ...model, ui });
}

/** On a node's screen the rack keys go through its neighbours. */
function stepNode(model: ScreenModel, by: 1 | -1): ScreenModel {
  const here = nodeUnderCursor(model);
  const { order } = model.view.places;
  const at = here === undefined ? -1 : order.indexOf(here);
  const name = order[(at + by + order.length) % order.length];
  return name === undefined ? model : goToNode(model, name);
}
