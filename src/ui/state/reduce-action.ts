import { type ActionId, actionInfo } from '../keys/action-id.ts';
import type { ScreenMode } from '../keys/keymap.ts';
import { copyText } from './copy-text.ts';
import { markNodes } from './mark-nodes.ts';
import { openDialog } from './open-dialog.ts';
import { reduceDeed } from './reduce-deed.ts';
import { reduceLog } from './reduce-log.ts';
import { changeLook } from './reduce-look.ts';
import { jumpFrom, reduceMove } from './reduce-move.ts';
import { type ScreenModel, withView } from './screen-model.ts';
import { seekEntry } from './seek-entry.ts';
import { withToast } from './toasts.ts';
import { type Step, still } from './ui-effect.ts';
import { type Route, routeOf, SORT_COLUMNS } from './ui-state.ts';
import { withUi } from './with-ui.ts';

/** What an action does on the screen that is open (no dialog is). */
export function reduceAction(model: ScreenModel, action: ActionId, mode: ScreenMode): Step {
  switch (actionInfo(action).group) {
    case 'move':
      return reduceMove(model, action, mode);
    case 'marks':
      return still(markNodes(model, action));
    case 'screens':
      return goTo(model, action);
    case 'log':
      return reduceLogAction(model, action, mode);
    case 'view':
      return reduceView(model, action);
    case 'find':
      if (action === 'problemOn' || action === 'problemBack')
        return still(jumpFrom(model, action === 'problemOn' ? 1 : -1));
      return openDialog(model, action, mode);
    case 'quit':
      return action === 'suspend' ? { model, effects: [{ type: 'suspend' }] } : openDialog(model, action, mode);
    case 'act':
    case 'site':
      return reduceDeed(model, action, mode);
    case 'dialog':
      return still(model);
  }
}

const SCREENS: { readonly [A in ActionId]?: Route } = {
  showList: { is: 'list' },
  showDiscovery: { is: 'discovery' },
  showServices: { is: 'services' },
  showHistory: { is: 'history' },
  showJobs: { is: 'jobs' },
  showBringUp: { is: 'bringUp' },
};

function goTo(model: ScreenModel, action: ActionId): Step {
  const route = SCREENS[action];
  const routes: readonly Route[] = route === undefined ? [{ is: 'rack' }] : [{ is: 'rack' }, route];
  const next = withUi(model, { routes, pane: 'main', zoomed: false });
  const what = route?.is === 'history' ? 'audit' : route?.is === 'services' ? 'services' : undefined;
  return { model: next, effects: what === undefined ? [] : [{ type: 'load', what }] };
}

function reduceLogAction(model: ScreenModel, action: ActionId, mode: ScreenMode): Step {
  const source = logSource(model);
  if (action === 'search') return openDialog(model, action, mode);
  if (action === 'matchOn' || action === 'matchBack') return still(goToMatch(model, action === 'matchOn' ? 1 : -1));
  if (action === 'saveLog' || action === 'pager') return { model, effects: [{ type: action, source }] };
  return still(reduceLog(model, action));
}

/** The next of what is looked for: a match where something is searched, else a problem, as on every other screen. */
function goToMatch(model: ScreenModel, by: 1 | -1): ScreenModel {
  if (model.ui.log.search === '') return jumpFrom(model, by);
  return routeOf(model.ui).is === 'history' ? seekEntry(model, by) : reduceLog(model, by > 0 ? 'matchOn' : 'matchBack');
}

/** Whose log this screen shows; `*` is the log of the services. */
function logSource(model: ScreenModel): string {
  const route = routeOf(model.ui);
  return route.is === 'node' ? route.node : '*';
}

function reduceView(model: ScreenModel, action: ActionId): Step {
  const { sort } = model.ui;
  switch (action) {
    case 'redraw':
      return { model, effects: [{ type: 'redraw' }] };
    case 'copy':
      return { model, effects: [{ type: 'copy', text: copyText(model) }] };
    case 'zoom':
      return still(withUi(model, { zoomed: !model.ui.zoomed, partTop: 0 }));
    case 'sort': {
      const column = SORT_COLUMNS[(SORT_COLUMNS.indexOf(sort.column) + 1) % SORT_COLUMNS.length] ?? 'unit';
      return still(
        withToast(withView(withUi(model, { sort: { column, reverse: false } })), 'note', `list sorted by ${column}`),
      );
    }
    case 'sortBack':
      return still(withView(withUi(model, { sort: { ...sort, reverse: !sort.reverse } })));
    default:
      return changeLook(model, action);
  }
}
