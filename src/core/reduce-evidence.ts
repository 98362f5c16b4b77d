import { bmcConflict, inConflict } from './bmc-conflict.ts';
import { askBmcLog } from './bmc-log.ts';
import { moveBmcNames } from './bmc-names.ts';
import { bootstrapEnded } from './bootstrap.ts';
import { describeEvidence } from './describe-event.ts';
import type { Effect } from './effect.ts';
import { EVIDENCE_FROM, type Event, type EventOf, type Evidenced } from './event.ts';
import { type Fleet, nodeOf, putNode } from './fleet.ts';
import { grantLease, leaseIn, seenAt } from './lease.ts';
import { takeBack } from './leftover.ts';
import { isOfBefore } from './lifecycle/loader-asked.ts';
import type { Step } from './lifecycle/move.ts';
import { applyEvidence } from './lifecycle/table.ts';
import { newest } from './newest.ts';
import { type Attempt, EVIDENCE_KEPT, type NodeState } from './node.ts';
import { noteIp } from './not-at-ip.ts';
import { ownNicIn } from './own-nic.ts';
import type { Reduced } from './reduced.ts';
import { noteReported } from './reported.ts';
import { noteRival } from './rivals.ts';
import { settleJob } from './settle-job.ts';

/** What a machine, its BMC or the wire tells of it: its phase moves, and what follows from that is ordered. */
export function reduceEvidence(before: Fleet, event: Evidenced): Reduced {
  const lease = leaseIn(event);
  const fleet = lease === undefined ? before : grantLease(before, lease);
  const known = nodeOf(fleet, event.node);
  if (known === undefined) return [fleet, []];
  const node = lease === undefined ? known : noteIp(seenAt(known, lease.mac, lease.address), event, lease);
  const moved = move(node, event);
  const { node: next, effects: ends } = settleJob(remember(moved.node, event), event.time);
  const knock = knockFor(node, next);
  const log = askBmcLog(node, next);
  const quiet = knock === undefined && log === undefined && ends.length === 0;
  const effects = quiet
    ? moved.effects
    : [...moved.effects, ...(knock === undefined ? [] : [knock]), ...ends, ...(log === undefined ? [] : [log])];
  if (event.type === 'bmc.identityRead') {
    const named = bmcNamed(fleet, node, next, event);
    return [named, [...effects, ...takeBackFrom(named, node.name)]];
  }
  return [learnSite(putNode(fleet, next), next, event), effects];
}

/** What a machine asked the moment before it took what it has now may be told with that: it goes through both. */
function move(node: NodeState, event: Evidenced): Step {
  if (event.type !== 'dhcp.firmwareTook' || event.asked === undefined) return applyEvidence(node, event);
  const { mac, firmware, asked, time } = event;
  const ask: Evidenced = { ...asked, type: 'dhcp.firmwareAsked', node: node.name, mac, firmware, time };
  const before = applyEvidence(node, ask);
  const after = applyEvidence(alive(before.node, ask), event);
  return { node: after.node, effects: [...before.effects, ...after.effects] };
}

/** A machine that the inventory gives to another node holds this one, whatever its own record leaves open. */
function bmcNamed(fleet: Fleet, before: NodeState, read: NodeState, { time }: EventOf<'bmc.identityRead'>): Fleet {
  const other = bmcConflict(fleet, read);
  const next = other === undefined ? read : inConflict(read, other, time);
  const put = putNode(fleet, next);
  return { ...put, bmcNames: moveBmcNames(put.bmcNames, before, next) };
}

/** It answers again. What a job left there while it was silent goes now; never from the BMC of another machine. */
function takeBackFrom(fleet: Fleet, name: string): readonly Effect[] {
  const node = nodeOf(fleet, name);
  return node === undefined || node.health.is === 'conflict' ? [] : takeBack(node);
}

/** From the hand-over on, port 50000 is tried too: where Talos does not report, that is how we see it come up. */
function knockFor(before: NodeState, node: NodeState): Effect | undefined {
  const { job, phase, seen } = node;
  // It is followed by its event stream again.
  const again = before.phase.is === 'down' && before.phase.was !== undefined && phase.is !== 'down';
  if (again && job === undefined) return { type: 'probe.stop', node: node.name };
  if (job === undefined || seen.address === undefined || before.phase.is === phase.is) return undefined;
  if (phase.is !== 'handoff' && phase.is !== 'up' && phase.is !== 'rebooting') return undefined;
  return { type: 'probe.start', node: node.name, address: seen.address };
}

