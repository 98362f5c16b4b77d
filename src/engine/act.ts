import { bmcConflict } from '../core/bmc-conflict.ts';
import { bootstrapProblem } from '../core/bootstrap.ts';
import type { EventBody, EventOf } from '../core/event.ts';
import { type Fleet, nodeOf, type Wave } from '../core/fleet.ts';
import type { Actor } from '../core/job.ts';
import type { OperatorAction } from '../core/operator-action.ts';
import type { PhaseName } from '../core/phase.ts';
import { protectionOf } from '../core/protection.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { MINUTE_MS } from '../core/time.ts';
import { type ArmParts, actArm, actWave } from './act-arm.ts';
import { adoptDrift, type Ordered, orderApply, orderIgnore } from './act-drift.ts';
import type { AuditPort, DriftPort } from './engine-ports.ts';

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

const GLASS_MS = 15 * MINUTE_MS;
const DISCOVERY_MOST_MS = 240 * MINUTE_MS;

/** The one door for what operators ask. Read-only is decided here, once, whatever screen or script asks. */
export async function act(parts: ActParts, action: OperatorAction, session: Session): Promise<Result<string>> {
  const reads = action.type === 'readBmc' || action.type === 'talosCheck';
  const refused = reads
    ? undefined
    : parts.readOnly
      ? 'this engine was started read-only'
      : session.mayWrite
        ? undefined
        : (session.whyNot ?? 'this screen is read-only');
  const result = refused === undefined ? await perform(parts, action, session.actor) : fail(refused);
  const who = session.actor.user;
  const from =
    session.actor.screen === undefined ? session.actor.from : `${session.actor.from} ${session.actor.screen}`;
  const outcome = result.ok ? result.value : `refused: ${result.error}`;
  const kind =
    'kind' in action
      ? ` ${action.kind}`
      : 'action' in action
        ? ` ${action.action}`
        : 'field' in action
          ? ` ${action.field}`
          : '';
  const told = 'together' in action && action.together ? ' together' : '';
  const why = 'reason' in action ? action.reason : 'why' in action ? action.why : undefined;
  const reason = why === undefined ? told : ` "${why}"`;
  const audited = await parts.audit.append({
    atMs: parts.engine.now(),
    who,
    from,
    action: `${action.type}${kind}${reason}`,
    nodes: nodesOfAction(action),
    outcome,
  });
  if (!audited.ok && result.ok) return ok(`${result.value} (NOT in the audit file: ${audited.error})`);
  return result;
}

export function nodesOfAction(action: OperatorAction): readonly string[] {
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
    default: {
      const events =
        action.type === 'applyConfig'
          ? await orderApply(parts.engine.fleet(), parts.drift, action, by)
          : eventsOf(parts, action, by);
      if (!events.ok) return events;
      const stored = await parts.engine.emitDurably(events.value.bodies);
      // What calms a machine down takes effect even where the disk is full; the operator is told that it is not kept.
      return stored.ok ? ok(events.value.said) : fail(`${events.value.said}, but NOT SAVED: ${stored.error}`);
    }
  }
}

type Plain = Exclude<
  OperatorAction,
  { readonly type: 'arm' | 'wave' | 'adopt' | 'restartService' | 'adoptDrift' | 'applyConfig' }
>;

