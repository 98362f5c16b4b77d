import type { BmcProblem, BootOverride, BootTarget } from '../../core/bmc.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import { bmcProblem } from '../bmc-problem.ts';
import { createDeadline } from '../bmc-wait.ts';
import type { BmcContext } from './bmc-context.ts';
import { type BootView, currentOverride, leftoverIn, readBootView, TARGET_NAMES } from './boot-view.ts';
import { type BootAttempt, type BootProperties, writeBoot } from './write-boot.ts';

type OverrideResult = Result<BootOverride, BmcProblem>;

const ADVICE: Readonly<Record<BootTarget, string>> = {
  pxe: 'Use UEFI HTTP boot or virtual media if the BMC offers them, or press F12 at the machine.',
  uefiHttp: 'Use PXE. Some BMCs offer HTTP boot only after one start in UEFI mode.',
  cd: 'Use PXE, or choose the virtual CD in the boot menu at the machine.',
};

function without(raw: BootOverride & { readonly rawTarget?: string }): BootOverride {
  const { rawTarget: _, ...rest } = raw;
  return rest;
}

export async function readOverride(context: BmcContext, signal: AbortSignal): Promise<OverrideResult> {
  const view = await readBootView(context, createDeadline(context.timings.readMs, signal, context.client.heldMs));
  return view.ok ? ok(without(currentOverride(view.value))) : view;
}

/** The name that this BMC has for the target, or undefined where it offers a list without it. */
function targetName(context: BmcContext, view: BootView, target: BootTarget): string | undefined {
  const names = [
    ...(target === 'cd' && context.traits.cdTarget !== undefined ? [context.traits.cdTarget] : []),
    ...TARGET_NAMES[target],
  ];
  return view.targets.length === 0 ? names[0] : names.find((name) => view.targets.includes(name));
}

/**
 * Everything first where a BMC wants that; else the short set, which leaves out what is so already: an iDRAC9 7.x
 * makes a pending job of a mode that did not change. Then ever less, then elsewhere, then one after the other.
 */
function attemptsFor(view: BootView, name: string, mode: string | undefined, full: boolean): readonly BootAttempt[] {
  // Empty: the address comes with DHCP, where the ladder of offers and the gate are.
  const stale = name === 'UefiHttp' && view.httpBootUri !== undefined ? { HttpBootUri: '' } : {};
  const minimal: BootProperties = { BootSourceOverrideEnabled: 'Once', BootSourceOverrideTarget: name, ...stale };
  // Where nobody said which mode, the one that is there goes with it: AMI and Supermicro want all three or nothing.
  const kept = mode ?? view.mode ?? 'UEFI';
  const whole: BootProperties = view.hasMode ? { ...minimal, BootSourceOverrideMode: kept } : minimal;
  const first = full || (mode !== undefined && view.mode !== mode) ? whole : minimal;
  const target: BootProperties = { BootSourceOverrideTarget: name };
  const attempts: BootAttempt[] = [
    { steps: [first], where: 'spread' },
    { steps: [first === whole ? minimal : whole], where: 'spread' },
  ];
  // Some take nothing without a mode: where none is wished, the one that is set stays.
  if (mode === undefined && view.hasMode && view.mode !== undefined)
    attempts.push({ steps: [{ ...minimal, BootSourceOverrideMode: view.mode }], where: 'spread' });
  if (view.settings !== undefined)
    attempts.push({ steps: [whole], where: 'system' }, { steps: [whole], where: 'settings' });
  // HPE wants the target before the rest in some firmware; an iDRAC10 takes the target alone, in its settings.
  attempts.push({ steps: [target, { BootSourceOverrideEnabled: 'Once' }], where: 'system' });
  if (view.settings !== undefined) attempts.push({ steps: [target], where: 'settings' });
  // Better an old address in it than no override at all.
  if ('HttpBootUri' in whole) {
    const { HttpBootUri: _, ...rest } = whole;
    attempts.push({ steps: [rest], where: 'spread' });
  }
  const spelled = attempts.map((attempt) => JSON.stringify(attempt));
  return attempts.filter((_, index) => spelled.indexOf(spelled[index] ?? '') === index);
}

export async function overrideOnce(
  context: BmcContext,
  target: BootTarget,
  mode: 'uefi' | 'legacy' | undefined,
  fullPayload: boolean,
  signal: AbortSignal,
): Promise<OverrideResult> {
  const read = await readBootView(context, createDeadline(context.timings.readMs, signal, context.client.heldMs));
  if (!read.ok) return read;
  const view = read.value;
  const leftover = leftoverIn(view.system.json, view.settings?.json);
  const name = targetName(context, view, target);
  if (name === undefined) {
    const offered = view.targets.join(', ');
    return fail(
      bmcProblem(
        'unsupported',
        `${context.client.host} cannot boot once from ${TARGET_NAMES[target][0]}; it offers ${offered}.`,
        ADVICE[target],
      ),
    );
  }
  const modeText = mode === undefined ? undefined : mode === 'uefi' ? 'UEFI' : 'Legacy';
  const full = fullPayload || context.traits.fullBootPatch === true;
  // Supermicro shows a one-shot PXE boot as UefiBootNext once it has translated it.
  const taken = (now: BootOverride, raw: string | undefined) =>
    // What stood there before as Continuous is not what was asked for: it would boot from the network for ever.
    now.enabled === 'once' &&
    (raw === name || raw === 'UefiBootNext') &&
    (mode === undefined || !view.hasMode || now.mode === undefined || now.mode === mode);
  const attempts = attemptsFor(view, name, modeText, full);
  const written = await writeBoot(context, view, { attempts, taken, insist: fullPayload }, signal);
  if (!written.ok) return written;
  return ok({ ...written.value, target, ...(leftover === undefined ? {} : { replaced: leftover }) });
}

/** Disabled alone first: HPE refuses it together with None; AMI wants everything. */
export async function clearOverride(context: BmcContext, signal: AbortSignal): Promise<OverrideResult> {
  const read = await readBootView(context, createDeadline(context.timings.readMs, signal, context.client.heldMs));
  if (!read.ok) {
    // Nothing to override is nothing to clear.
    return read.error.code === 'unsupported' ? ok({ target: 'none', enabled: 'disabled' }) : read;
  }
  const isClear = (now: BootOverride) => now.enabled === 'disabled' || now.target === 'none';
  const now = currentOverride(read.value);
  if (isClear(now)) return ok(without(now));
  const disabled: BootProperties = { BootSourceOverrideEnabled: 'Disabled' };
  const none: BootProperties = { ...disabled, BootSourceOverrideTarget: 'None' };
  const { mode } = read.value;
  const everything = mode === undefined ? none : { ...none, BootSourceOverrideMode: mode };
  const order = context.traits.fullBootPatch ? [everything, none, disabled] : [disabled, none, everything];
  const attempts = [
    ...order,
    { ...disabled, BootSourceOverrideTarget: 'Pxe' },
    { BootSourceOverrideTarget: 'None' },
  ].flatMap((step): BootAttempt[] => [{ steps: [step], where: 'spread' }]);
  return writeBoot(context, read.value, { attempts, taken: isClear, insist: true }, signal);
}
