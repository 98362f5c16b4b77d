import { nodeOf } from '../core/fleet.ts';
import { asHostTime } from '../core/host-clock.ts';
import type { Actor } from '../core/job.ts';
import type { OperatorAction } from '../core/operator-action.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { TimeMs } from '../core/time.ts';
import { type ArmParts, actArm, actWave } from './act-arm.ts';
import { adoptDrift, type Ordered, orderApply } from './act-drift.ts';
import { type MachineAction, orderMachines } from './act-machines.ts';
import { orderSite, type SiteAction } from './act-site.ts';
import type { AuditPort, DriftPort } from './engine-ports.ts';
import { type Meant, type UnderWay, withdrawnText } from './orders-under-way.ts';
import { isPartlyArmed } from './refuse-arming.ts';

export interface ActParts extends ArmParts {
  readonly audit: AuditPort;
  readonly readOnly: boolean;
  readonly drift?: DriftPort;
  /** What needs the world beside the engine: adopting writes YAML, a service is started again. */
  readonly site: {
    readonly adopt: (macs: readonly string[]) => Promise<Result<string>>;
    readonly restartService: (service: string) => Promise<Result<string>>;
  };
}

export interface Session {
  readonly actor: Actor;
  /** Only one screen holds the write side; others look on. */
  readonly mayWrite: boolean;
  readonly whyNot?: string;
  /** Why it may not order any more, once it had the write side: another has it, or its connection ended. */
  readonly lost?: () => string | undefined;
  /** A command that gives its order and goes. */
  readonly brief?: boolean;
  /** Of a command: when it came. What was withdrawn since then is not ordered by it any more. */
  readonly since?: TimeMs;
  /** Without the write side, which a command has at the moment. */
  readonly mayForbid?: boolean;
}

/** The one door for what operators ask. Read-only is decided here, once, whatever screen or script asks. */
export async function act(parts: ActParts, action: OperatorAction, session: Session): Promise<Result<string>> {
  const refused = refusalOf(parts, action, session);
  // What finds nothing to refuse is no order, and who has not the write side may hear so.
  if (action.type === 'withdraw' && parts.underWay.of(meantBy(action)).length === 0) {
    if (refused === undefined) await perform(parts, action, session);
    return ok(NONE_PLANNED);
  }
  const result = refused === undefined ? await perform(parts, action, session) : fail(refused);
  const { user, from, screen } = session.actor;
  const audited = await parts.audit.append({
    atMs: asHostTime(parts.engine.now(), parts.engine.fleet()),
    who: user,
    from: screen === undefined ? from : `${from} ${screen}`,
    action: deedOf(action),
    nodes: nodesOfAction(action),
    outcome: result.ok ? result.value : isDone(result) ? result.error : `refused: ${result.error}`,
  });
  if (!audited.ok && result.ok) return ok(`${result.value} (NOT in the audit file: ${audited.error})`);
  return result;
}

function refusalOf(parts: ActParts, action: OperatorAction, session: Session): string | undefined {
  if (action.type === 'readBmc' || action.type === 'talosCheck') return undefined;
  if (parts.readOnly) return 'this engine was started read-only';
  if (session.mayWrite || (session.mayForbid === true && forbids(action))) return undefined;
  return session.whyNot ?? 'this screen is read-only';
}

/** It lets no machine go, and none is less safe for it. */
function forbids(action: OperatorAction): boolean {
  switch (action.type) {
    case 'withdraw':
    case 'cancel':
    case 'hold':
    case 'protect':
    case 'wavePause':
    case 'waveCancel':
      return true;
    case 'panic':
      return action.on;
    default:
      return false;
  }
}

/** `arm install together`, `power cycle`, `hold "smells of smoke"`: one deed as the audit file tells it. */
function deedOf(action: OperatorAction): string {
  const kind =
    'kind' in action ? action.kind : 'action' in action ? action.action : 'field' in action ? action.field : undefined;
  const why = 'reason' in action ? action.reason : 'why' in action ? action.why : undefined;
  const told = why === undefined ? ('together' in action && action.together ? 'together' : undefined) : `"${why}"`;
  return [action.type, kind, told].filter((word) => word !== undefined).join(' ');
}

function nodesOfAction(action: OperatorAction): readonly string[] {
  if ('nodes' in action) return action.nodes;
  if ('node' in action) return [action.node];
  return 'macs' in action ? action.macs : [];
}

