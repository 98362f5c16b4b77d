import { armNode, firstOrders, glassOpen, mayArm } from './arm-node.ts';
import { askBmcLog } from './bmc-log.ts';
import { bootstrapAsked } from './bootstrap.ts';
import { passTime } from './deadline.ts';
import type { Effect } from './effect.ts';
import { type Event, type EventOf, isEvidence } from './event.ts';
import { type Fleet, nodeOf, putNode } from './fleet.ts';
import { toldDifference } from './health.ts';
import { askedToBoot } from './held-back.ts';
import { listensSince } from './host-clock.ts';
import { endJob } from './job-end.ts';
import { failing } from './lifecycle/move.ts';
import { loadNodes } from './load-inventory.ts';
import { mayRetry } from './may-retry.ts';
import { newest } from './newest.ts';
import { EVIDENCE_KEPT } from './node.ts';
import { type Order, obey } from './obey.ts';
import { reduceEvidence } from './reduce-evidence.ts';
import { reduceSite } from './reduce-site.ts';
import { advanceWaves, concernsWaves } from './reduce-waves.ts';
import type { Reduced } from './reduced.ts';
import { restart } from './restart.ts';
import { takenOver } from './set-back.ts';
import { settleJob } from './settle-job.ts';
import { valuesOf } from './shard-map.ts';
import { memberStarted } from './wave.ts';
import { wavesAwaiting, withoutPlaces, writingWavesAwaiting } from './wave-places.ts';

/**
 * The only way in which anything that is believed changes: an event from the world, the state before, the state after,
 * and what is to be done about it. Pure: the same events give the same fleet, which is how restart, attach and replay work.
 */
export function reduce(before: Fleet, event: Event): Reduced {
  const fleet = event.type === 'engine.started' ? takenOver(before, event) : before;
  const at = Math.max(fleet.at, event.time);
  const [changed, effects] = route(fleet.at === at ? fleet : { ...fleet, at }, event);
  return concernsWaves(fleet, changed, event)
    ? advanceWaves(fleet, changed, event, effects, route)
    : [changed, effects];
}

function route(fleet: Fleet, event: Event): Reduced {
  if (isEvidence(event)) return reduceEvidence(fleet, event);
  switch (event.type) {
    case 'operator.armed':
      return reduceArmed(fleet, event);
    case 'job.stored':
      return reduceStored(fleet, event);
    case 'job.refused':
      return reduceRefused(fleet, event);
    case 'job.compared':
      return [reduceCompared(fleet, event), []];
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

function reduceArmed(fleet: Fleet, event: EventOf<'operator.armed'>): Reduced {
  const node = nodeOf(fleet, event.node);
  if (node === undefined || !mayArm(fleet, node, event).ok) return [fleet, []];
  // Its machines follow from the wave; a name of none proves nothing.
  const wave = event.wave === undefined ? undefined : fleet.waves[event.wave];
  const isOwn = wave?.entries.some((entry) => entry.node === event.node && entry.job === event.job) ?? false;
  // What freed a place for it may not be on disk yet. Older versions knew the wave alone to be stored.
  const waits = isOwn && wave?.savesFirst === true;
  const armed = armNode(node, event, glassOpen(fleet, event.time), isOwn && !waits);
  const waves = markStarted(fleet, event.wave, event.node);
  const store = waits ? [{ type: 'job.store', node: event.node, job: event.job } as const] : [];
  return [{ ...putNode(fleet, armed.node), waves }, [...armed.effects, ...store]];
}

function reduceRefused(fleet: Fleet, event: EventOf<'job.refused'>): Reduced {
  const node = nodeOf(fleet, event.node);
  if (node?.job?.id !== event.job) return [fleet, []];
  const ended = endJob(node, 'cancelled', event.time);
  return [putNode(fleet, ended.node), ended.effects];
}

function reduceStored(fleet: Fleet, event: EventOf<'job.stored'>): Reduced {
  const node = nodeOf(fleet, event.node);
  if (node?.job?.id !== event.job || node.job.stored) return [fleet, []];
  const job = { ...node.job, stored: true };
  const stored = { ...node, job };
  return [putNode(fleet, stored), firstOrders(stored, job)];
}

function reduceCompared(fleet: Fleet, { node: name, job, differs, time }: EventOf<'job.compared'>): Fleet {
  const node = nodeOf(fleet, name);
  if (node?.job?.id !== job || node.job.spentAt !== undefined) return fleet;
  if (differs !== undefined) return putNode(fleet, failing(node, 'failed', 'PLAN_CHANGED', differs, time));
  return toldDifference(node) === undefined ? fleet : putNode(fleet, askedToBoot({ ...node, health: { is: 'ok' } }));
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
  if (event.type === 'operator.retried' && !mayRetry(before, node).ok) return [before, []];
  const [obeyed, orders] = obey(node, event);
  const waves = wavesAfter(before, event);
  const { node: next, effects: ends } = settleJob(obeyed, event.time);
  const effects = [...orders, ...ends];
  const line = {
    at: event.time,
    from: 'operator' as const,
    text: `${event.by.user}: ${event.type.slice('operator.'.length)}`,
  };
  const ordered = putNode(fleet, { ...next, evidence: newest(next.evidence, line, EVIDENCE_KEPT) });
  return [waves === fleet.waves ? ordered : { ...ordered, waves }, effects];
}

function wavesAfter(fleet: Fleet, event: Order): Fleet['waves'] {
  if (!('leavesWaves' in event) || event.leavesWaves !== true) return fleet.waves;
  const of = event.type === 'operator.protected' ? writingWavesAwaiting : wavesAwaiting;
  return withoutPlaces(fleet.waves, of(fleet, event.node), event.node, event.time);
}

function reduceTick(fleet: Fleet, event: EventOf<'clock.ticked'>): Reduced {
  let next = fleet;
  const effects: Effect[] = [];
  for (const node of valuesOf(fleet.nodes)) {
    const passed = passTime(node, event.time, listensSince(fleet));
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