function eventsOf(parts: ActParts, action: Plain, by: Actor): Result<Ordered> {
  const { fleet, now } = parts.engine;
  const missing = nodesOfAction(action).find((name) => nodeOf(fleet(), name) === undefined);
  if (missing !== undefined) return fail(`there is no machine named ${missing}`);
  switch (action.type) {
    case 'cancel':
      return each(action.nodes, 'cancelled', (node) => ({ type: 'operator.cancelled', node, by }));
    case 'bootDisk': {
      const foreign = foreignBmc(fleet(), action.nodes);
      if (foreign !== undefined) return fail(foreign);
      return each(
        action.nodes,
        'sent to the disk',
        (node) => ({ type: 'operator.cancelled', node, by }),
        (node) => ({ type: 'operator.poweredBy', node, action: 'cycle', by }),
      );
    }
    case 'retry':
      return each(action.nodes, 'retried', (node) => ({ type: 'operator.retried', node, by }));
    case 'release':
      return each(action.nodes, 'released', (node) => ({ type: 'operator.released', node, by }));
    case 'readBmc':
      return each(action.nodes, 'asked', (node) => ({
        type: 'operator.inspectedBmc',
        node,
        ...orderOf(action),
        by,
      }));
    case 'talosReboot':
    case 'talosCheck':
      return talosEvents(fleet(), action, by);
    case 'ignoreDrift':
      return orderIgnore(fleet(), action, by);
    case 'hold':
      return each(action.nodes, 'on hold', (node) => ({ type: 'operator.held', node, why: action.why, by }));
    case 'protect':
      return each(action.nodes, 'protected', (node) => ({
        type: 'operator.protected',
        node,
        ...(action.why === undefined ? {} : { why: action.why.trim().slice(0, 200) }),
        by,
      }));
    case 'unprotect':
      return unprotectEvents(fleet(), action.nodes, by);
    case 'power':
      return powerEvents(parts, action, by);
    case 'locate':
      return each(action.nodes, action.on ? 'blinking' : 'dark again', (node) => ({
        type: 'operator.locatedBy',
        node,
        on: action.on,
        ...orderOf(action),
        by,
      }));
    case 'bootstrap': {
      if (action.confirmed !== action.node)
        return fail(`bootstrap is done once per cluster: type ${action.node} to confirm`);
      const refused = bootstrapProblem(fleet(), action.node, now(), action.reason);
      if (refused !== undefined) return fail(refused);
      const reason = action.reason === undefined ? {} : { reason: action.reason.trim().slice(0, 200) };
      return ok({
        bodies: [{ type: 'operator.talosAsked', node: action.node, ask: 'bootstrap', ...reason, by }],
        said: `bootstrap asked of ${action.node}`,
      });
    }
    case 'trustFingerprint':
      return ok({
        bodies: [{ type: 'site.fingerprintTrusted', node: action.node, fingerprint: action.fingerprint, by }],
        said: `certificate of ${action.node} trusted`,
      });
    case 'wavePause':
    case 'waveResume':
    case 'waveCancel':
      return waveEvents(fleet(), action, by);
    case 'panic':
      return ok({
        bodies: [{ type: 'site.panicSwitched', on: action.on, by }],
        said: action.on ? 'PANIC: every answer is now `local`' : 'panic released',
      });
    case 'breakGlass':
      return breakGlass(parts, action, by);
    case 'mendGlass':
      return ok({ bodies: [{ type: 'site.glassMended', by }], said: 'locked again' });
    case 'discovery': {
      const forMs = Math.min(Math.max(action.forMs, MINUTE_MS), DISCOVERY_MOST_MS);
      const until = action.on ? { until: now() + forMs } : {};
      return ok({
        bodies: [{ type: 'site.discoverySwitched', ...until, by }],
        said: action.on ? `discovery on for ${Math.round(forMs / MINUTE_MS)} minutes` : 'discovery off',
      });
    }
    case 'ignoreStranger':
      return ok({
        bodies: [{ type: 'site.strangerIgnored', mac: action.mac, ignored: action.ignored, by }],
        said: action.ignored ? `${action.mac} ignored` : `${action.mac} shown again`,
      });
  }
}

const orderOf = ({ order }: { readonly order?: string }) => (order === undefined ? {} : { order: order.slice(0, 64) });

const UP: ReadonlySet<PhaseName> = new Set(['running', 'diskBoot']);

function each(
  nodes: readonly string[],
  verb: string,
  ...make: readonly ((node: string) => EventBody)[]
): Result<Ordered> {
  if (nodes.length === 0) return fail('no machine is named');
  const bodies = nodes.flatMap((node) => make.map((one) => one(node)));
  return ok({ bodies, said: nodes.length === 1 ? `${nodes[0]} ${verb}` : `${nodes.length} machines ${verb}` });
}

