import { type DriftField, driftOn, openDrift } from '../core/drift.ts';
import type { EventBody } from '../core/event.ts';
import { type Fleet, nodeOf, type Stranger } from '../core/fleet.ts';
import type { Actor } from '../core/job.ts';
import type { NodeState } from '../core/node.ts';
import type { OperatorAction } from '../core/operator-action.ts';
import { bootedByText, wasLately } from '../core/own-nic.ts';
import { describePosing } from '../core/posing.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { getIn } from '../core/shard-map.ts';
import type { DriftPort } from './engine-ports.ts';

type Of<T extends OperatorAction['type']> = Extract<OperatorAction, { readonly type: T }>;

/** What an order makes, or why it is refused; the caller stores and audits it. */
export interface Ordered {
  readonly bodies: readonly EventBody[];
  readonly said: string;
}

const NO_PORT = 'this engine cannot compare with its inventory';

/** Why a configuration must not go to this node now. A machine that installs, waits or is asked for takes none. */
export function applyProblem(fleet: Fleet, node: NodeState): string | undefined {
  const { name, phase, job, intent, health } = node;
  if (fleet.switches.panic !== undefined) return 'the panic key is pressed: release it first';
  if (intent.is === 'hold') return `${name} is on hold: ${intent.why}`;
  if (health.is === 'conflict') return `${name} is in conflict: ${health.detail}`;
  if (job !== undefined) return `${name} has a job (${job.kind}): its configuration comes with that`;
  if (phase.is !== 'running' && phase.is !== 'ready') return `${name} does not run from its disk (${phase.is})`;
  if ((node.seen.address ?? node.spec.network.ip) === undefined) return `no address of ${name} is known`;
  const other = openDrift(node).find(({ field }) => OF_WHO_IT_IS.has(field));
  // What was made for one machine must not reach another one that stands in its place.
  return other === undefined
    ? undefined
    : `${name} may be another machine (${other.field}: ${other.observed}, the inventory says ${other.desired}): adopt or ignore that first`;
}

const OF_WHO_IT_IS: ReadonlySet<DriftField> = new Set(['mac', 'uuid', 'serial', 'boardSerial']);

/** What must be typed: one host name, or `APPLY 12` for twelve. */
export const applyPhrase = (nodes: readonly string[]): string =>
  nodes.length === 1 ? (nodes[0] ?? '') : `APPLY ${nodes.length}`;

/** All or none, as arming: what is applied is what was on the screen. */
export async function orderApply(
  fleet: Fleet,
  port: DriftPort | undefined,
  action: Of<'applyConfig'>,
  by: Actor,
): Promise<Result<Ordered>> {
  const nodes = [...new Set(action.nodes)];
  if (port === undefined) return fail(NO_PORT);
  if (nodes.length === 0) return fail('no machine is named');
  if (action.confirmed !== applyPhrase(nodes))
    return fail(`this changes what runs: type ${applyPhrase(nodes)} to confirm`);
  const bodies: EventBody[] = [];
  const controlPlanes = new Map<string, string>();
  for (const name of nodes) {
    const node = nodeOf(fleet, name);
    if (node === undefined) return fail(`there is no machine named ${name}`);
    const problem = applyProblem(fleet, node);
    if (problem !== undefined) return fail(problem);
    if (node.spec.role === 'controlplane') {
      const cluster = node.spec.cluster ?? '';
      const other = controlPlanes.get(cluster);
      if (other !== undefined)
        return fail(`${other} and ${name} are control-plane nodes of one cluster: one at a time`);
      controlPlanes.set(cluster, name);
    }
    const config = await port.configOf(node);
    if (!config.ok) return fail(`${name}: ${config.error}`);
    const shown = action.configHashes[name];
    if (shown !== config.value.hash)
      return fail(`${name}: the configuration changed since it was shown; look at it again`);
    bodies.push({ type: 'operator.configApplied', node: name, configHash: shown, by });
  }
  return ok({ bodies, said: `configuration sent to ${nodes.length === 1 ? nodes[0] : `${nodes.length} machines`}` });
}

export function orderIgnore(fleet: Fleet, action: Of<'ignoreDrift'>, by: Actor): Result<Ordered> {
  const { node: name, field, ignored } = action;
  const found = driftOn(nodeOf(fleet, name) ?? {}, field);
  if (found === undefined) return fail(`${name}: ${field} does not differ`);
  const { desired, observed } = found;
  return ok({
    bodies: [{ type: 'operator.driftIgnored', node: name, field, desired, observed, ignored, by }],
    said: ignored ? `${name}: ${field} ignored until it changes` : `${name}: ${field} counts again`,
  });
}

/** Writes what the machine is into the inventory; the reload that follows arms nothing. */
export async function adoptDrift(
  fleet: Fleet,
  port: DriftPort | undefined,
  { node: name, field }: Of<'adoptDrift'>,
): Promise<Result<string>> {
  const node = nodeOf(fleet, name);
  const found = node === undefined ? undefined : driftOn(node, field);
  if (node === undefined || found === undefined) return fail(`${name}: ${field} does not differ`);
  if (!found.actions.includes('adopt')) return fail(`${name}: ${field} cannot be adopted: ${found.actions.join(', ')}`);
  const problem = field === 'mac' ? macProblem(fleet, node, found.observed) : undefined;
  if (problem !== undefined) return fail(problem);
  return port === undefined ? fail(NO_PORT) : port.adopt(node, found);
}

/** Whoever has a MAC of that file, and says the rest of it, is that machine from then on: to the gate too. */
function macProblem(fleet: Fleet, { name, spec, seen, job }: NodeState, observed: string): string | undefined {
  const other = posingAs(fleet, name, observed);
  if (other !== undefined)
    return `${describePosing(other, name)}. With its MAC in that file it would get what ${name} is armed for`;
  if (job !== undefined)
    return `${name} has a job (${job.kind}), and with ${observed} in its file whoever has that would get what it is armed for: cancel the job, adopt, and arm it again`;
  const { nic } = seen;
  if (nic === undefined || !spec.identity.macs.includes(nic.mac) || !wasLately(nic, fleet.at)) return undefined;
  const would = `to adopt ${observed} would take that out of its file`;
  const beside = `If it is another NIC of ${name}, write it into ${spec.file} beside that one`;
  return `${name}: ${bootedByText(nic)}, and ${would}. ${beside}; if it is another machine, it would get what ${name} is armed for`;
}

function posingAs(fleet: Fleet, name: string, macs: string): Stranger | undefined {
  const found = macs.split(', ').map((mac) => getIn(fleet.strangers, mac));
  return found.find((one) => one?.poses === name);
}
