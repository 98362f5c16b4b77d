import { closeAttempt } from '../attempt.ts';
import type { BmcFailure } from '../bmc.ts';
import { bmcContradiction, inConflict } from '../bmc-conflict.ts';
import { BMC_LOG_KEPT } from '../bmc-log.ts';
import type { CauseCode } from '../cause.ts';
import type { EventOf } from '../event.ts';
import { withoutLeftover } from '../leftover.ts';
import type { NodeState } from '../node.ts';
import { PHASES } from '../phase.ts';
import { either, failing, goTo, on, type Row, type Step, stays, step, withJob } from './move.ts';
import { orderRead } from './order-used-up.ts';
import { overrideDropped } from './override-ignored.ts';
import { orderWasTaken } from './second-order.ts';

type Left = NonNullable<NodeState['seen']['bmcLeft']>;

/** What a job leaves on the BMC is known until the BMC reads back that it is gone. */
function leaving(node: NodeState, job: string, change: Partial<Left>): NodeState {
  const { bmcLeft, ...seen } = node.seen;
  const left: Left = { override: false, media: false, ...bmcLeft, job, ...change };
  return { ...node, seen: left.override || left.media ? { ...seen, bmcLeft: left } : seen };
}

function isSet(before: NodeState, { job, read }: EventOf<'bmc.overrideSet'>): NodeState {
  const { replacedOverride: _earlier, bmcProblem: _over, ...seen } = withoutLeftover(before.seen);
  const replaced = read.replaced === undefined ? {} : { replacedOverride: read.replaced };
  const node: NodeState = { ...before, seen: { ...seen, ...replaced } };
  return leaving(node.job?.id === job ? withJob(node, { override: 'set' }) : node, job, { override: true });
}

const overrideSet: Row<'bmc.overrideSet'> = {
  ...on(PHASES, stays(isSet)),
  powering: stays((node, event) => ({ ...isSet(node, event), phase: { ...node.phase, overrideSet: true } })),
};

const mediaInserted: Row<'bmc.mediaInserted'> = on(
  PHASES,
  stays((node: NodeState, event: EventOf<'bmc.mediaInserted'>) => leaving(node, event.job, { media: true })),
);

const mediaEjected: Row<'bmc.mediaEjected'> = on(
  PHASES,
  stays((node: NodeState, event: EventOf<'bmc.mediaEjected'>) => leaving(node, event.job, { media: false })),
);