async function perform(parts: ActParts, action: OperatorAction, session: Session): Promise<Result<string>> {
  const by = session.actor;
  switch (action.type) {
    case 'arm':
    case 'wave':
      return armPlanned(parts, action, session);
    case 'withdraw': {
      const missing = missingName(parts, action);
      if (missing !== undefined) return fail(missing);
      return ok(withdraw(parts, meantBy(action), 'withdrawn', by).map(withdrawnText).join('\n'));
    }
    case 'adopt':
      return parts.site.adopt(action.macs);
    case 'restartService':
      return parts.site.restartService(action.service);
    case 'adoptDrift':
      return adoptDrift(parts.engine.fleet(), parts.drift, action);
    case 'applyConfig':
      return store(parts, await orderApply(parts.engine.fleet(), parts.drift, action, by));
    default:
      return forbidding(parts, action, by);
  }
}

async function armPlanned(
  parts: ActParts,
  action: Extract<OperatorAction, { readonly type: 'arm' | 'wave' }>,
  { actor: by, lost = () => undefined, since }: Session,
): Promise<Result<string>> {
  const planning = parts.underWay.begin({ kind: action.kind, nodes: action.nodes, by }, lost, since);
  try {
    return await (action.type === 'arm' ? actArm(parts, action, by, planning) : actWave(parts, action, by, planning));
  } finally {
    planning.over();
  }
}

/** The answer to a withdrawal where nothing was to be withdrawn. */
export const NONE_PLANNED = 'no order is being planned';

const meantBy = ({ nodes, all }: Extract<OperatorAction, { readonly type: 'withdraw' }>): Meant =>
  all === true ? {} : { nodes };

const withdraw = (
  { engine, underWay }: ActParts,
  meant: Meant,
  verb: string,
  { user, from }: Actor,
): readonly UnderWay[] => underWay.withdraw(meant, `it was ${verb} by ${user}@${from}`, engine.now());

/** What ends the job of a machine refuses the order that would give it one. */
async function forbidding(parts: ActParts, action: MachineAction | SiteAction, by: Actor): Promise<Result<string>> {
  const ordered = order(parts, action, by);
  const refused = ordered.ok ? forbiddenBy(parts, action, by) : [];
  const stored = await store(parts, ordered);
  const told = refused.map((one) => `; ${withdrawnText(one)}`).join('');
  return stored.ok ? ok(`${stored.value}${told}`) : fail(`${stored.error}${told}`);
}

function forbiddenBy(parts: ActParts, action: MachineAction | SiteAction, by: Actor): readonly UnderWay[] {
  switch (action.type) {
    case 'cancel':
    case 'bootDisk':
      return withdraw(parts, action, 'cancelled', by);
    case 'hold':
      return withdraw(parts, action, 'forbidden (hold)', by);
    case 'protect':
      return withdraw(parts, { nodes: action.nodes, writing: true }, 'forbidden (protect)', by);
    case 'panic':
      return action.on ? withdraw(parts, {}, 'forbidden (PANIC)', by) : [];
    default:
      return [];
  }
}

function missingName({ engine }: ActParts, action: OperatorAction): string | undefined {
  const missing = nodesOfAction(action).find((name) => nodeOf(engine.fleet(), name) === undefined);
  return missing === undefined ? undefined : `there is no machine named ${missing}`;
}

function order(parts: ActParts, action: MachineAction | SiteAction, by: Actor): Result<Ordered> {
  const { engine } = parts;
  const fleet = engine.fleet();
  const missing = missingName(parts, action);
  if (missing !== undefined) return fail(missing);
  switch (action.type) {
    case 'wavePause':
    case 'waveResume':
    case 'waveCancel':
    case 'trustFingerprint':
    case 'panic':
    case 'breakGlass':
    case 'mendGlass':
    case 'discovery':
    case 'ignoreStranger':
      return orderSite(fleet, engine.now(), action, by);
    default:
      return orderMachines(fleet, engine.now(), action, by);
  }
}

/** Between what was done all the same and why it is not kept. */
const NOT_SAVED = ', but NOT SAVED: ';

export const isDoneUnsaved = (result: Result<unknown>): boolean => !result.ok && result.error.includes(NOT_SAVED);

/** All of it, and not saved; or a part. */
const isDone = (result: Result<unknown>): boolean => isDoneUnsaved(result) || isPartlyArmed(result);

async function store({ engine, areNoted }: ActParts, events: Result<Ordered>): Promise<Result<string>> {
  if (!events.ok) return events;
  const { bodies, said } = events.value;
  const stored = await engine.emitDurably(bodies);
  // What calms a machine down takes effect even where the disk is full; the operator is told that it is not kept.
  if (stored.ok) return ok(said);
  if ((await areNoted?.(bodies)) === true)
    return ok(`${said}; noted beside the journal, which does not save: ${stored.error}`);
  return fail(`${said}${NOT_SAVED}${stored.error}`);
}
