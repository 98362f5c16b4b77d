import { armNode, bootOrders, glassOpen, mayArm } from './arm-node.ts';
import { closeAttempt } from './attempt.ts';
import { passTime } from './deadline.ts';
import { describeEvidence } from './describe-event.ts';
import type { Effect } from './effect.ts';
import { EVIDENCE_FROM, type Event, type EventOf, type Evidenced, isEvidence } from './event.ts';
import { type Fleet, nodeOf } from './fleet.ts';
import { endJob } from './job-end.ts';
import { applyEvidence } from './lifecycle/table.ts';
import { EVIDENCE_KEPT, type NodeState } from './node.ts';
import { reduceSite } from './reduce-site.ts';
import { setIn, valuesOf } from './shard-map.ts';
import { afterWaveJob, nextOfWave } from './wave.ts';

export type Reduced = readonly [Fleet, readonly Effect[]];

/**
 * The only way in which anything that is believed changes: an event from the world, the state before, the state after,
 * and what is to be done about it. Pure: the same events give the same fleet, which is how restart, attach and replay work.
 */
export function reduce(fleet: Fleet, event: Event): Reduced {
  const at = Math.max(fleet.at, event.time);
  const [changed, effects] = route(fleet.at === at ? fleet : { ...fleet, at }, event);
  return advanceWaves(changed, event, effects);
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
    case 'operator.retried':
    case 'operator.poweredBy':
    case 'operator.locatedBy':
    case 'operator.inspectedBmc':
    case 'operator.talosAsked':
      return reduceOperator(fleet, event);
    case 'clock.ticked':
      return reduceTick(fleet, event);
    default:
      return [reduceSite(fleet, event), []];
  }
}

export function putNode(fleet: Fleet, node: NodeState): Fleet {
  return { ...fleet, nodes: setIn(fleet.nodes, node.name, node) };
}

function reduceEvidence(fleet: Fleet, event: Evidenced): Reduced {
  const node = nodeOf(fleet, event.node);
  if (node === undefined) return [fleet, []];
  const moved = applyEvidence(node, event);
  const next = remember(moved.node, event);
  const knock = knockFor(node, next);
  return [
    learnModel(putNode(fleet, next), next, event),
    knock === undefined ? moved.effects : [...moved.effects, knock],
  ];
}

