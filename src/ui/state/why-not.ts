import { bootstrapProblem, REASON_MIN } from '../../core/bootstrap.ts';
import { nodeOf } from '../../core/fleet.ts';
import { mayAskRetry } from '../../core/may-retry.ts';
import type { NodeState } from '../../core/node.ts';
import { isProtected, protectionOf } from '../../core/protection.ts';
import { hasJobOrPlace, placeAgainst } from '../../core/wave-places.ts';
import { againstResuming } from '../../core/wave-resume.ts';
import type { ActionId } from '../keys/action-id.ts';
import { actionInfo } from '../keys/action-id.ts';
import { keyIn } from '../keys/keymap.ts';
import type { ScreenModel } from './screen-model.ts';

/** Why an action makes no sense here, said before it is tried. The engine decides; this only spares a dialog. */
export function whyNot(model: ScreenModel, action: ActionId, nodes: readonly string[]): string | undefined {
  if (actionInfo(action).tier !== 'read' && model.session.player !== undefined)
    return 'this is a replay: nothing can be changed here';
  if (actionInfo(action).tier !== 'read' && model.session.readOnly)
    return model.session.readOnlyWhy ?? 'this session is read-only';
  if (actionInfo(action).tier !== 'read' && model.link.is === 'connecting')
    return 'the engine is starting: nothing can be asked of it yet';
  if (actionInfo(action).tier !== 'read' && model.link.is !== 'live')
    return 'the engine does not answer; nothing can be asked of it';
  if (action === 'waveResume') return againstResuming(model.fleet);
  if (!actionInfo(action).onNodes) return undefined;
  if (nodes.length === 0) return 'no node here to act on';
  if ((action === 'bootstrap' || action === 'trust') && nodes.length > 1) return 'this is for one node at a time';
  if (action === 'bootstrap') return bootstrapProblem(model.fleet, nodes[0] ?? '', model.nowMs, 'x'.repeat(REASON_MIN));
  const found = nodes.flatMap((name) => nodeOf(model.fleet, name) ?? []);
  const reasons = found.map((node) => reasonAgainst(model, action, node));
  // Some can: the engine takes those and says why not for the rest.
  return reasons.every((reason) => reason !== undefined) ? reasons[0] : undefined;
}

const BMC_ACTIONS: ReadonlySet<ActionId> = new Set([
  'powerOn',
  'powerOff',
  'powerForceOff',
  'powerCycle',
  'powerReset',
  'locate',
  'readBmc',
  'trust',
]);
const JOB_ACTIONS: ReadonlySet<ActionId> = new Set([
  'install',
  'reinstall',
  'wipe',
  'inspect',
  'rescue',
  'wave',
  'waveErase',
]);

const WRITING: ReadonlySet<ActionId> = new Set(['install', 'reinstall', 'wipe', 'wave', 'waveErase']);

/** Also what stopped by itself: a boot loop, a job that was suspended. */
const mayRelease = ({ intent, health, job, failedBoots }: NodeState): boolean =>
  intent.is === 'hold' || health.is !== 'ok' || job?.suspended !== undefined || failedBoots.length > 0;

function reasonAgainst({ fleet, keymap }: ScreenModel, action: ActionId, node: NodeState): string | undefined {
  const breaks = keyIn(keymap, 'rack', 'breakGlass');
  if (BMC_ACTIONS.has(action) && node.spec.bmc === undefined)
    return `${node.name} has no BMC in the inventory: use its power button`;
  if (JOB_ACTIONS.has(action) && node.job !== undefined && node.job.suspended === undefined) {
    return `${node.name} is armed already (${node.job.kind}): cancel that first`;
  }
  if (JOB_ACTIONS.has(action) && node.health.is === 'conflict')
    return `${node.name} is in conflict: ${node.health.detail}`;
  if (JOB_ACTIONS.has(action) && node.intent.is === 'hold') return `${node.name} is on hold: ${node.intent.why}`;
  const place = WRITING.has(action) ? placeAgainst(fleet, node.name, 'install') : undefined;
  if (place !== undefined) return place;
  switch (action) {
    case 'serial':
      return node.spec.bmc === undefined
        ? `${node.name} has no BMC in the inventory, so no serial console either`
        : undefined;
    case 'install':
    case 'reinstall':
    case 'wipe':
    case 'waveErase':
      return isProtected(node) && fleet.switches.glass === undefined
        ? `${node.name} is ${protectionOf(node)}; only broken glass (${breaks}) opens that`
        : undefined;
    case 'retry': {
      const may = mayAskRetry(fleet, node);
      return may.ok ? undefined : may.error;
    }
    case 'cancelJob':
      return hasJobOrPlace(fleet, node.name) ? undefined : `${node.name} has no job`;
    case 'applyConfig':
    case 'talosReboot':
      return node.phase.is === 'running' || node.phase.is === 'ready'
        ? undefined
        : `${node.name} does not run from its disk (${node.phase.is})`;
    case 'bootDisk':
      return node.phase.is === 'halted' ? undefined : `${node.name} has not halted`;
    case 'release':
      return mayRelease(node) ? undefined : `${node.name} is not on hold`;
    case 'unprotect':
      if (node.guard !== undefined) return undefined;
      return node.spec.protected
        ? `${node.name} is ${protectionOf(node)}: change its file, or break the glass (${breaks})`
        : `${node.name} is not protected`;
    default:
      return undefined;
  }
}
