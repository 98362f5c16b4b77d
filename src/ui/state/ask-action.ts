import { otherControlPlane } from '../../core/arm-node.ts';
import type { PowerAction } from '../../core/bmc.ts';
import { bootstrapNeedsReason, REASON_MIN } from '../../core/bootstrap.ts';
import { type Fleet, nodeOf } from '../../core/fleet.ts';
import { type JobKind, WRITES_DISK } from '../../core/job.ts';
import type { OperatorAction } from '../../core/operator-action.ts';
import { awayText } from '../../core/quorum.ts';
import type { NodePreview, PreviewKind } from '../../link/screen-port.ts';
import { type ActionId, actionInfo } from '../keys/action-id.ts';
import type { ScreenModel } from './screen-model.ts';
import { withToast } from './toasts.ts';
import { isWave, phraseField, phraseFor, TOGETHER } from './typed-phrase.ts';
import { type Step, still, type UiEffect } from './ui-effect.ts';
import type { TypedDialog, TypedField } from './ui-state.ts';
import { whyNot } from './why-not.ts';

/** From a wish to a deed: at once when it can be taken back, else through a dialog in which something must be typed. */

const JOB_KINDS: { readonly [A in ActionId]?: JobKind } = {
  install: 'install',
  reinstall: 'reinstall',
  wipe: 'wipe',
  inspect: 'inspect',
  rescue: 'rescue',
  wave: 'install',
  waveErase: 'reinstall',
};
/** What is shown before it is confirmed. */
export const previewOf = (action: ActionId): PreviewKind | undefined =>
  action === 'applyConfig' ? 'apply' : JOB_KINDS[action];

const POWERS: { readonly [A in ActionId]?: PowerAction } = {
  powerOn: 'on',
  powerOff: 'off',
  powerForceOff: 'forceOff',
  powerCycle: 'cycle',
  powerReset: 'reset',
};
export function askAction(model: ScreenModel, action: ActionId, nodes: readonly string[]): Step {
  const against = whyNot(model, action, nodes);
  if (against !== undefined) return still(withToast(model, 'note', against));
  if (action === 'unprotect') return openUnprotect(model, nodes);
  if (action === 'hold' || action === 'protect') {
    const count = nodes.length > 1 ? [phraseField(model.fleet, action, nodes)] : [];
    return openTyped(model, action, nodes, [{ ...WHY_FIELD, text: '' }, ...count]);
  }
  if (action === 'bootstrap') return openTyped(model, action, nodes, bootstrapFields(model, nodes));
  if (actionInfo(action).tier === 'reversible' && nodes.length === 1) return doNow(model, action, nodes);
  return openTyped(model, action, nodes, [phraseField(model.fleet, action, nodes)]);
}

/** Typed, though it can be taken back: after it one dialog less stands before the disk. Who is not protected is left out. */
function openUnprotect(model: ScreenModel, names: readonly string[]): Step {
  const guarded = names.filter((name) => nodeOf(model.fleet, name)?.guard !== undefined);
  const leftOut = names
    .filter((name) => !guarded.includes(name))
    .map((node) => ({ node, why: whyNot(model, 'unprotect', [node]) ?? '' }));
  return openTyped(model, 'unprotect', guarded, [phraseField(model.fleet, 'unprotect', guarded)], leftOut);
}

/** Another node than the one that was asked before: two clusters may come of it, so it takes a reason. */
function bootstrapFields(model: ScreenModel, nodes: readonly string[]): readonly TypedField[] {
  const phrase = phraseField(model.fleet, 'bootstrap', nodes);
  if (!bootstrapNeedsReason(model.fleet, nodes[0] ?? '', model.nowMs)) return [phrase];
  const label = `Reason for another node (${REASON_MIN} characters or more):`;
  return [{ label, want: { atLeast: REASON_MIN }, text: '' }, phrase];
}

/** Who comes next to the rack must read why this machine is left alone. */
const WHY_FIELD = { label: 'Why? It is shown with the node and kept in the history:', want: { atLeast: 3 } } as const;

