import { postBy } from '../core/boot-progress.ts';
import type { Fleet } from '../core/fleet.ts';
import type { NodeState } from '../core/node.ts';
import { hasMac, knowsMacs, ownNicOf, wasLately } from '../core/own-nic.ts';
import { type PhaseName, REPORT_PHASES } from '../core/phase.ts';
import { isPosing } from '../core/posing.ts';
import { getIn } from '../core/shard-map.ts';
import { SECOND_MS, type TimeMs } from '../core/time.ts';
import type { Identity } from './identity.ts';

/** A transfer that is under way tells of itself each second. One that ended may have sent the machine to its next NIC. */
const GOES_ON_MS = 10 * SECOND_MS;

const WORDS: Readonly<Record<string, string>> = {
  uuid: 'UUID',
  serial: 'serial',
  boardSerial: 'board serial',
  asset: 'asset tag',
  switchPort: 'switch port',
};

/** What firmware or iPXE says of itself, and when. */
export interface Named {
  readonly macs: readonly string[];
  readonly at: TimeMs;
}

/**
 * Who names itself as a machine whose boot came by a NIC on record, and has none that is. While that boot loads a system,
 * or its system reports, this is another machine with the same UUID, or on the same switch port. Where that boot stands
 * still or restarts it may as well be another NIC of the same machine, which nobody recorded. Without a node nothing that it
 * does ends that boot, or is shown as that machine's. The machine itself is not locked out by that: by a NIC on record it
 * is always heard, and by no other one would it get what it is armed for.
 */
export function unlessAnother(fleet: Fleet, identity: Identity, { macs, at }: Named): Identity {
  if (identity.is !== 'node' || identity.sure) return identity;
  const { node } = identity;
  if (macs.some((one) => hasMac(node, one))) return identity;
  const nic = ownNicOf(node);
  if (nic !== undefined && goesOn(node, at))
    return posing(identity, `, which boots by ${nic.mac} at this moment: it is another machine`);
  if (macs.some((one) => isPosing(getIn(fleet.strangers, one), node.name, at)))
    return posing(identity, ', and it asked while that booted by a NIC of its own: it is another machine');
  if (nic === undefined || !wasLately(nic, at) || !standsInBoot(node)) return identity;
  const either = `it is another machine, or a NIC of ${node.name} that is not in its file`;
  return { ...posing(identity, `, whose boot came by ${nic.mac}: ${either}`), unproven: true };
}

function posing({ node: { name }, matched }: Identity & { readonly is: 'node' }, rest: string) {
  const names = matched.map((kind) => WORDS[kind] ?? kind).join(' and ');
  return { is: 'conflict', names: [name], poses: name, why: `its ${names} is that of ${name}${rest}` } as const;
}

/** A machine that loads a system, or runs one, does not ask as firmware beside it. */
function goesOn(node: NodeState, at: TimeMs): boolean {
  const { phase, health, attempt, job } = node;
  if (health.is === 'stalled' || health.is === 'failed' || health.is === 'conflict' || restarts(node)) return false;
  switch (phase.is) {
    case 'script':
      return phase.answer !== 'local' && at - phase.since < GOES_ON_MS;
    case 'kernel':
    case 'initrd':
      return at - (attempt?.lastActivityAt ?? 0) < GOES_ON_MS;
    default:
      // Without a job its silence is no fault, and it may have been reset unseen.
      return job !== undefined && REPORTS.has(phase.is);
  }
}

const REPORTS: ReadonlySet<PhaseName> = new Set(REPORT_PHASES);

const STANDS: ReadonlySet<PhaseName> = new Set([
  ...REPORTS,
  'kernel',
  'initrd',
  'halted',
  'installed',
  'rebooting',
  'diskBoot',
  'running',
  'ready',
] as const);

/** Its firmware is behind it by all that was heard of it. Sent to its disk, it may still try its other NICs. */
function standsInBoot(node: NodeState): boolean {
  const { phase, health } = node;
  if (health.is === 'conflict' || restarts(node)) return false;
  return phase.is === 'script' ? phase.answer !== 'local' : STANDS.has(phase.is);
}

/** Its power was switched from here, or its BMC tells of POST, and nothing was heard of it since. */
function restarts({ attempt, seen: { bootProgress } }: NodeState): boolean {
  const heardAt = attempt?.lastActivityAt ?? 0;
  if (attempt?.orderedAt !== undefined && attempt.orderedAt >= heardAt) return true;
  return bootProgress !== undefined && bootProgress.at > heardAt && postBy(bootProgress.state) === 'goesOn';
}

/**
 * A system that is known by its switch port alone, where NICs of that machine are known: its guest, the BMC that shares the
 * port, or a machine that was plugged in there. What it asks tells nothing of that boot. A NIC that was taken for the
 * machine's as firmware stays that.
 */
export function isOnItsPortAlone(identity: Identity, mac: string): boolean {
  if (identity.is !== 'node' || identity.sure || identity.matched.length !== 1) return false;
  const { node, matched } = identity;
  return matched[0] === 'switchPort' && node.seen.mac !== mac && knowsMacs(node);
}
