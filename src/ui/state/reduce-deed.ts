import { nodeOf } from '../../core/fleet.ts';
import type { JobKind } from '../../core/job.ts';
import type { NodeState } from '../../core/node.ts';
import { getIn } from '../../core/shard-map.ts';
import type { ExportWish } from '../../link/screen-port.ts';
import type { ActionId } from '../keys/action-id.ts';
import { keyIn, type ScreenMode } from '../keys/keymap.ts';
import { shownList } from '../select/shown-list.ts';
import { actionTargets } from './action-targets.ts';
import { askAction } from './ask-action.ts';
import { waveToExport } from './export-items.ts';
import { nodeUnderCursor } from './move-cursor.ts';
import { openDialog } from './open-dialog.ts';
import { reduceWave } from './reduce-wave.ts';
import { PLAN_KINDS, type ScreenModel } from './screen-model.ts';
import { withToast } from './toasts.ts';
import { type Step, still } from './ui-effect.ts';
import { routeOf } from './ui-state.ts';
import { whyNot } from './why-not.ts';
import { push, withUi } from './with-ui.ts';

export function reduceDeed(model: ScreenModel, action: ActionId, mode: ScreenMode): Step {
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
    case 'exportRun':
    case 'exportWave':
    case 'exportPackets':
      return exportDeed(model, action);
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
      return reduceWave(model, action);
    default:
      return openDialog(model, action, mode);
  }
}

function exportDeed(model: ScreenModel, action: 'exportRun' | 'exportWave' | 'exportPackets'): Step {
  const asks = (wish: ExportWish): Step => ({ model, effects: [{ type: 'export', wish }] });
  if (action === 'exportRun') return asks({ is: 'run' });
  if (action === 'exportWave') {
    const wave = waveToExport(model);
    return wave === undefined ? still(withToast(model, 'note', 'no wave here')) : asks({ is: 'wave', wave: wave.id });
  }
  const nodes = actionTargets(model, 'exportPackets');
  return nodes.length === 0 ? still(withToast(model, 'note', 'no node here')) : asks({ is: 'packets', nodes });
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
