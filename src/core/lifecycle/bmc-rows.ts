import type { BmcFailure } from '../bmc.ts';
import { bmcContradiction, inConflict } from '../bmc-conflict.ts';
import { BMC_LOG_KEPT } from '../bmc-log.ts';
import type { CauseCode } from '../cause.ts';
import type { EventOf } from '../event.ts';
import { withoutLeftover } from '../leftover.ts';
import type { NodeState } from '../node.ts';
import { PHASES } from '../phase.ts';
import { powerLost, powerRefused } from '../power-order.ts';
import { powerEnded } from '../power-wait.ts';
import { bmcPowerRows } from './bmc-power-rows.ts';
import { failing, on, type Row, type Step, stays, withJob } from './move.ts';
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
  // That we let go of a BMC is no trouble of it.
  const isStopped = event.problem.code === 'stopped';
  const known = isStopped ? node : { ...node, seen: { ...node.seen, bmcProblem: event.problem.message } };
  if (event.job === undefined || node.job?.id !== event.job) return known;
  if (event.problem.code === 'notOurs') return inConflict(known, event.problem.message, event.time);
  const isHeldBack = event.problem.code === 'heldBack';
  // It was to explain a silence that is told already; an order that was to follow is told where it was held back.
  if (event.step === 'readOrder' && !isHeldBack) return known;
  // Nobody waits for it any more, or what holds the job is told where it is held.
  if (isStopped || event.problem.code === 'held') return known;
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

/** Where a power order itself failed, and not what stands before it or follows it. */
const POWER_STEPS: ReadonlySet<string> = new Set(['power', 'driver']);

/** Orders to one BMC wait for each other: one that failed leaves no power order behind it. Whoever only looks orders nothing. */
function powerFailed(before: NodeState, event: EventOf<'bmc.failed'>): NodeState {
  const { step: failed, problem, time } = event;
  if (failed === 'poll') return before;
  const node = powerEnded(before, event);
  const maybeDone = problem.maybeDone === true && POWER_STEPS.has(failed);
  return problem.code === 'stopped' || maybeDone ? powerLost(node, time, problem.message) : powerRefused(node);
}

const failedRow: Row<'bmc.failed'> = on(
  PHASES,
  stays((node: NodeState, event: EventOf<'bmc.failed'>) => afterFailure(powerFailed(node, event), event)),
);

const overrideCleared: Row<'bmc.overrideCleared'> = on(
  PHASES,
  stays((before: NodeState, event: EventOf<'bmc.overrideCleared'>) => {
    // A boot order that was broken off tells no end of its own.
    const node = { ...powerRefused(before), seen: withoutLeftover(before.seen) };
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
  ...bmcPowerRows,
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
