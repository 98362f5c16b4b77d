import { nodeOf } from '../core/fleet.ts';
import { asHostTime } from '../core/host-clock.ts';
import type { Actor } from '../core/job.ts';
import type { OperatorAction } from '../core/operator-action.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { type ArmParts, actArm, actWave } from './act-arm.ts';
import { adoptDrift, type Ordered, orderApply } from './act-drift.ts';
import { type MachineAction, orderMachines } from './act-machines.ts';
import { orderSite, type SiteAction } from './act-site.ts';
import type { AuditPort, DriftPort } from './engine-ports.ts';
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
}

/** The one door for what operators ask. Read-only is decided here, once, whatever screen or script asks. */
export async function act(parts: ActParts, action: OperatorAction, session: Session): Promise<Result<string>> {
  const refused = refusalOf(parts, action, session);
  const result = refused === undefined ? await perform(parts, action, session.actor) : fail(refused);
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
  return session.mayWrite ? undefined : (session.whyNot ?? 'this screen is read-only');
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

async function perform(parts: ActParts, action: OperatorAction, by: Actor): Promise<Result<string>> {
  switch (action.type) {
    case 'arm':
      return actArm(parts, action, by);
    case 'wave':
      return actWave(parts, action, by);
    case 'adopt':
      return parts.site.adopt(action.macs);
    case 'restartService':
      return parts.site.restartService(action.service);
    case 'adoptDrift':
      return adoptDrift(parts.engine.fleet(), parts.drift, action);
    case 'applyConfig':
      return store(parts, await orderApply(parts.engine.fleet(), parts.drift, action, by));
    default:
      return store(parts, order(parts, action, by));
  }
}

function order({ engine }: ActParts, action: MachineAction | SiteAction, by: Actor): Result<Ordered> {
  const fleet = engine.fleet();
  const missing = nodesOfAction(action).find((name) => nodeOf(fleet, name) === undefined);
  if (missing !== undefined) return fail(`there is no machine named ${missing}`);
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