function talosEvents(
  fleet: Fleet,
  action: Extract<OperatorAction, { readonly type: 'talosReboot' | 'talosCheck' }>,
  by: Actor,
): Result<Ordered> {
  const reboots = action.type === 'talosReboot';
  for (const name of action.nodes) {
    const node = nodeOf(fleet, name);
    if (node === undefined) continue;
    if ((node.seen.address ?? node.spec.network.ip) === undefined) return fail(`no address of ${name} is known`);
    if (reboots && node.job !== undefined) return fail(`${name} has a job (${node.job.kind}): cancel it first`);
    if (reboots && !UP.has(node.phase.is) && node.phase.is !== 'ready')
      return fail(`${name} does not run from its disk (${node.phase.is}): only its BMC can restart it`);
  }
  return each(action.nodes, reboots ? 'told to reboot by Talos' : 'asked by its API', (node) => ({
    type: 'operator.talosAsked',
    node,
    ask: reboots ? 'reboot' : 'check',
    by,
  }));
}

function unprotectEvents(fleet: Fleet, nodes: readonly string[], by: Actor): Result<Ordered> {
  for (const name of nodes) {
    const node = nodeOf(fleet, name);
    if (node?.guard !== undefined) continue;
    return fail(
      node?.spec.protected
        ? `${name} is ${protectionOf(node)}: change its file, or break the glass`
        : `${name} is not protected`,
    );
  }
  return each(nodes, 'not protected any more', (node) => ({ type: 'operator.unprotected', node, by }));
}

type WaveOrder = Extract<OperatorAction, { readonly wave: string }>;

const WAVE_ORDERS: {
  readonly [T in WaveOrder['type']]: readonly [
    from: readonly Wave['state'][],
    event: EventOf<'site.wavePaused'>['type'],
    said: string,
  ];
} = {
  wavePause: [['running'], 'site.wavePaused', 'wave paused: what runs goes on, nothing new starts'],
  waveResume: [['paused', 'stopped'], 'site.waveResumed', 'wave goes on'],
  waveCancel: [['running', 'paused', 'stopped'], 'site.waveCancelled', 'wave cancelled: what runs goes on'],
};

/** What changes nothing is no deed: it would stand in the history as if somebody had ended what was over. */
function waveEvents(fleet: Fleet, action: WaveOrder, by: Actor): Result<Ordered> {
  const wave = fleet.waves[action.wave];
  if (wave === undefined) return fail(`there is no wave ${action.wave}`);
  const [from, type, said] = WAVE_ORDERS[action.type];
  if (!from.includes(wave.state))
    return fail(`this wave is ${wave.state}${wave.state === 'running' ? ' already' : ''}`);
  return ok({ bodies: [{ type, wave: action.wave, by }], said });
}

function powerEvents(
  parts: ActParts,
  action: Extract<OperatorAction, { readonly type: 'power' }>,
  by: Actor,
): Result<Ordered> {
  const without = action.nodes.find((name) => nodeOf(parts.engine.fleet(), name)?.spec.bmc === undefined);
  if (without !== undefined) return fail(`${without} has no BMC in the inventory: use its power button`);
  const foreign = foreignBmc(parts.engine.fleet(), action.nodes);
  if (foreign !== undefined) return fail(foreign);
  return each(action.nodes, `power ${action.action} asked`, (node) => ({
    type: 'operator.poweredBy',
    node,
    action: action.action,
    ...orderOf(action),
    by,
  }));
}

/** Its BMC may be that of another machine, which nobody named. */
function foreignBmc(fleet: Fleet, names: readonly string[]): string | undefined {
  for (const name of names) {
    const node = nodeOf(fleet, name);
    if (node === undefined) continue;
    const other = bmcConflict(fleet, node);
    if (other !== undefined) return `${other}; correct \`bmc.url\` or the names of both`;
    if (node.health.is === 'conflict')
      return `${name} is in conflict: ${node.health.detail}; look at it, then release it`;
  }
  return undefined;
}

function breakGlass(
  parts: ActParts,
  action: Extract<OperatorAction, { readonly type: 'breakGlass' }>,
  by: Actor,
): Result<Ordered> {
  const { site } = parts.engine.fleet();
  if (action.reason.trim().length < 10) return fail('the reason needs 10 characters or more');
  const phrase = `BREAK ${site === '' ? 'GLASS' : site}`;
  if (action.phrase !== phrase) return fail(`type ${phrase} to open the lock`);
  return ok({
    bodies: [{ type: 'site.glassBroken', reason: action.reason.trim(), until: parts.engine.now() + GLASS_MS, by }],
    said: 'lock open for 15 minutes; everything is recorded',
  });
}
