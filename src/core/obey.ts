import { bootOrders } from './arm-node.ts';
import { closeAttempt } from './attempt.ts';
import { withDoubtTold } from './disk-doubt.ts';
import type { Effect } from './effect.ts';
import type { Event } from './event.ts';
import { withHealth } from './health.ts';
import { afterRelease, bootByHand, isHeldBack } from './held-back.ts';
import type { Job } from './job.ts';
import { endJob } from './job-end.ts';
import type { NodeState } from './node.ts';
import { powerOrdered } from './power-wait.ts';
import { protect, unprotect } from './protection.ts';

export type Order = Exclude<
  Extract<Event, { readonly type: `operator.${string}` }>,
  { readonly type: 'operator.armed' }
>;

/** What an operator asks of one machine, apart from arming it. */
export function obey(node: NodeState, event: Order): readonly [NodeState, readonly Effect[]] {
  switch (event.type) {
    case 'operator.cancelled': {
      const ended = endJob(node, 'cancelled', event.time);
      return [withHealth(withDoubtTold(node, ended.node, event.doubt), { is: 'ok' }), ended.effects];
    }
    case 'operator.held': {
      const ended = endJob(node, 'cancelled', event.time);
      const { time: since, why, by, doubt } = event;
      return [
        { ...withDoubtTold(node, ended.node, doubt), intent: { is: 'hold', since, why, by: by.user } },
        ended.effects,
      ];
    }
    case 'operator.released': {
      const { job, ...rest } = node;
      const { suspended: _lifted, ...active } = job ?? {};
      const freed: NodeState = { ...rest, ...(job === undefined ? {} : { job: active as typeof job }) };
      const observed: NodeState = { ...freed, intent: { is: 'observe' }, health: { is: 'ok' } };
      const waits = _lifted !== undefined || isHeldBack(node);
      return [{ ...afterRelease(observed, waits), failedBoots: [], localMissed: 0 }, []];
    }
    case 'operator.protected':
      return protect(node, event);
    case 'operator.unprotected':
      return [unprotect(node), []];
    case 'operator.retried':
      return retry(node, event.time);
    case 'operator.poweredBy':
      return [
        powerOrdered(node, event),
        [{ type: 'bmc.power', node: node.name, action: event.action, ...orderOf(event) }],
      ];
    case 'operator.locatedBy':
      return [node, [locate(node, event.on, orderOf(event))]];
    case 'operator.inspectedBmc':
      return [node, [{ type: 'bmc.identify', node: node.name, ...orderOf(event) }]];
    case 'operator.talosAsked':
      return [node, askTalos(node, event.ask)];
    case 'operator.configApplied': {
      const { name } = node;
      const address = addressOf(node);
      const { configHash } = event;
      return [node, address === undefined ? [] : [{ type: 'talos.apply', node: name, address, configHash }]];
    }
    case 'operator.driftIgnored': {
      const { field, desired, observed, by, time } = event;
      const others = (node.driftIgnored ?? []).filter((one) => one.field !== field);
      const driftIgnored = event.ignored ? [...others, { field, desired, observed, by, at: time }] : others;
      return [{ ...node, driftIgnored }, []];
    }
  }
}

const orderOf = ({ order }: { readonly order?: string }) => (order === undefined ? {} : { order });

function locate({ name, lampRest }: NodeState, on: boolean, order: { readonly order?: string }): Effect {
  return { type: 'bmc.locate', node: name, on, ...(on || lampRest === undefined ? {} : { rest: lampRest }), ...order };
}

const addressOf = (node: NodeState): string | undefined => node.seen.address ?? node.spec.network.ip;

function askTalos(
  node: NodeState,
  ask: Extract<Order, { readonly type: 'operator.talosAsked' }>['ask'],
): readonly Effect[] {
  const address = addressOf(node);
  if (address === undefined) return [];
  if (ask !== 'reset') return [{ type: `talos.${ask}`, node: node.name, address }];
  // A reset erases: it belongs to a job that was armed by name, and is no order by itself.
  return node.job === undefined ? [] : [{ type: 'talos.reset', node: node.name, address, job: node.job.id }];
}

/** The boot is ordered without it. Whether it went out already, its end tells. */
function withoutReset(job: Job): Job {
  const { resetFirst, ...rest } = job;
  return resetFirst === true && job.stored ? { ...job, resetUnsure: true } : rest;
}

/** Starts the boot of the same job again, from power-on. */
function retry(node: NodeState, at: number): readonly [NodeState, readonly Effect[]] {
  const closed = closeAttempt(node, at, 'retried');
  const { attempt: _ended, ask: _ask, job, ...rest } = closed;
  // Closing the boot may show that the install had begun without a report: then it is not disturbed.
  if (job === undefined || job.spentAt !== undefined) return [{ ...node, ...(job && { job }) }, []];
  const { suspended: _lifted, ...lifted } = job;
  const active = withoutReset(lifted);
  if (active.attempts >= active.maxAttempts)
    return [{ ...closed, job: { ...active, attempts: active.maxAttempts + 1 } }, []];
  const again: NodeState = {
    ...rest,
    job: active,
    health: { is: 'ok' },
    failedBoots: [],
    phase: { is: 'armed', since: at },
    phaseFrom: 'operator',
    ...(node.spec.bmc === undefined ? { ask: bootByHand(node) } : {}),
  };
  return [again, active.stored ? bootOrders(again, active) : []];
}
