import { nodeOf } from '../../core/fleet.ts';
import type { JobKind } from '../../core/job.ts';
import type { NodeState } from '../../core/node.ts';
import { getIn } from '../../core/shard-map.ts';
import { type ActionId, actionInfo } from '../keys/action-id.ts';
import { keyIn, type ScreenMode } from '../keys/keymap.ts';
import { lastPartTop } from '../screens/node-screen.ts';
import { bringUpRack } from '../select/bring-up-view.ts';
import { shownList } from '../select/shown-list.ts';
import { actionTargets } from './action-targets.ts';
import { askAction } from './ask-action.ts';
import { copyText } from './copy-text.ts';
import { goToNode, jumpToProblem, turnRack } from './jump.ts';
import { markNodes } from './mark-nodes.ts';
import { moveCursor, nodeUnderCursor } from './move-cursor.ts';
import { openDialog } from './open-dialog.ts';
import { reduceLog } from './reduce-log.ts';
import { changeLook } from './reduce-look.ts';
import { reduceWave } from './reduce-wave.ts';
import { PLAN_KINDS, type ScreenModel, withView } from './screen-model.ts';
import { withToast } from './toasts.ts';
import { type Step, still } from './ui-effect.ts';
import { type Route, routeOf, SORT_COLUMNS, type UiState } from './ui-state.ts';
import { whyNot } from './why-not.ts';

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

function reduceMove(model: ScreenModel, action: ActionId, mode: ScreenMode): Step {
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
  if (mode === 'node' && model.ui.zoomed) return still(scrollParts(model, action));
  const onLog = mode === 'log' || mode === 'node' || (mode === 'services' && model.ui.pane === 'side');
  return still(onLog ? reduceLog(model, action) : moveCursor(model, action));
}