/** From the hand-over on, port 50000 is tried too: where Talos does not report, that is how we see it come up. */
function knockFor(before: NodeState, node: NodeState): Effect | undefined {
  const { job, phase, seen } = node;
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

function remember(node: NodeState, event: Evidenced): NodeState {
  const from = EVIDENCE_FROM[event.type];
  const evidence = QUIET.has(event.type)
    ? node.evidence
    : [
        ...(node.evidence.length >= EVIDENCE_KEPT ? node.evidence.slice(1 - EVIDENCE_KEPT) : node.evidence),
        { at: event.time, from, text: describeEvidence(event) },
      ];
  if (from === 'bmc') return { ...node, evidence };
  // Wire, node and probe prove that the machine lives; a BMC answers for a machine that is off.
  const { lostSightAt: _found, ...rest } = node;
  const attempt =
    node.attempt === undefined
      ? {}
      : { attempt: { ...node.attempt, lastActivityAt: Math.max(node.attempt.lastActivityAt, event.time) } };
  return { ...rest, ...attempt, evidence, seen: { ...node.seen, lastAt: event.time } };
}

/** An offer that was taken is tried first for the next machine of this product. */
function learnModel(fleet: Fleet, node: NodeState, event: Evidenced): Fleet {
  if (event.type !== 'loader.sent' || node.seen.product === undefined) return fleet;
  if (fleet.modelVariants[node.seen.product] === node.offerVariant) return fleet;
  return { ...fleet, modelVariants: { ...fleet.modelVariants, [node.seen.product]: node.offerVariant } };
}

function reduceArmed(fleet: Fleet, event: EventOf<'operator.armed'>): Reduced {
  const node = nodeOf(fleet, event.node);
  if (node === undefined || !mayArm(fleet, node, event).ok) return [fleet, []];
  const armed = armNode(node, event, glassOpen(fleet, event.time));
  const waves = markStarted(fleet, event.wave, event.node);
  return [{ ...putNode(fleet, armed.node), waves }, armed.effects];
}

function reduceStored(fleet: Fleet, event: EventOf<'job.stored'>): Reduced {
  const node = nodeOf(fleet, event.node);
  if (node?.job?.id !== event.job || node.job.stored) return [fleet, []];
  const job = { ...node.job, stored: true };
  const stored = { ...node, job };
  return [putNode(fleet, stored), bootOrders(stored, job)];
}

function markStarted(fleet: Fleet, id: string | undefined, name: string): Fleet['waves'] {
  const wave = id === undefined ? undefined : fleet.waves[id];
  if (id === undefined || wave === undefined) return fleet.waves;
  return { ...fleet.waves, [id]: { ...wave, started: [...wave.started, name] } };
}

type Order = Exclude<Extract<Event, { readonly type: `operator.${string}` }>, { readonly type: 'operator.armed' }>;

function reduceOperator(fleet: Fleet, event: Order): Reduced {
  const node = nodeOf(fleet, event.node);
  if (node === undefined) return [fleet, []];
  const [next, effects] = obey(node, event);
  const line = {
    at: event.time,
    from: 'operator' as const,
    text: `${event.by.user}: ${event.type.slice('operator.'.length)}`,
  };
  return [putNode(fleet, { ...next, evidence: [...next.evidence.slice(1 - EVIDENCE_KEPT), line] }), effects];
}

function obey(node: NodeState, event: Order): readonly [NodeState, readonly Effect[]] {
  switch (event.type) {
    case 'operator.cancelled': {
      const ended = endJob(node, 'cancelled', event.time);
      const calm = ended.node.health.is === 'conflict' ? ended.node : { ...ended.node, health: { is: 'ok' } as const };
      return [calm.phase.is === 'armed' ? { ...calm, phase: { is: 'idle', since: event.time } } : calm, ended.effects];
    }
    case 'operator.held': {
      const ended = endJob(node, 'cancelled', event.time);
      return [{ ...ended.node, intent: { is: 'hold', since: event.time, why: event.why } }, ended.effects];
    }
    case 'operator.released': {
      const { job, ...rest } = node;
      const { suspended: _lifted, ...active } = job ?? {};
      const freed: NodeState = { ...rest, ...(job === undefined ? {} : { job: active as typeof job }) };
      return [{ ...freed, intent: { is: 'observe' }, health: { is: 'ok' }, failedBoots: [], localMissed: 0 }, []];
    }
    case 'operator.retried':
      return retry(node, event.time);
    case 'operator.poweredBy':
      return [node, [{ type: 'bmc.power', node: node.name, action: event.action }]];
    case 'operator.locatedBy':
      return [node, [{ type: 'bmc.locate', node: node.name, on: event.on }]];
    case 'operator.inspectedBmc':
      return [node, [{ type: 'bmc.identify', node: node.name }]];
    case 'operator.talosAsked': {
      const address = node.seen.address ?? node.spec.network.ip;
      return [node, address === undefined ? [] : [{ type: `talos.${event.ask}`, node: node.name, address }]];
    }
  }
}

/** Starts the boot of the same job again, from power-on. Without a job there is nothing that could be retried. */
function retry(node: NodeState, at: number): readonly [NodeState, readonly Effect[]] {
  const job = node.job;
  if (job === undefined || job.spentAt !== undefined) return [node, []];
  const closed = closeAttempt(node, at, 'retried');
  const { attempt: _ended, ask: _ask, ...rest } = closed;
  const { suspended: _lifted, ...active } = closed.job ?? job;
  const again: NodeState = {
    ...rest,
    job: active,
    health: { is: 'ok' },
    failedBoots: [],
    phase: { is: 'armed', since: at },
    phaseFrom: 'operator',
  };
  return [again, bootOrders(again, active)];
}

function reduceTick(fleet: Fleet, event: EventOf<'clock.ticked'>): Reduced {
  let next = fleet;
  const effects: Effect[] = [];
  for (const node of valuesOf(fleet.nodes)) {
    const passed = passTime(node, event.time);
    if (passed.node !== node) next = putNode(next, passed.node);
    effects.push(...passed.effects);
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

/** What happened to a job may end or start others of its wave. The machines that come next are armed by name, as events. */
function advanceWaves(fleet: Fleet, event: Event, effects: readonly Effect[]): Reduced {
  if (Object.keys(fleet.waves).length === 0) return [fleet, effects];
  let next = settleWaves(fleet, event, effects);
  const all = [...effects];
  for (const wave of Object.values(next.waves)) {
    for (const armed of nextOfWave(next, wave, event.time)) {
      const [started, more] = route(next, armed);
      next = started;
      all.push(...more);
    }
  }
  return [next, all];
}

function settleWaves(fleet: Fleet, event: Event, effects: readonly Effect[]): Fleet {
  let next = fleet;
  const settle = (name: string, id: string | undefined) => {
    const wave = id === undefined ? undefined : next.waves[id];
    const node = nodeOf(next, name);
    if (wave === undefined || node === undefined || id === undefined) return;
    const last = node.endedJobs.findLast((job) => wave.entries.some((entry) => entry.job === job.id));
    const end = last ?? {
      outcome: 'failed' as const,
      endedAt: event.time,
      ...('code' in node.health ? { code: node.health.code } : {}),
    };
    const code = end.code === undefined ? {} : { code: end.code };
    next = {
      ...next,
      waves: { ...next.waves, [id]: afterWaveJob(wave, name, { outcome: end.outcome, at: end.endedAt, ...code }) },
    };
  };
  for (const effect of effects) if (effect.type === 'job.ended') settle(effect.node, effect.wave);
  const touched = 'node' in event && typeof event.node === 'string' ? nodeOf(next, event.node) : undefined;
  if (touched?.job?.wave !== undefined && touched.health.is === 'failed') settle(touched.name, touched.job.wave);
  return next;
}