/**
 * The plan has come. Of several nodes those that would be refused are left out, and what has to be typed changes with
 * the count; when all are refused, there is nothing to type and the dialog only tells why.
 */
export function withPlan(fleet: Fleet, dialog: TypedDialog, made: readonly NodePreview[]): TypedDialog {
  const plans = isWave(dialog.action) ? made : inTurn(fleet, dialog.action, made);
  const refused = plans.filter((plan) => plan.refusals.length > 0);
  const kept = plans.filter((plan) => plan.refusals.length === 0);
  if (refused.length === 0) return { ...dialog, preview: { is: 'here', nodes: plans } };
  const leftOut = refused.map((plan) => ({ node: plan.node, why: plan.refusals.join('; ') }));
  if (kept.length === 0) {
    const all = plans.length > 1 ? { leftOut } : {};
    return { ...dialog, ...all, fields: [], focus: -1, preview: { is: 'here', nodes: plans } };
  }
  const nodes = kept.map((plan) => plan.node);
  return {
    ...dialog,
    nodes,
    leftOut,
    // Whatever was typed meant another number of machines.
    fields: [phraseField(fleet, dialog.action, nodes)],
    preview: { is: 'here', nodes: kept },
  };
}

/** As the engine does: of a cluster's control-plane nodes one at a time has its disk written, unless the glass is broken. */
function inTurn(fleet: Fleet, action: ActionId, plans: readonly NodePreview[]): readonly NodePreview[] {
  const kind = JOB_KINDS[action];
  if (kind === undefined || !WRITES_DISK[kind] || fleet.switches.glass !== undefined) return plans;
  const first = new Map<string, string>();
  return plans.map((plan) => {
    const node = nodeOf(fleet, plan.node);
    if (node?.spec.role !== 'controlplane' || node.spec.cluster === undefined || plan.refusals.length > 0) return plan;
    const away = otherControlPlane(fleet, node, kind);
    if (away !== undefined && away.is !== 'armed')
      return { ...plan, refusals: [`it waits for ${awayText(away, node.spec.cluster)}`] };
    const busy = away?.name ?? first.get(node.spec.cluster);
    if (busy === undefined) {
      first.set(node.spec.cluster, node.name);
      return plan;
    }
    return { ...plan, refusals: [`control-plane nodes of one cluster go one at a time, ${busy} first`] };
  });
}

export function openTyped(
  model: ScreenModel,
  action: ActionId,
  nodes: readonly string[],
  fields: readonly TypedField[],
  leftOut: TypedDialog['leftOut'] = [],
): Step {
  const kind = previewOf(action);
  const dialog: TypedDialog = {
    kind: 'typed',
    action,
    nodes,
    fields,
    focus: -1,
    preview: kind === undefined ? { is: 'none' } : { is: 'loading' },
    leftOut,
    scroll: 0,
    note: undefined,
  };
  const effects: readonly UiEffect[] = kind === undefined ? [] : [{ type: 'preview', nodes, kind }];
  return { model: { ...model, ui: { ...model.ui, dialog } }, effects };
}

function doNow(model: ScreenModel, action: ActionId, nodes: readonly string[]): Step {
  const deed = deedOf(model, action, nodes, undefined, {});
  return deed === undefined ? still(model) : { model, effects: [{ type: 'act', action: deed }] };
}

/** Everything typed as it must be, and the plan that is confirmed is the one on the screen. */
export function readiness(dialog: TypedDialog): { readonly ready: boolean; readonly why: string } {
  if (dialog.preview.is === 'loading') return { ready: false, why: 'not yet, the plan is being made' };
  if (dialog.preview.is === 'failed') return { ready: false, why: 'not possible, there is no plan' };
  if (dialog.preview.is === 'here') {
    const refused = dialog.preview.nodes.filter((node) => node.refusals.length > 0);
    if (refused.length > 0)
      return {
        ready: false,
        why: `not possible, ${refused.length === 1 ? (refused[0]?.node ?? '') : `all ${refused.length}`} would be refused`,
      };
  }
  if (dialog.fields.length === 0) return { ready: false, why: 'not possible' };
  const open = dialog.fields.find((field) => !isFilled(field));
  if (open === undefined) return { ready: true, why: 'go on' };
  if ('atLeast' in open.want) return { ready: false, why: `not yet, ${open.want.atLeast} characters at least` };
  const { exactly, orElse = '' } = open.want;
  const started = exactly.startsWith(open.text) || orElse.startsWith(open.text);
  return { ready: false, why: started ? 'not yet, the text is incomplete' : 'not that text, look again' };
}

