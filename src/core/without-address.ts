import type { CauseCode } from './cause.ts';
import { withHealth } from './health.ts';
import type { NodeState } from './node.ts';
import type { SystemAddress } from './phase.ts';
import type { TimeMs } from './time.ts';

/** What is said of a system that got no address. */
const WITHOUT_ONE: ReadonlySet<CauseCode> = new Set(['POOL_EMPTY', 'SECOND_SERVER']);
/** They name other reasons for its silence than that one. */
const LATE: ReadonlySet<CauseCode> = new Set(['UP_LATE', 'RUNNING_LATE']);

const isOneOf = ({ health }: NodeState, codes: ReadonlySet<CauseCode>): boolean =>
  (health.is === 'late' || health.is === 'stalled') && codes.has(health.code);

/** It was answered, or took the offer of another server. */
export function noLongerWithout(node: NodeState, at: TimeMs, addressed?: true): NodeState {
  const { phase } = node;
  if (phase.is !== 'up' && phase.is !== 'diskBoot') return node;
  const { lacks, ...rest } = phase;
  const known = addressed === true ? { ...rest, addressed } : rest;
  if (lacks === undefined)
    return phase.addressed === addressed || addressed === undefined ? node : { ...node, phase: known };
  const found = { ...node, phase: { ...known, since: at } };
  return isOneOf(node, WITHOUT_ONE) ? withHealth(found, { is: 'ok' }) : found;
}

/** The clock says it when it goes on, in place of what it said before that was known. */
export function leftWithout(node: NodeState, lacks: NonNullable<SystemAddress['lacks']>): NodeState {
  const { phase } = node;
  if (phase.is !== 'up' && phase.is !== 'diskBoot') return node;
  const before = phase.lacks;
  const counted = before === undefined ? lacks : { ...lacks, since: before.since, asks: before.asks + 1 };
  const asked: NodeState = { ...node, phase: { ...phase, lacks: counted } };
  const isOld = isOneOf(node, LATE) || (isOneOf(node, WITHOUT_ONE) && before?.of !== lacks.of);
  if (isOld) return withHealth(asked, { is: 'ok' });
  if (node.health.is !== 'stalled' || !isOneOf(node, WITHOUT_ONE)) return asked;
  return withHealth(asked, { ...node.health, detail: counted.why });
}
