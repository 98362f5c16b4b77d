import { armNode, firstOrders, glassOpen, mayArm } from './arm-node.ts';
import { bmcConflict, inConflict } from './bmc-conflict.ts';
import { askBmcLog } from './bmc-log.ts';
import { moveBmcNames } from './bmc-names.ts';
import { bootstrapAsked, bootstrapEnded } from './bootstrap.ts';
import { passTime } from './deadline.ts';
import { describeEvidence } from './describe-event.ts';
import type { Effect } from './effect.ts';
import { EVIDENCE_FROM, type Event, type EventOf, type Evidenced, isEvidence } from './event.ts';
import { type Fleet, nodeOf } from './fleet.ts';
import { grantLease, leaseIn, seenAt } from './lease.ts';
import { takeBack } from './leftover.ts';
import { applyEvidence } from './lifecycle/table.ts';
import { loadNodes } from './load-inventory.ts';
import { type Attempt, EVIDENCE_KEPT, type NodeState } from './node.ts';
import { type Order, obey } from './obey.ts';
import { reduceSite } from './reduce-site.ts';
import { noteReported } from './reported.ts';
import { restart } from './restart.ts';
import { settleJob } from './settle-job.ts';
import { setIn, valuesOf } from './shard-map.ts';
import { failureOf, memberStarted, nextOfWave, settleWave } from './wave.ts';

export type Reduced = readonly [Fleet, readonly Effect[]];

/**
 * The only way in which anything that is believed changes: an event from the world, the state before, the state after,
 * and what is to be done about it. Pure: the same events give the same fleet, which is how restart, attach and replay work.
 */
export function reduce(fleet: Fleet, event: Event): Reduced {
  const at = Math.max(fleet.at, event.time);
  const [changed, effects] = route(fleet.at === at ? fleet : { ...fleet, at }, event);
  return concernsWaves(fleet, changed, event) ? advanceWaves(fleet, changed, event, effects) : [changed, effects];
}

function route(fleet: Fleet, event: Event): Reduced {
  if (isEvidence(event)) return reduceEvidence(fleet, event);
  switch (event.type) {
    case 'operator.armed':
      return reduceArmed(fleet, event);
    case 'job.stored':
      return reduceStored(fleet, event);
    case 'operator.cancelled':
    case 'operator.held':
    case 'operator.released':
    case 'operator.protected':
    case 'operator.unprotected':
    case 'operator.retried':
    case 'operator.poweredBy':
    case 'operator.locatedBy':
    case 'operator.inspectedBmc':
    case 'operator.talosAsked':
    case 'operator.configApplied':
    case 'operator.driftIgnored':
      return reduceOperator(fleet, event);
    case 'clock.ticked':
      return reduceTick(fleet, event);
    case 'engine.started':
      return restart(fleet, event);
    case 'inventory.loaded':
      return loadNodes(fleet, event);
    default:
      return [reduceSite(fleet, event), []];
  }
}

export function putNode(fleet: Fleet, node: NodeState): Fleet {
  return { ...fleet, nodes: setIn(fleet.nodes, node.name, node) };
}

function reduceEvidence(before: Fleet, event: Evidenced): Reduced {
  const lease = leaseIn(event);
  const fleet = lease === undefined ? before : grantLease(before, lease);
  const known = nodeOf(fleet, event.node);
  if (known === undefined) return [fleet, []];
  const node = lease === undefined ? known : seenAt(known, lease.mac, lease.address);
  const moved = applyEvidence(node, event);
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
  'bmc.powerRead',
  'bmc.located',
  'probe.opened',
]);

/** We asked its API and got no answer: that is in the class of the node, and proves no life. */
function toldNothing(event: Evidenced): boolean {
  if (event.type === 'talos.checked') return event.facts.problem !== undefined;
  return (event.type === 'talos.resetEnded' || event.type === 'talos.configApplied') && event.problem !== undefined;
}

const lastOf = (evidence: NodeState['evidence']): NodeState['evidence'] =>
  evidence.length >= EVIDENCE_KEPT ? evidence.slice(1 - EVIDENCE_KEPT) : evidence;

function remember(node: NodeState, event: Evidenced): NodeState {
  const from = EVIDENCE_FROM[event.type];
  const evidence = QUIET.has(event.type)
    ? node.evidence
    : [...lastOf(node.evidence), { at: event.time, from, text: describeEvidence(event) }];
  if (from === 'bmc' || toldNothing(event)) return { ...node, evidence };
  // Wire, node and probe prove that the machine lives; a BMC answers for a machine that is off.
  const found: { -readonly [K in keyof NodeState]: NodeState[K] } = {
    ...(node.lostSightAt === undefined ? node : inSight(node)),
    evidence,
    seen: { ...node.seen, lastAt: event.time },
  };
  if (node.attempt !== undefined) found.attempt = active(node.attempt, event);
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
  return attempt.sinkSpokeAt === undefined && BY_SINK.has(event.type)
    ? { ...attempt, lastActivityAt, sinkSpokeAt: event.time }
    : { ...attempt, lastActivityAt };
}

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

function reduceArmed(fleet: Fleet, event: EventOf<'operator.armed'>): Reduced {
  const node = nodeOf(fleet, event.node);
  if (node === undefined || !mayArm(fleet, node, event).ok) return [fleet, []];
  // A wave was stored when it was started, and its machines follow from it; a name of none proves nothing.
  const wave = event.wave === undefined ? undefined : fleet.waves[event.wave];
  const stored = wave?.entries.some((entry) => entry.node === event.node && entry.job === event.job) ?? false;
  const armed = armNode(node, event, glassOpen(fleet, event.time), stored);
  const waves = markStarted(fleet, event.wave, event.node);
  return [{ ...putNode(fleet, armed.node), waves }, armed.effects];
}

