import { createHash } from 'node:crypto';
import { glassOpen, mayOrder, otherControlPlane } from '../core/arm-node.ts';
import type { EventBody, WaveEntry } from '../core/event.ts';
import { nodeOf } from '../core/fleet.ts';
import { confirmedKey } from '../core/identity.ts';
import { type Actor, ERASES, JOB_EXPIRY_MS, type JobKind, type Plan } from '../core/job.ts';
import type { NodeState } from '../core/node.ts';
import type { OperatorAction } from '../core/operator-action.ts';
import { awayText } from '../core/quorum.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { placeAgainst } from '../core/wave-places.ts';
import type { Engine } from './create-engine.ts';
import type { Planned, PlannerPort } from './engine-ports.ts';
import type { OrdersUnderWay, Planning } from './orders-under-way.ts';
import { answerRefused, notStored, type Refusal, refuse, refuseWave } from './refuse-arming.ts';
import type { RenderedBook } from './rendered-book.ts';
import { turn } from './turn.ts';

export interface ArmParts {
  readonly engine: Engine;
  readonly planner: PlannerPort;
  readonly rendered: RenderedBook;
  readonly newId: () => string;
  readonly underWay: OrdersUnderWay;
  /** Whether the next start knows of these, though the journal does not save. */
  readonly areNoted?: (bodies: readonly EventBody[]) => Promise<boolean>;
}

type Arm = Extract<OperatorAction, { readonly type: 'arm' }>;
type StartWave = Extract<OperatorAction, { readonly type: 'wave' }>;

/** What the operator typed must fit what is erased: one host name, or `ERASE 12` for twelve. */
function confirmationProblem(
  kind: JobKind,
  nodes: readonly string[],
  confirmed: string | undefined,
): string | undefined {
  if (!ERASES.has(kind)) return undefined;
  const wanted = nodes.length === 1 ? nodes[0] : `ERASE ${nodes.length}`;
  return confirmed === wanted ? undefined : `${kind} erases disks: type ${wanted} to confirm`;
}

/** A plan for every machine that is named, once what was typed fits them. */
async function planAll(
  parts: ArmParts,
  action: Arm | StartWave,
  planning: Planning,
): Promise<Result<readonly Planned[]>> {
  const nodes = [...new Set(action.nodes)];
  if (nodes.length === 0) return fail('no machine is named');
  const typed = confirmationProblem(action.kind, nodes, action.confirmed);
  if (typed !== undefined) return fail(typed);
  const planned: Planned[] = [];
  for (let from = 0; from < nodes.length; from += PLANNED_AT_ONCE) {
    const names = nodes.slice(from, from + PLANNED_AT_ONCE);
    const made = await planning.unlessWithdrawn(Promise.all(names.map((name) => planOne(parts, action, name))));
    if (!made.ok) return made;
    for (const plan of made.value) {
      if (!plan.ok) return plan;
      planned.push(plan.value);
    }
  }
  return ok(planned);
}

/** Most of a plan is waiting for files and for talosctl. */
export const PLANNED_AT_ONCE = 4;

async function planOne(parts: ArmParts, action: Arm | StartWave, name: string): Promise<Result<Planned>> {
  const node = nodeOf(parts.engine.fleet(), name);
  if (node === undefined) return fail(`there is no machine named ${name}`);
  const plan = await parts.planner.plan(node, action.kind);
  if (!plan.ok) return fail(`${name}: ${plan.error}`);
  const changed = changedSince(action, node, plan.value);
  return changed === undefined ? plan : fail(changed);
}

/** What was looked at: the plan, and of which machine it is. Its hash alone is the same for whoever has that name next. */
export const shownHash = (plan: Plan, { spec }: NodeState): string =>
  `${plan.hash} ${createHash('sha256').update(confirmedKey(spec)).digest('hex').slice(0, 16)}`;

function changedSince({ planHashes }: Arm | StartWave, node: NodeState, { rendered }: Planned): string | undefined {
  const shown = planHashes[node.name];
  if (shown === undefined || shown === shownHash(rendered.plan, node)) return undefined;
  const what = shown.startsWith(`${rendered.plan.hash} `) ? 'its identity in the inventory' : 'the plan';
  return `${node.name}: ${what} changed since it was shown; look at it again`;
}

/** All or none: a refusal of one machine arms none of them. */
function refusal(
  parts: ArmParts,
  action: Arm | StartWave,
  planned: readonly Planned[],
  planning: Planning,
  quorum: boolean,
): string | undefined {
  const { kind } = action;
  const against = planning.whyNot();
  if (against !== undefined) return against;
  const fleet = parts.engine.fleet();
  const at = parts.engine.now();
  const clusters = new Map<string, string>();
  for (const one of planned) {
    const { rendered } = one;
    const node = nodeOf(fleet, rendered.node);
    if (node === undefined) return `${rendered.node} left the inventory`;
    // Plans take their time, and files change meanwhile.
    const changed = changedSince(action, node, one);
    if (changed !== undefined) return changed;
    const asked = {
      time: at,
      node: node.name,
      job: '',
      kind,
      plan: rendered.plan,
      confirmed: node.name,
      expiresAt: at + JOB_EXPIRY_MS,
    };
    const may = mayOrder(fleet, node, asked);
    if (!may.ok) return may.error.startsWith(node.name) ? may.error : `${node.name}: ${may.error}`;
    const waits = placeAgainst(fleet, node.name, kind);
    if (waits !== undefined) return waits;
    if (!quorum || !(ERASES.has(kind) || kind === 'install') || node.spec.role !== 'controlplane') continue;
    const away = otherControlPlane(fleet, node, kind);
    if (away !== undefined && away.is !== 'armed' && !glassOpen(fleet, at))
      return `${node.name} waits for ${awayText(away, node.spec.cluster ?? '')}; --together takes ${node.name} all the same`;
    const busy = away?.name ?? clusters.get(node.spec.cluster ?? '');
    if (busy !== undefined && !glassOpen(fleet, at))
      return `${node.name} and ${busy} are control-plane nodes of one cluster: one at a time (a wave does that; --together is for a cluster that is not there yet)`;
    if (node.spec.cluster !== undefined) clusters.set(node.spec.cluster, node.name);
  }
  return undefined;
}