function afterReset(before: NodeState, event: EventOf<'bmc.resetDone'>): Step {
  const { bootProgress: _ofTheBootBefore, bmcProblem: _over, ...seen } = before.seen;
  const node: NodeState = { ...before, seen };
  const power = { is: event.power, since: event.time, readAt: event.time } as const;
  const booting = node.attempt !== undefined && node.attempt.openedAt >= event.askedAt;
  if (booting && event.power === 'on') return step({ ...node, power });
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
function powerKnown(node: NodeState, event: EventOf<'bmc.powerRead'>): NodeState {
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

/** A BMC that names another machine holds the node; whose it is instead, `reduce` looks up in all others. */
const identityRead: Row<'bmc.identityRead'> = on(
  PHASES,
  stays((node: NodeState, event: EventOf<'bmc.identityRead'>) => {
    const { bmcProblem: _gone, ...seen } = node.seen;
    const known: NodeState = { ...node, seen: { ...seen, bmc: event.identity, bmcAt: event.time } };
    const detail = bmcContradiction(node.spec.identity, event.identity);
    return detail === undefined ? known : inConflict(known, detail, event.time);
  }),
);

const orderReadRow: Row<'bmc.orderRead'> = on(PHASES, stays(orderRead));

const progressRead: Row<'bmc.progressRead'> = on(
  PHASES,
  stays((node: NodeState, { progress, time }: EventOf<'bmc.progressRead'>) => ({
    ...node,
    seen: { ...node.seen, bootProgress: { state: progress, at: time } },
  })),
);

const logRead: Row<'bmc.logRead'> = on(
  PHASES,
  stays((node: NodeState, { lines, time }: EventOf<'bmc.logRead'>) => ({
    ...node,
    seen: { ...node.seen, bmcLog: { at: time, lines: lines.slice(0, BMC_LOG_KEPT) } },
  })),
);

const CODES: { readonly [F in BmcFailure]?: CauseCode } = {
  unreachable: 'BMC_UNREACHABLE',
  timeout: 'BMC_UNREACHABLE',
  credentials: 'BMC_CREDENTIALS',
  passwordChangeRequired: 'BMC_CREDENTIALS',
  tls: 'BMC_TLS',
  pinMissing: 'BMC_PIN',
  pinChanged: 'BMC_PIN',
  sessionLimit: 'BMC_SESSIONS',
  busy: 'BMC_BUSY',
  noMedium: 'NO_MEDIUM',
};

const OF_BMC: ReadonlySet<string> = new Set([...Object.values(CODES), 'BMC_REFUSED', 'BMC_NO_POWER']);

/** Its job stands still because of what it did itself; an order that was under way then, and is refused, explains nothing. */
const failedItself = ({ health }: NodeState): boolean => health.is === 'failed' && !OF_BMC.has(health.code);

function afterFailure(node: NodeState, event: EventOf<'bmc.failed'>): NodeState | Step {
  const known: NodeState = { ...node, seen: { ...node.seen, bmcProblem: event.problem.message } };
  if (event.job === undefined || node.job?.id !== event.job) return known;
  if (event.problem.code === 'notOurs') return inConflict(known, event.problem.message, event.time);
  const isHeldBack = event.problem.code === 'heldBack';
  // It was to explain a silence that is told already; an order that was to follow is told where it was held back.
  if (event.step === 'readOrder' && !isHeldBack) return known;
  // Nobody waits for it any more, or what holds the job is told where it is held.
  if (event.problem.code === 'stopped' || event.problem.code === 'held') return known;
  // An order for a boot that is over: the disk is being written, or was.
  if (node.job.spentAt !== undefined) return node;
  if (failedItself(node)) return known;
  // Not given again when what held it is over: by then nobody may look at the machine any more.
  if (isHeldBack) return failing(known, 'stalled', 'HELD_BACK', event.problem.message, event.time);
  const isDropped = event.problem.code === 'notTaken' && event.step === 'override';
  const taken = isDropped ? orderWasTaken(node) : undefined;
  if (taken !== undefined) return taken;
  const again = isDropped ? overrideDropped(known, event.problem.message, event.time) : undefined;
  if (again !== undefined) return again;
  const noPower = event.problem.code === 'notTaken' && event.step === 'power';
  const code = noPower ? 'BMC_NO_POWER' : (CODES[event.problem.code] ?? 'BMC_REFUSED');
  return { ...failing(known, 'failed', code, event.problem.message, event.time), ask: event.problem.advice };
}

const failedRow: Row<'bmc.failed'> = on(PHASES, stays(afterFailure));

const overrideCleared: Row<'bmc.overrideCleared'> = on(
  PHASES,
  stays((before: NodeState, event: EventOf<'bmc.overrideCleared'>) => {
    const node = { ...before, seen: withoutLeftover(before.seen) };
    const told = node.job?.id === event.job ? withJob(node, { override: 'cleared' }) : node;
    const left = leaving(told, event.job, { override: false });
    if (left.seen.bmcLeft !== undefined) return left;
    // Nothing of the job is left there: what went wrong with it is over.
    const { bmcProblem: _over, ...seen } = left.seen;
    return { ...left, seen };
  }),
);

const located: Row<'bmc.located'> = on(
  PHASES,
  stays(({ lampRest, ...node }: NodeState, { on: isOn, rest = lampRest }: EventOf<'bmc.located'>) =>
    isOn && rest !== undefined ? { ...node, locate: isOn, lampRest: rest } : { ...node, locate: isOn },
  ),
);

export const bmcRows = {
  'bmc.overrideSet': overrideSet,
  'bmc.resetDone': resetDone,
  'bmc.powerRead': powerRead,
  'bmc.orderRead': orderReadRow,
  'bmc.progressRead': progressRead,
  'bmc.logRead': logRead,
  'bmc.identityRead': identityRead,
  'bmc.failed': failedRow,
  'bmc.overrideCleared': overrideCleared,
  'bmc.mediaInserted': mediaInserted,
  'bmc.mediaEjected': mediaEjected,
  'bmc.located': located,
} as const;
