import { orderConfig } from '../apply-config.ts';
import type { EventOf } from '../event.ts';
import { isInstallFailure } from '../health.ts';
import { endJob } from '../job-end.ts';
import type { NodeIn, NodeState } from '../node.ts';
import { NEVER_LEFT, unsureWipeAt } from '../own-script.ts';
import type { EvidenceClass, PhaseFacts } from '../phase.ts';
import type { TimeMs } from '../time.ts';
import { noLongerWithout } from '../without-address.ts';
import { failing, goTo, type Step, stays, step, withJob } from './move.ts';
import { networkAgain, overrideIgnored } from './override-ignored.ts';

/** The steps that several rows share: each is one thing that Talos can say about itself. */

/** Who is heard over the network has an address, from whomever: what another of its NICs asks in vain is no trouble. */
export function spoke(node: NodeState, at: TimeMs): NodeState {
  const there = noLongerWithout(node, at, true);
  const { attempt } = there;
  if (attempt === undefined || attempt.talosSpokeAt !== undefined) return there;
  return { ...there, attempt: { ...attempt, talosSpokeAt: at } };
}

export const heard = stays((node: NodeState, event: { readonly time: number }) => spoke(node, event.time));

/** The images of the network system were still on their way, as far as we saw. */
export function beforeUp({ phase }: NodeState): boolean {
  if (phase.is === 'script') return phase.answer !== 'local';
  return phase.is === 'kernel' || phase.is === 'initrd' || phase.is === 'handoff';
}

/** On every connection Talos tells the whole boot again: what comes before the install moves nothing after it. */
export const isReplay = ({ phase }: NodeState): boolean => phase.is === 'installing' || phase.is === 'installed';

export function afterReboot(node: NodeIn<'rebooting'>, event: { readonly time: number }): Step {
  // After a wipe the machine goes through firmware: whoever speaks now is the end of the old boot.
  if (node.phase.after === 'wipe') return step(node);
  return step(spoke(goTo(node, 'diskBoot', { askedAgain: 0 }, event.time, 'node'), event.time));
}

/** Evidence that the disk is being written: from here on this job gives no disk-writing answer any more. */
export function installing(node: NodeState, facts: PhaseFacts['installing'], at: TimeMs): Step {
  const begun = node.job !== undefined && node.job.spentAt === undefined ? withJob(node, { spentAt: at }) : node;
  const spent = withoutReady(begun);
  if (spent.phase.is !== 'installing') return step(goTo(spent, 'installing', facts, at, 'node'));
  return step({ ...spent, phase: { ...spent.phase, ...facts } });
}

/** The system that was ready is being overwritten. */
function withoutReady(node: NodeState): NodeState {
  if (node.seen.readySince === undefined) return node;
  const { readySince: _before, ...seen } = node.seen;
  return { ...node, seen };
}

/**
 * A report of an install that comes late or where it should not moves no phase. The disk is being written all the same,
 * so it spends the job, if an install script of this job went out: the system on the old disk may speak as well.
 */
export function spentLate(node: NodeState, at: TimeMs): NodeState {
  const { job } = node;
  if (job?.installOfferedAt === undefined || job.spentAt !== undefined) return node;
  return withJob(node, { spentAt: at });
}

export function wiping(node: NodeState, at: TimeMs): Step {
  const job = node.job;
  const wiped =
    job === undefined
      ? node
      : withJob(node, { wipedAt: at, ...(job.kind === 'wipe' ? { spentAt: job.spentAt ?? at } : {}) });
  return step(goTo(wiped, 'wiping', {}, at, 'node'));
}

export function halted(node: NodeState, at: TimeMs): Step {
  const there = node.phase.is === 'halted' ? node : goTo(node, 'halted', {}, at, 'node');
  const isUnsure = node.job !== undefined && unsureWipeAt(node.job) !== undefined;
  const wipe = !isUnsure ? '' : `: the wipe of its job ${NEVER_LEFT}; cancel its job and arm it again`;
  return step({
    ...failing(there, 'stalled', 'HALTED', `Talos is on a disk of this machine; nothing was written${wipe}`, at),
    ask: 'boot its disk, or reinstall (erases it)',
  });
}

export function maintenance(node: NodeState, at: TimeMs): Step {
  const there = node.phase.is === 'maintenance' ? node : goTo(node, 'maintenance', { api: false }, at, 'node');
  const address = node.seen.address;
  return address === undefined ? step(there) : inMaintenance(there, address, at);
}

