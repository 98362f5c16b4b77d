import { orderConfig } from './apply-config.ts';
import { closeAttempt } from './attempt.ts';
import { UNKNOWN } from './clock-at-start.ts';
import { isOverdue } from './deadline.ts';
import type { EventOf } from './event.ts';
import { expire } from './expire.ts';
import type { Fleet } from './fleet.ts';
import { notAskedAgain } from './health.ts';
import { endJob, type JobEnd } from './job-end.ts';
import { takeBack } from './leftover.ts';
import { newest } from './newest.ts';
import { EVIDENCE_KEPT, type NodeState } from './node.ts';
import { unsureWhetherLeft } from './own-script.ts';
import { endsAt } from './past-expiry.ts';
import { powerLost } from './power-order.ts';
import { powerForgotten } from './power-wait.ts';
import type { Reduced } from './reduced.ts';
import { shardMapOf, valuesOf } from './shard-map.ts';
import { endUnsaved, isUnsavedJob } from './unsaved.ts';
import { cancelWaves, pauseWaves } from './wave.ts';

/**
 * After a crash or a restart: phases stand as the journal left them, one that is older than its limit is marked "lost
 * sight" until its machine is heard of, and its limit counts anew. A job stays armed only if it is known to be neither
 * expired nor spent. Nothing is armed here, so a wave waits until an operator lets it go on.
 */
export function restart(fleet: Fleet, event: EventOf<'engine.started'>): Reduced {
  const unknown = event.spanUnknown === undefined ? undefined : UNKNOWN[event.spanUnknown];
  const ends = event.endsUnsaved === true;
  const woken = [...valuesOf(fleet.nodes)].map((node) =>
    wake(ends ? withoutUnsaved(node, event.time) : node, event.time, unknown),
  );
  const nodes = shardMapOf(woken.map(({ node }): readonly [string, NodeState] => [node.name, node]));
  const waves =
    event.spanUnknown === 'journalLost'
      ? cancelWaves(fleet.waves, UNKNOWN.journalLost)
      : pauseWaves(ends ? endUnsaved(fleet) : fleet.waves, 'the program was restarted; resume the wave to go on');
  const { played: _before, clock: _clock, awakeAt: _awake, boot: _boot, ...rest } = fleet;
  const played = event.played === undefined ? {} : { played: event.played };
  const boot = event.boot === undefined ? {} : { boot: { ...event.boot, at: event.time } };
  const { glass: _glass, discoveryUntil: _until, ...closed } = fleet.switches;
  const switches = unknown === undefined ? fleet.switches : closed;
  const started = { startedAt: event.time, simulated: event.simulated, rivals: {}, unassigned: {}, services: {} };
  return [{ ...rest, ...started, ...played, ...boot, nodes, waves, switches }, woken.flatMap(({ effects }) => effects)];
}

/** What was under way at a BMC ended with the program, perhaps between off and on. Nothing is powered by a start. */
function lostOrder(node: NodeState): NodeState {
  const { job, name, phase, spec } = node;
  if (job === undefined || job.spentAt !== undefined || job.suspended !== undefined) return node;
  if (spec.bmc === undefined || (phase.is !== 'armed' && phase.is !== 'down')) return node;
  const ask = `its boot order was lost when the program ended, and it may be off: \`crashcart retry ${name}\` gives it again`;
  return { ...node, ask };
}

/** Ordered, and the program ended before it was told how it went. The machine is looked at anew before anything is sent. */
function orderAgain(node: NodeState, at: number): JobEnd {
  const { attempt, phase, seen } = node;
  if (phase.is !== 'maintenance' || attempt?.configAskedAt === undefined || seen.address === undefined)
    return { node, effects: [] };
  const { configAskedAt: _lost, ...rest } = attempt;
  return orderConfig({ ...node, attempt: rest }, seen.address, at);
}

/** Nothing had left for it. Who gave the order was told that it is refused, or was told nothing. */
function withoutUnsaved(node: NodeState, at: number): NodeState {
  const { job } = node;
  if (job === undefined || !isUnsavedJob(job)) return node;
  const text = `its ${job.kind} was ordered before this start, and refused or never answered: it is not armed`;
  const line = { at, from: 'operator' as const, text };
  return { ...endJob(node, 'cancelled', at).node, evidence: newest(node.evidence, line, EVIDENCE_KEPT) };
}

function wake(before: NodeState, at: number, unknown: string | undefined): JobEnd {
  const known = notAskedAgain(unsureWhetherLeft(before), 'this program was started again', at);
  const node = powerForgotten(powerLost(known, at, 'the program ended before its BMC answered'));
  const power = node.power.is === 'unknown' ? node.power : ({ is: 'unknown', since: at } as const);
  const sighted: NodeState = isOverdue(node, at) ? { ...node, power, lostSightAt: at } : { ...node, power };
  const job = sighted.job;
  if (job === undefined) return { node: sighted, effects: takeBack(sighted) };
  // An arming that the journal gives back is on disk, whether or not its acknowledgement got out.
  if (job.spentAt !== undefined || (unknown === undefined && endsAt(sighted, job) > at))
    return orderAgain(lostOrder({ ...sighted, job: { ...job, stored: true } }), at);
  const ended = expire(sighted, at, unknown);
  return ended.node.job === undefined ? { ...ended, node: closeAttempt(ended.node, at, 'expired') } : ended;
}