export function isFilled(field: TypedField): boolean {
  const { want, text } = field;
  return 'exactly' in want ? text === want.exactly || text === want.orElse : text.trim().length >= want.atLeast;
}

/** The dialog's deed, or undefined while it is not ready. */
export function confirmTyped(model: ScreenModel, dialog: TypedDialog): OperatorAction | undefined {
  if (!readiness(dialog).ready) return undefined;
  const hashes =
    dialog.preview.is === 'here' ? Object.fromEntries(dialog.preview.nodes.map((one) => [one.node, one.planHash])) : {};
  const typed = dialog.fields.map((field) => field.text);
  if (dialog.action === 'breakGlass')
    return { type: 'breakGlass', reason: (typed[0] ?? '').trim(), phrase: typed[1] ?? '' };
  if (dialog.action === 'bootstrap') {
    const [node = ''] = dialog.nodes;
    const reason = typed.length > 1 ? { reason: (typed[0] ?? '').trim() } : {};
    return { type: 'bootstrap', node, confirmed: typed.at(-1) ?? '', ...reason };
  }
  return deedOf(model, dialog.action, dialog.nodes, typed[0], hashes);
}

function deedOf(
  model: ScreenModel,
  action: ActionId,
  nodes: readonly string[],
  typed: string | undefined,
  planHashes: Readonly<Record<string, string>>,
): OperatorAction | undefined {
  const confirmed = typed === undefined ? {} : { confirmed: typed };
  const first = nodes[0] ?? '';
  const kind = JOB_KINDS[action];
  const power = POWERS[action];
  if (isWave(action)) {
    const size = { canary: 1, width: 5, stopAfterFailures: 1 };
    const phrase = phraseFor(action, nodes);
    const together = typed === `${phrase}${TOGETHER}` ? { together: true as const } : {};
    return { type: 'wave', kind: kind ?? 'install', nodes, planHashes, confirmed: phrase, ...size, ...together };
  }
  if (kind !== undefined) return { type: 'arm', kind, nodes, planHashes, ...confirmed };
  if (power !== undefined) return { type: 'power', nodes, action: power, ...confirmed };
  switch (action) {
    case 'retry':
    case 'release':
    case 'readBmc':
    case 'bootDisk':
    case 'talosReboot':
    case 'talosCheck':
    case 'unprotect':
      return { type: action, nodes };
    case 'applyConfig':
      return { type: 'applyConfig', nodes, configHashes: planHashes, confirmed: typed ?? '' };
    case 'cancelJob':
      return { type: 'cancel', nodes };
    case 'hold':
    case 'protect':
      return { type: action, nodes, why: (typed ?? '').trim() };
    case 'locate':
      return { type: 'locate', nodes, on: nodes.some((name) => nodeOf(model.fleet, name)?.locate === false) };
    case 'trust':
      return { type: 'trustFingerprint', node: first, fingerprint: fingerprintOf(model, first) };
    case 'adopt':
      return { type: 'adopt', macs: nodes };
    case 'waveResume':
      return { type: action, wave: first, ...confirmed };
    case 'waveCancel':
      return { type: action, wave: first };
    case 'panic':
      return { type: 'panic', on: false };
    case 'restart':
      return { type: 'restartService', service: first };
    case 'discovery':
      return { type: 'discovery', on: true, forMs: 30 * 60_000 };
    default:
      return undefined;
  }
}

const fingerprintOf = (model: ScreenModel, node: string): string =>
  /[0-9a-f:]{64,95}/i.exec(nodeOf(model.fleet, node)?.seen.bmcProblem ?? '')?.[0] ?? '';
