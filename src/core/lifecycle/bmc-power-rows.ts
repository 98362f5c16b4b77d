import { closeAttempt } from '../attempt.ts';
import type { EventOf } from '../event.ts';
import type { NodeState } from '../node.ts';
import { PHASES, type PhaseName } from '../phase.ts';
import { powerAsked, powerDone, powerUnsent } from '../power-order.ts';
import { powerEnded } from '../power-wait.ts';
import type { TimeMs } from '../time.ts';
import { either, goTo, type Move, on, type Row, type Step, stays, step } from './move.ts';
import { NETWORK_BOOT } from './override-ignored.ts';

const powerAskedRow: Row<'bmc.powerAsked'> = on(
  PHASES,
  stays((node: NodeState, event: EventOf<'bmc.powerAsked'>) => powerAsked(node, event)),
);

const beganSince = ({ attempt }: NodeState, askedAt: TimeMs): boolean =>
  attempt !== undefined && attempt.openedAt >= askedAt;

/** Nothing cuts what is only switched on: a network boot that went on meanwhile is the same, whatever its BMC had said. */
const wasOn = ({ attempt, phase }: NodeState, { action, askedAt }: EventOf<'bmc.resetDone'>): boolean =>
  action === 'on' && NETWORK_BOOT.has(phase.is) && attempt !== undefined && attempt.lastActivityAt >= askedAt;

function afterReset(asked: NodeState, event: EventOf<'bmc.resetDone'>): Step {
  const before = powerEnded(asked, event);
  const { bootProgress: _ofTheBootBefore, bmcProblem: _over, ...seen } = before.seen;
  const node: NodeState = { ...powerDone(before, event.action, event.askedAt, event.time), seen };
  const power = { is: event.power, since: event.time, readAt: event.time } as const;
  if (event.power === 'on' && (beganSince(node, event.askedAt) || wasOn(node, event))) return step({ ...node, power });
  const closed = closeAttempt(
    { ...node, power },
    event.time,
    event.action === 'off' || event.action === 'forceOff' ? 'powered off' : 'power-cycled',
  );
  const base = { ...closed, phase: node.phase };
  if (event.power === 'off' || event.power === 'turningOff')
    return step(goTo(base, 'down', { why: 'off' }, event.time, 'bmc'));
  if (node.job === undefined) return step(goTo(base, 'idle', {}, event.time, 'bmc'));
  const poweredAt = event.power === 'on' ? { poweredAt: event.time } : {};
  const overrideSet = base.job?.override === 'set';
  return step(goTo(base, 'powering', { overrideSet, ...poweredAt }, event.time, 'bmc'));
}

const resetDone: Row<'bmc.resetDone'> = {
  ...on(PHASES, either('-> powering | idle | down (attempt ends) | stays if its boot was seen before', afterReset)),
  armed: either('-> powering | idle | down', afterReset),
};

/** Power that is read is believed; a machine that is off is down, whatever it was doing. */
function powerKnown(node: NodeState, event: Pick<EventOf<'bmc.powerRead'>, 'power' | 'time'>): NodeState {
  const since = node.power.is === event.power ? node.power.since : event.time;
  const power = { is: event.power, since, readAt: event.time } as const;
  if (event.power !== 'off' || node.seen.bootProgress === undefined) return { ...node, power };
  const { bootProgress: _over, ...seen } = node.seen;
  return { ...node, power, seen };
}

function afterPowerRead(node: NodeState, event: EventOf<'bmc.powerRead'>): Step {
  const known = powerKnown(node, event);
  if (event.power !== 'off' || node.power.is !== 'off') return step(known);
  // Read twice in a row: a reset passes through "off" for a moment, and some BMCs say it late.
  return step(
    goTo(
      { ...closeAttempt(known, event.time, 'powered off'), phase: node.phase },
      'down',
      { why: 'off' },
      event.time,
      'bmc',
    ),
  );
}

const powerRead: Row<'bmc.powerRead'> = {
  ...on(PHASES, either('stays | -> down when off is read twice', afterPowerRead)),
  idle: either('stays | -> down when off', (node, event) => {
    const known = powerKnown(node, event);
    return step(event.power === 'off' ? goTo(known, 'down', { why: 'off' }, event.time, 'bmc') : known);
  }),
  armed: stays(powerKnown),
  powering: stays((node, event) => {
    const known = powerKnown(node, event);
    // "Still on" is no proof of the reset that was ordered; going on is.
    if (event.power !== 'on' || node.power.is === 'on' || node.phase.poweredAt !== undefined) return known;
    return { ...known, phase: { ...node.phase, poweredAt: event.time } };
  }),
  down: either('stays | -> idle when on | -> powering with a job', (node, event) => {
    const known = powerKnown(node, event);
    if (event.power !== 'on') return step(known);
    if (node.job === undefined) return step(goTo(known, 'idle', {}, event.time, 'bmc'));
    const facts = { overrideSet: node.job.override === 'set', poweredAt: event.time };
    return step(goTo(known, 'powering', facts, event.time, 'bmc'));
  }),
};

type Found = EventOf<'bmc.powerFound'>;

/** A reading, and no reset: what boots goes on. */
function asRead(phase: PhaseName): Move<'bmc.powerFound', PhaseName> {
  const { label, apply } = powerRead[phase] as Move<'bmc.powerRead', PhaseName>;
  return {
    label,
    apply: (node, event) => {
      const { power, time } = event;
      return apply(powerUnsent(powerEnded(node, event)), { type: 'bmc.powerRead', node: node.name, power, time });
    },
  };
}

/** A job whose machine somebody else switched on meanwhile waits for that boot. */
function foundArmed(before: NodeState, event: Found): Step {
  const node = powerKnown(powerUnsent(powerEnded(before, event)), event);
  if (event.power !== 'on' || event.job === undefined || node.job?.id !== event.job) return step(node);
  const facts = { overrideSet: node.job.override === 'set', poweredAt: event.time };
  return step(goTo(node, 'powering', facts, event.time, 'bmc'));
}

const powerFound = {
  ...(Object.fromEntries(PHASES.map((phase) => [phase, asRead(phase)])) as Row<'bmc.powerFound'>),
  armed: either('stays | -> powering when on, for its job', foundArmed),
} satisfies Row<'bmc.powerFound'>;

export const bmcPowerRows = {
  'bmc.powerAsked': powerAskedRow,
  'bmc.resetDone': resetDone,
  'bmc.powerFound': powerFound,
  'bmc.powerRead': powerRead,
} as const;