/** Its API can be asked: for its hardware, and to take the configuration that its boot could not fetch. */
export function inMaintenance(node: NodeState, address: string, at: TimeMs): Step {
  const { node: ordered, effects } = orderConfig(node, address, at);
  return step(ordered, { type: 'talos.readHardware', node: node.name, address }, ...effects);
}

export function installed(node: NodeState, at: TimeMs): Step {
  return step(goTo(node, 'installed', {}, at, 'node'));
}

export function configFailed(node: NodeState, event: EventOf<'talos.configFailed'>): Step {
  const there = node.phase.is === 'config' ? node : goTo(node, 'config', {}, event.time, 'node');
  return step(failing(there, 'failed', 'CONFIG_BAD', event.message, event.time));
}

export function restarting(node: NodeState, how: 'kexec' | 'firmware' | 'off' | 'unknown', at: TimeMs): Step {
  if (how === 'off') return step(goTo(node, 'down', { why: 'off' }, at, 'node'));
  const after = isInstallFailure(node.health)
    ? 'other'
    : node.phase.is === 'installed' || node.phase.is === 'installing'
      ? 'install'
      : node.phase.is === 'wiping'
        ? 'wipe'
        : 'other';
  const gone = goTo(node, 'rebooting', { how, after }, at, 'node');
  return after === 'wipe' ? afterWipe(gone, at) : step(gone);
}

/** The one-shot override was used up by the wipe's boot: the install's boot needs its own, before the reset. */
function afterWipe(node: NodeState, at: TimeMs): Step {
  const job = node.job;
  if (job?.kind !== 'reinstall' || job.secondOverrideAt !== undefined) return step(node);
  if (node.spec.bmc === undefined) {
    return step({
      ...node,
      ask: `choose network boot (F12) once more: ${node.name} was wiped and is installed by its next boot`,
    });
  }
  return step(withJob(node, { override: 'asked', secondOverrideAt: at }), networkAgain(node, job, 'none'));
}

/** RUNNING from the disk, or its API answering: the job that installed it has done its work. */
export function running(
  node: NodeState,
  ready: boolean,
  unmet: readonly string[],
  at: TimeMs,
  from: EvidenceClass,
): Step {
  const same = node.phase.is === (ready ? 'ready' : 'running');
  const there = same ? node : ready ? goTo(node, 'ready', {}, at, from) : goTo(node, 'running', { unmet }, at, from);
  const shown: NodeState = there.phase.is === 'running' ? { ...there, phase: { ...there.phase, unmet } } : there;
  const seen: NodeState =
    ready && shown.seen.readySince === undefined ? { ...shown, seen: { ...shown.seen, readySince: at } } : shown;
  const job = seen.job;
  if (job === undefined) return step(clearFailure(seen));
  if (job.spentAt !== undefined && (job.kind === 'install' || job.kind === 'reinstall')) {
    const ended = endJob(clearFailure(seen), 'done', at);
    return { node: ended.node, effects: ended.effects };
  }
  if (job.kind === 'rescue' && seen.attempt?.answered === 'rescue') {
    const ended = endJob(clearFailure(seen), 'done', at);
    return { node: ended.node, effects: ended.effects };
  }
  if (seen.attempt?.answered === 'install') {
    return step(
      failing(
        seen,
        'stalled',
        'ALREADY_INSTALLED',
        'it runs from the network kernel with the configuration of its disk',
        at,
      ),
    );
  }
  return step(seen);
}

function clearFailure(node: NodeState): NodeState {
  return node.health.is === 'failed' && node.health.code !== 'LOOP' ? { ...node, health: { is: 'ok' } } : node;
}

/** It was silent and not away: the same system, as it was. Undefined for a machine that was off. */
export function speaksAgain(node: NodeIn<'down'>, at: TimeMs, from: EvidenceClass): Step | undefined {
  const { was } = node.phase;
  if (was === undefined) return undefined;
  const back = was === 'ready' ? goTo(node, 'ready', {}, at, from) : goTo(node, 'running', { unmet: [] }, at, from);
  return step(back);
}

/** The old system speaks while a network boot was ordered: the BMC's override did nothing. */
export function spokeFromDisk(node: NodeState, at: TimeMs): Step {
  if (node.phase.is === 'powering' && node.job !== undefined) {
    return node.phase.poweredAt === undefined ? step(node) : overrideIgnored(node, at);
  }
  return step(goTo(node, 'diskBoot', { askedAgain: 0, addressed: true }, at, 'node'));
}