function reduceStored(fleet: Fleet, event: EventOf<'job.stored'>): Reduced {
  const node = nodeOf(fleet, event.node);
  if (node?.job?.id !== event.job || node.job.stored) return [fleet, []];
  const job = { ...node.job, stored: true };
  const stored = { ...node, job };
  return [putNode(fleet, stored), firstOrders(stored, job)];
}

function markStarted(fleet: Fleet, id: string | undefined, name: string): Fleet['waves'] {
  const wave = id === undefined ? undefined : fleet.waves[id];
  if (id === undefined || wave === undefined) return fleet.waves;
  return { ...fleet.waves, [id]: memberStarted(wave, name) };
}

function reduceOperator(before: Fleet, event: Order): Reduced {
  const isBootstrap = event.type === 'operator.talosAsked' && event.ask === 'bootstrap';
  const fleet = isBootstrap ? bootstrapAsked(before, event) : before;
  const node = nodeOf(before, event.node);
  if (node === undefined || fleet === undefined) return [before, []];
  const [obeyed, orders] = obey(node, event);
  const { node: next, effects: ends } = settleJob(obeyed, event.time);
  const effects = [...orders, ...ends];
  const line = {
    at: event.time,
    from: 'operator' as const,
    text: `${event.by.user}: ${event.type.slice('operator.'.length)}`,
  };
  return [putNode(fleet, { ...next, evidence: [...next.evidence.slice(1 - EVIDENCE_KEPT), line] }), effects];
}

function reduceTick(fleet: Fleet, event: EventOf<'clock.ticked'>): Reduced {
  let next = fleet;
  const effects: Effect[] = [];
  for (const node of valuesOf(fleet.nodes)) {
    const passed = passTime(node, event.time);
    if (passed.node === node) continue;
    next = putNode(next, passed.node);
    const log = askBmcLog(node, passed.node);
    effects.push(...passed.effects, ...(log === undefined ? [] : [log]));
  }
  return [closeSwitches(next, event.time), effects];
}

function closeSwitches(fleet: Fleet, at: number): Fleet {
  const { glass, discoveryUntil, panic } = fleet.switches;
  const switches = {
    ...(panic === undefined ? {} : { panic }),
    ...(glass !== undefined && glass.until > at ? { glass } : {}),
    ...(discoveryUntil !== undefined && discoveryUntil > at ? { discoveryUntil } : {}),
  };
  return { ...fleet, switches };
}

/** Most events are evidence that moves a phase; waves look only at what could end a job or free a machine for one. */
function concernsWaves(before: Fleet, after: Fleet, event: Event): boolean {
  if (Object.keys(after.waves).length === 0 || QUIET_SITE.has(event.type)) return false;
  // A tick that changed no machine can still make room: glass, a pause of the store.
  if (event.type === 'clock.ticked') return before.nodes !== after.nodes || waitsForTime(after);
  if (!isEvidence(event)) return true;
  const was = nodeOf(before, event.node);
  const is = nodeOf(after, event.node);
  return (
    was?.job?.id !== is?.job?.id ||
    (is?.health !== was?.health && is !== undefined && failureOf(is.health) !== undefined)
  );
}

function waitsForTime(fleet: Fleet): boolean {
  return Object.values(fleet.waves).some(
    (wave) => wave.state === 'running' && wave.started.length < wave.entries.length,
  );
}

const QUIET_SITE: ReadonlySet<Event['type']> = new Set([
  'lease.granted',
  'lease.ended',
  'stranger.seen',
  'rival.heard',
  'reports.unassigned',
  'service.changed',
  'session.opened',
  'session.closed',
]);
/** Starting the program and reading the inventory arm nothing, not even for a wave that waited for it. */
const NEVER_ARMS: ReadonlySet<Event['type']> = new Set(['engine.started', 'inventory.loaded']);

/** Time passes for all machines and changes few: a wave of thousands looks at those alone. */
function concernedBy(before: Fleet, after: Fleet, event: Event): ReadonlySet<string> | undefined {
  if (isEvidence(event)) return new Set([event.node]);
  if (event.type !== 'clock.ticked') return undefined;
  const changed = new Set<string>();
  if (before.nodes === after.nodes) return changed;
  for (const node of valuesOf(after.nodes)) if (nodeOf(before, node.name) !== node) changed.add(node.name);
  return changed;
}

/** What happened to a job may end or start others of its wave. The machines that come next are armed by name. */
function advanceWaves(before: Fleet, fleet: Fleet, event: Event, effects: readonly Effect[]): Reduced {
  let next = fleet;
  const only = concernedBy(before, fleet, event);
  const all = [...effects];
  for (const wave of Object.values(fleet.waves)) {
    const settled = settleWave(next, wave, event.time, only);
    if (settled !== wave) next = { ...next, waves: { ...next.waves, [wave.id]: settled } };
    if (NEVER_ARMS.has(event.type)) continue;
    for (const armed of nextOfWave(next, settled, event.time)) {
      const [started, more] = route(next, armed);
      next = started;
      all.push(...more);
    }
  }
  return [next, all];
}
