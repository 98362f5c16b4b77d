import { nodeOf } from '../../core/fleet.ts';
import type { ActionId } from '../keys/action-id.ts';
import { bringUpRack } from '../select/bring-up-view.ts';
import { shownList } from '../select/shown-list.ts';
import { actionTargets } from './action-targets.ts';
import { waveHere } from './reduce-wave.ts';
import type { ScreenModel } from './screen-model.ts';
import { routeOf } from './ui-state.ts';
import { whyNot } from './why-not.ts';

/** Screens that an action belongs to, where it is not every one. */
const ONLY_ON: { readonly [A in ActionId]?: readonly ReturnType<typeof routeOf>['is'][] } = {
  adopt: ['discovery'],
  ignore: ['discovery'],
  restart: ['services'],
  wavePause: ['bringUp', 'jobs'],
  waveResume: ['bringUp', 'jobs'],
  waveCancel: ['bringUp', 'jobs'],
  planOn: ['plan'],
  planBack: ['plan'],
  left: ['rack', 'list'],
  right: ['rack', 'list'],
  pane: ['node', 'jobs', 'services'],
  search: ['node', 'services', 'history'],
  matchOn: ['node', 'services', 'history'],
  matchBack: ['node', 'services', 'history'],
  follow: ['node', 'services'],
  wrap: ['node', 'services'],
  level: ['node', 'services'],
  saveLog: ['node', 'services'],
  pager: ['node', 'services'],
};

/** Why an action makes no sense on the screen that is open: hints leave it out, the palette as well where it has no place. */
export function whyNotHere(model: ScreenModel, action: ActionId): string | undefined {
  return (
    hasNoPlace(model, action) ??
    whyNot(model, action, actionTargets(model, action)) ??
    whyNotOnNode(model, action) ??
    whyNowhereToGo(model, action)
  );
}

/** It is of another screen, or of a list that is empty. */
export function hasNoPlace(model: ScreenModel, action: ActionId): string | undefined {
  const route = routeOf(model.ui);
  const only = ONLY_ON[action];
  if (only !== undefined && !only.includes(route.is)) return 'that is of another screen';
  const list = shownList(model);
  switch (action) {
    case 'adopt':
    case 'ignore':
      return list?.ids.length === 0 ? 'no machine here' : undefined;
    case 'restart':
      return list?.ids.length === 0 ? 'no service here' : undefined;
    case 'wavePause':
    case 'waveResume':
    case 'waveCancel':
      return waveAgainst(model, action);
    default:
      return undefined;
  }
}

function waveAgainst(model: ScreenModel, action: ActionId): string | undefined {
  if (action === 'waveResume' && routeOf(model.ui).is === 'bringUp') return goOnAgainst(model);
  const state = waveHere(model)?.state;
  const can =
    action === 'wavePause'
      ? ['running']
      : action === 'waveResume'
        ? ['paused', 'stopped']
        : ['running', 'paused', 'stopped'];
  return state === undefined ? 'no wave here' : can.includes(state) ? undefined : `this wave is ${state}`;
}

/** A wave that runs goes on by itself. */
function goOnAgainst(model: ScreenModel): string | undefined {
  const view = bringUpRack(model);
  if (view.wave === undefined || view.isOver) return view.todo.length === 0 ? 'nothing is to be done' : undefined;
  return view.wave.state === 'paused' || view.wave.state === 'stopped' ? undefined : 'it goes on by itself';
}

const ON_ROWS: readonly ActionId[] = ['open', 'mark', 'markAll', 'markRange'];

function whyNotOnNode(model: ScreenModel, action: ActionId): string | undefined {
  if (action === 'open' && routeOf(model.ui).is === 'bringUp')
    return bringUpRack(model).focus === undefined ? 'no node here' : undefined;
  if (ON_ROWS.includes(action)) return shownList(model)?.ids.length === 0 ? 'nothing here' : undefined;
  if (action !== 'menu' && action !== 'power' && action !== 'planPage' && action !== 'edit') return undefined;
  const targets = actionTargets(model, 'retry');
  return targets.some((name) => nodeOf(model.fleet, name) !== undefined) ? undefined : 'no node here';
}

/** A key that would show what is shown already. */
function whyNowhereToGo(model: ScreenModel, action: ActionId): string | undefined {
  const { ui, view, fleet } = model;
  const route = routeOf(ui);
  switch (action) {
    case 'rackBack':
    case 'rackOn':
      return (route.is === 'node' ? view.places.order : view.racks).length < 2 ? 'there is no other one' : undefined;
    case 'problemOn':
    case 'problemBack':
      return view.problems.length === 0 ? 'no problems' : undefined;
    case 'matchOn':
    case 'matchBack':
      return ui.log.search === '' && view.problems.length === 0 ? 'nothing is searched for' : undefined;
    case 'filter':
    case 'sort':
      return view.total === 0 ? 'no nodes here' : undefined;
    case 'pane':
      return route.is === 'jobs' && (view.jobs.length === 0 || Object.keys(fleet.waves).length === 0)
        ? 'there is one list'
        : undefined;
    case 'zoom':
    case 'follow':
      return route.is === 'node' && nodeOf(fleet, route.node) === undefined ? 'no node here' : undefined;
    default:
      return undefined;
  }
}