/** From the bring-up to a machine of its wave that did not come up, so that Esc comes back to it. */
function jumpFrom(model: ScreenModel, by: 1 | -1): ScreenModel {
  if (routeOf(model.ui).is !== 'bringUp') return jumpToProblem(model, by);
  const { troubled } = bringUpRack(model.fleet, model.view, model.nowMs);
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

export const withUi = (model: ScreenModel, change: Partial<UiState>): ScreenModel => ({
  ...model,
  ui: { ...model.ui, ...change },
});

const push = (model: ScreenModel, route: Route): ScreenModel =>
  withUi(model, { routes: [...model.ui.routes, route], pane: 'main', zoomed: false, partTop: 0 });

function openHere(model: ScreenModel): Step {
  if (routeOf(model.ui).is === 'bringUp') {
    const { focus } = bringUpRack(model.fleet, model.view, model.nowMs);
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
    case 'audit': {
      const name = model.audit[list.cursor]?.nodes[0];
      return still(name === undefined ? model : goToNode(push(model, { is: 'node', node: name }), name));
    }
    default:
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

/** Facts and evidence of a zoomed node. */
function scrollParts(model: ScreenModel, action: ActionId): ScreenModel {
  const page = Math.max(1, Math.floor(model.ui.size.rows / 2));
  const steps: { readonly [A in ActionId]?: number } = {
    up: -1,
    down: 1,
    pageUp: -page,
    pageDown: page,
    first: -1e6,
    last: 1e6,
  };
  const partTop = Math.max(0, Math.min(lastPartTop(model), model.ui.partTop + (steps[action] ?? 0)));
  return withUi(model, { partTop });
}

function scrollPlan(model: ScreenModel, action: ActionId): ScreenModel {
  const route = routeOf(model.ui);
  if (route.is !== 'plan') return model;
  const page = Math.max(1, model.ui.size.rows - 8);
  const steps: { readonly [A in ActionId]?: number } = {
    up: -1,
    down: 1,
    pageUp: -page,
    pageDown: page,
    first: -1e6,
    last: 1e6,
  };
  const scroll = Math.max(0, Math.min(10_000, route.scroll + (steps[action] ?? 0)));
  return withUi(model, { routes: [...model.ui.routes.slice(0, -1), { ...route, scroll }] });
}

function reduceLogAction(model: ScreenModel, action: ActionId, mode: ScreenMode): Step {
  const source = logSource(model);
  if (action === 'search') return openDialog(model, action, mode);
  if (action === 'saveLog' || action === 'pager') return { model, effects: [{ type: action, source }] };
  return still(reduceLog(model, action));
}

/** Whose log this screen shows; `*` is the log of the services. */
export function logSource(model: ScreenModel): string {
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

function reduceDeed(model: ScreenModel, action: ActionId, mode: ScreenMode): Step {
  const node = nodeUnderCursor(model);
  switch (action) {
    case 'edit':
    case 'serial': {
      if (node === undefined) return still(withToast(model, 'note', 'no node here'));
      const against = whyNot(model, action, [node]);
      return against === undefined
        ? { model, effects: [{ type: action, node }] }
        : still(withToast(model, 'note', against));
    }
    case 'planPage': {
      if (node === undefined) return still(withToast(model, 'note', 'no node here'));
      const kind = firstPlan(nodeOf(model.fleet, node));
      return {
        model: push(model, { is: 'plan', node, job: kind, scroll: 0 }),
        effects: [{ type: 'preview', nodes: [node], kind }],
      };
    }
    case 'planOn':
    case 'planBack':
      return turnPlan(model, action === 'planOn' ? 1 : -1);
    case 'ignore': {
      const list = shownList(model);
      const mac = list?.name === 'strangers' ? list.ids[list.cursor] : undefined;
      const ignored = mac !== undefined && strangerIgnored(model, mac);
      return mac === undefined
        ? still(model)
        : { model, effects: [{ type: 'act', action: { type: 'ignoreStranger', mac, ignored: !ignored } }] };
    }
    case 'hold': {
      // One key for both ways: on a node that is held it releases.
      const targets = actionTargets(model, 'hold');
      return askAction(model, allHeld(model, targets) ? 'release' : 'hold', targets);
    }
    case 'protect': {
      const targets = actionTargets(model, 'protect');
      return askAction(model, allGuarded(model, targets) ? 'unprotect' : 'protect', targets);
    }
    case 'wavePause':
    case 'waveResume':
    case 'waveCancel':
    case 'proceed':
      return reduceWave(model, action);
    default:
      return openDialog(model, action, mode);
  }
}

/** The plan of the job that is open, else of the one that would be next: what is installed can only be installed again. */
function firstPlan(node: NodeState | undefined): JobKind {
  if (node?.job !== undefined) return node.job.kind;
  const runs = node !== undefined && ['running', 'ready', 'diskBoot', 'halted'].includes(node.phase.is);
  return runs || node?.seen.installedAt !== undefined ? 'reinstall' : 'install';
}

function turnPlan(model: ScreenModel, by: 1 | -1): Step {
  const route = routeOf(model.ui);
  if (route.is !== 'plan')
    return still(withToast(model, 'note', `plans are shown by ${keyIn(model.keymap, 'rack', 'planPage')} on a node`));
  const job = PLAN_KINDS[(PLAN_KINDS.indexOf(route.job) + by + PLAN_KINDS.length) % PLAN_KINDS.length] ?? 'install';
  return {
    model: withUi(model, { routes: [...model.ui.routes.slice(0, -1), { ...route, job, scroll: 0 }] }),
    effects: [{ type: 'preview', nodes: [route.node], kind: job }],
  };
}

const allHeld = (model: ScreenModel, names: readonly string[]): boolean =>
  names.length > 0 && names.every((name) => nodeOf(model.fleet, name)?.intent.is === 'hold');

/** By an operator; what the inventory protects alone can be protected by name as well. */
const allGuarded = (model: ScreenModel, names: readonly string[]): boolean =>
  names.length > 0 && names.every((name) => nodeOf(model.fleet, name)?.guard !== undefined);

const strangerIgnored = (model: ScreenModel, mac: string): boolean =>
  getIn(model.fleet.strangers, mac)?.ignored === true;