export async function actArm(parts: ArmParts, action: Arm, by: Actor, planning: Planning): Promise<Result<string>> {
  const planned = await planAll(parts, action, planning);
  if (!planned.ok) return planned;
  const refused = refusal(parts, action, planned.value, planning, action.together !== true);
  if (refused !== undefined) return fail(refused);
  const expiresAt = parts.engine.now() + JOB_EXPIRY_MS;
  const armed = planned.value.map(({ rendered }): Arming => {
    const confirmed = ERASES.has(action.kind) ? { confirmed: rendered.node } : {};
    const event = {
      type: 'operator.armed',
      node: rendered.node,
      job: parts.newId(),
      kind: action.kind,
      plan: rendered.plan,
      ...confirmed,
      expiresAt,
      letsEnd: true,
      savesFirst: true,
      by,
    } as const;
    return { event, rendered };
  });
  const withdrawn = await armInTurns(parts, armed, planning);
  if (withdrawn !== undefined) return fail(withdrawn);
  const stored = await parts.engine.emitDurably([]);
  if (!stored.ok) {
    for (const { event: one } of armed) refuse(parts, one, stored.error);
    return fail(notStored(stored.error, true));
  }
  const refusals = await tellStored(parts, armed);
  if (refusals.length > 0)
    return fail(
      await answerRefused(
        parts,
        action.kind,
        armed.map(({ event: one }) => one.node),
        refusals,
      ),
    );
  return ok(
    armed.length === 1
      ? `${armed[0]?.event.node} armed: ${action.kind}`
      : `${armed.length} machines armed: ${action.kind}`,
  );
}

/** In one turn of the loop: a thousand armed at once kept every machine without an answer for a tenth of a second. */
const ARMED_AT_ONCE = 32;

interface Arming {
  readonly event: EventBody & { readonly type: 'operator.armed' };
  readonly rendered: Planned['rendered'];
}

/**
 * Answered when this is on disk as well: a start ends what is not known to be stored. Each by itself, as its orders leave by
 * itself: what is on disk is armed. Returns those that are not.
 */
async function tellStored(parts: ArmParts, armed: readonly Arming[]): Promise<readonly Refusal[]> {
  const answers: Promise<Refusal | undefined>[] = [];
  for (const [index, { event: one }] of armed.entries()) {
    if (index > 0 && index % ARMED_AT_ONCE === 0) await turn();
    answers.push(storedOrRefused(parts, one));
  }
  return (await Promise.all(answers)).flatMap((refused) => refused ?? []);
}

/** Refused in the moment in which it is known: its orders would leave a turn after it is on disk. */
async function storedOrRefused(parts: ArmParts, { node, job }: Arming['event']): Promise<Refusal | undefined> {
  const known = await parts.engine.emitDurably([{ type: 'job.stored', node, job }]);
  return known.ok ? undefined : refuse(parts, { node, job }, known.error, { stands: true });
}

/** From here on a cancel finds all of them in the state. Why none is armed: it was withdrawn between two turns. */
async function armInTurns(parts: ArmParts, armed: readonly Arming[], planning: Planning): Promise<string | undefined> {
  const { engine, rendered } = parts;
  for (const [index, one] of armed.entries()) {
    if (index > 0 && index % ARMED_AT_ONCE === 0) {
      await turn();
      const against = planning.whyNot();
      if (against !== undefined) {
        for (const { event } of armed.slice(0, index)) refuse(parts, event, against);
        return against;
      }
    }
    // Right before its arming: of a machine that is not armed nothing is kept, whatever is heard of it.
    rendered.put(one.rendered);
    engine.emit(one.event);
  }
  planning.over();
  return undefined;
}

export async function actWave(
  parts: ArmParts,
  action: StartWave,
  by: Actor,
  planning: Planning,
): Promise<Result<string>> {
  const planned = await planAll(parts, action, planning);
  if (!planned.ok) return planned;
  const refused = refusal(parts, action, planned.value, planning, false);
  if (refused !== undefined) return fail(refused);
  planning.over();
  for (const one of planned.value) parts.rendered.put(one.rendered);
  const entries = planned.value.map(({ rendered }): WaveEntry => {
    const confirmed = ERASES.has(action.kind) ? { confirmed: rendered.node } : {};
    return { node: rendered.node, job: parts.newId(), plan: rendered.plan, ...confirmed };
  });
  const { kind, canary, width, stopAfterFailures } = action;
  const together = action.together === true ? { together: true as const } : {};
  const wave = parts.newId();
  const stored = await parts.engine.emitDurably([
    {
      type: 'site.waveStarted',
      wave,
      kind,
      nodes: entries,
      canary,
      width,
      stopAfterFailures,
      letsEnd: true,
      savesFirst: true,
      waitsForErased: true,
      ...together,
      by,
    },
  ]);
  if (!stored.ok) {
    parts.engine.emit({ type: 'site.waveRefused', wave, reason: stored.error });
    return fail(notStored(stored.error, true));
  }
  const known = await parts.engine.emitDurably([{ type: 'site.waveSaved', wave }]);
  if (!known.ok) return fail(notStored(known.error, await refuseWave(parts, wave, entries, known.error)));
  return ok(`wave of ${entries.length} started: ${canary} first, then ${width} at a time`);
}