/** Transfers report several times a second: they move a bar, and are not worth a line each. */
const QUIET: ReadonlySet<Event['type']> = new Set([
  'loader.progressed',
  'image.progressed',
  'http.scriptAwaited',
  'http.answerSent',
  'bmc.powerRead',
  'bmc.located',
  'probe.opened',
]);

const OWN_DEEDS: ReadonlySet<Event['type']> = new Set([
  'loader.firstBlockLost',
  'http.answerWithheld',
  'http.answerSent',
]);

/** We asked, or sent, and got no answer: that is in the class of the node or the wire, and proves no life. */
function toldNothing(node: NodeState, event: Evidenced): boolean {
  if (OWN_DEEDS.has(event.type)) return true;
  if (event.type === 'loader.aborted') return isOfBefore(node, event);
  if (event.type === 'talos.checked') return event.facts.problem !== undefined;
  return (event.type === 'talos.resetEnded' || event.type === 'talos.configApplied') && event.problem !== undefined;
}

function remember(node: NodeState, event: Evidenced): NodeState {
  const from = EVIDENCE_FROM[event.type];
  const evidence = QUIET.has(event.type)
    ? node.evidence
    : newest(node.evidence, { at: event.time, from, text: describeEvidence(event) }, EVIDENCE_KEPT);
  // Wire, node and probe prove that the machine lives; a BMC answers for a machine that is off.
  return from === 'bmc' || toldNothing(node, event) ? { ...node, evidence } : alive(node, event, evidence);
}

function alive(node: NodeState, event: Evidenced, evidence = node.evidence): NodeState {
  const nic = ownNicIn(node, event);
  const found: { -readonly [K in keyof NodeState]: NodeState[K] } = {
    ...(node.lostSightAt === undefined ? node : inSight(node)),
    evidence,
    seen: nic === undefined ? { ...node.seen, lastAt: event.time } : { ...node.seen, lastAt: event.time, nic },
  };
  if (node.attempt !== undefined) found.attempt = active(node.attempt, event);
  if (event.type === 'dhcp.rivalAnswered') found.seen = noteRival(found.seen, event);
  if (event.told !== undefined) found.reported = noteReported(node.reported, event.told, event.time);
  return found;
}

function inSight({ lostSightAt: _found, ...rest }: NodeState): NodeState {
  return rest;
}

/** What only the event sink tells; the kernel log and the API may speak where it cannot. */
const BY_SINK: ReadonlySet<Event['type']> = new Set([
  'talos.phaseStarted',
  'talos.sequenceStarted',
  'talos.stageChanged',
  'talos.addressed',
]);

function active(attempt: Attempt, event: Evidenced): Attempt {
  const lastActivityAt = Math.max(attempt.lastActivityAt, event.time);
  const address = takenInBoot(event);
  if (address !== undefined) return { ...attempt, lastActivityAt, addresses: withAddress(attempt, address) };
  return attempt.sinkSpokeAt === undefined && BY_SINK.has(event.type)
    ? { ...attempt, lastActivityAt, sinkSpokeAt: event.time }
    : { ...attempt, lastActivityAt };
}

/** What firmware or iPXE takes it tells everybody, whoever gave it; a system that runs boots nothing. */
function takenInBoot(event: Evidenced): string | undefined {
  if (event.type === 'dhcp.firmwareTook' || event.type === 'dhcp.ipxeAsked') return event.address;
  return event.type === 'dhcp.rivalAnswered' && event.took === true ? event.address : undefined;
}

/** Of one boot: firmware and iPXE have one each, on each NIC that they try. */
const ADDRESSES_KEPT = 4;

const withAddress = ({ addresses = [] }: Attempt, address: string): readonly string[] =>
  addresses.includes(address) ? addresses : newest(addresses, address, ADDRESSES_KEPT);

/** What one machine's evidence says about more than itself. */
function learnSite(fleet: Fleet, node: NodeState, event: Evidenced): Fleet {
  return event.type === 'talos.bootstrapEnded' ? bootstrapEnded(fleet, event) : learnModel(fleet, node, event);
}

const MODELS_KEPT = 256;

/** An offer that was taken is tried first for the next machine of this product. */
function learnModel(fleet: Fleet, node: NodeState, event: Evidenced): Fleet {
  if (event.type !== 'loader.sent' || node.seen.product === undefined) return fleet;
  const known = fleet.modelVariants[node.seen.product];
  if (known === node.offerVariant) return fleet;
  // The name comes from the wire: a machine that invents a new one at each boot must not fill the memory.
  if (known === undefined && Object.keys(fleet.modelVariants).length >= MODELS_KEPT) return fleet;
  return { ...fleet, modelVariants: { ...fleet.modelVariants, [node.seen.product]: node.offerVariant } };
}
