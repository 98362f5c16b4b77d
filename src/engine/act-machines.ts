import { bmcConflict } from '../core/bmc-conflict.ts';
import { bootstrapProblem } from '../core/bootstrap.ts';
import { endingDoubt } from '../core/disk-doubt.ts';
import type { EventBody } from '../core/event.ts';
import { type Fleet, nodeOf } from '../core/fleet.ts';
import type { Actor } from '../core/job.ts';
import { mayAskRetry } from '../core/may-retry.ts';
import type { NodeState } from '../core/node.ts';
import type { OperatorAction } from '../core/operator-action.ts';
import type { PhaseName } from '../core/phase.ts';
import { endsByProtection } from '../core/protection.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { TimeMs } from '../core/time.ts';
import { type Ordered, orderIgnore } from './act-drift.ts';
import { awaited, leaving, unprotectEvents, withDoubt } from './act-places.ts';

type Of<T extends OperatorAction['type']> = Extract<OperatorAction, { readonly type: T }>;
export type MachineAction = Of<
  | 'cancel'
  | 'bootDisk'
  | 'retry'
  | 'release'
  | 'readBmc'
  | 'talosReboot'
  | 'talosCheck'
  | 'ignoreDrift'
  | 'hold'
  | 'protect'
  | 'unprotect'
  | 'power'
  | 'locate'
  | 'bootstrap'
>;

/** What is asked of machines by their names, and needs no plan; why it is refused stands here too. */
export function orderMachines(fleet: Fleet, at: TimeMs, action: MachineAction, by: Actor): Result<Ordered> {
  switch (action.type) {
    case 'cancel':
      return ending(
        fleet,
        action.nodes,
        each(action.nodes, 'cancelled', (node) => ({ type: 'operator.cancelled', node, leavesWaves: true, by })),
      );
    case 'bootDisk': {
      const foreign = foreignBmc(fleet, action.nodes);
      if (foreign !== undefined) return fail(foreign);
      const sent = each(
        action.nodes,
        'sent to the disk',
        (node) => ({ type: 'operator.cancelled', node, leavesWaves: true, by }),
        (node) => ({ type: 'operator.poweredBy', node, action: 'cycle', by }),
      );
      return ending(fleet, action.nodes, sent);
    }
    case 'retry':
      return where(fleet, action.nodes, noRetry, 'retried', (node) => ({ type: 'operator.retried', node, by }));
    case 'release':
      return released(fleet, action.nodes, by);
    case 'readBmc':
      return each(action.nodes, 'asked', (node) => ({
        type: 'operator.inspectedBmc',
        node,
        ...orderOf(action),
        by,
      }));
    case 'talosReboot':
    case 'talosCheck':
      return talosEvents(fleet, action, by);
    case 'ignoreDrift':
      return orderIgnore(fleet, action, by);
    case 'hold':
      return ending(
        fleet,
        action.nodes,
        each(action.nodes, 'on hold', (node) => ({
          type: 'operator.held',
          node,
          why: action.why,
          leavesWaves: true,
          by,
        })),
      );
    case 'protect': {
      const why = action.why === undefined ? {} : { why: action.why.trim().slice(0, 200) };
      const more = { ...why, endsAll: true, leavesWaves: true } as const;
      const kept = each(action.nodes, 'protected', (node) => ({ type: 'operator.protected', node, ...more, by }));
      return ending(fleet, action.nodes.filter(endsJob(fleet)), kept);
    }
    case 'unprotect':
      return unprotectEvents(fleet, action.nodes, by);
    case 'power':
      return powerEvents(fleet, action, by);
    case 'locate':
      return each(action.nodes, action.on ? 'blinking' : 'dark again', (node) => ({
        type: 'operator.locatedBy',
        node,
        on: action.on,
        ...orderOf(action),
        by,
      }));
    case 'bootstrap':
      return bootstrapEvents(fleet, at, action, by);
  }
}

const endsJob =
  (fleet: Fleet) =>
  (name: string): boolean => {
    const node = nodeOf(fleet, name);
    return node !== undefined && endsByProtection(node);
  };

/** Their jobs end: what had gone out by then is no more stopped by that than it is told by silence. */
function ending(fleet: Fleet, names: readonly string[], asked: Result<Ordered>): Result<Ordered> {
  const done = leaving(fleet, asked);
  const doubts = names.flatMap((name) => {
    const node = nodeOf(fleet, name);
    const text = node === undefined ? undefined : endingDoubt(node, fleet.at);
    return text === undefined ? [] : [{ name, text }];
  });
  if (!done.ok) return done;
  const bodies = done.value.bodies.map((body) => withDoubt(fleet, names, body));
  const [first, ...more] = doubts;
  if (first === undefined) return ok({ ...done.value, bodies });
  const who = done.value.said.startsWith(first.name) ? '' : `${first.name}: `;
  const others = more.length === 0 ? '' : ` (and ${more.length} more like it: \`status\` lists them)`;
  return ok({ bodies, said: `${done.value.said}; ${who}${first.text}${others}` });
}

const orderOf = ({ order }: { readonly order?: string }) => (order === undefined ? {} : { order: order.slice(0, 64) });

function each(
  nodes: readonly string[],
  verb: string,
  ...make: readonly ((node: string) => EventBody)[]
): Result<Ordered> {
  if (nodes.length === 0) return fail('no machine is named');
  const bodies = nodes.flatMap((node) => make.map((one) => one(node)));
  return ok({ bodies, said: nodes.length === 1 ? `${nodes[0]} ${verb}` : `${nodes.length} machines ${verb}` });
}

/** Of many that were marked those that it means something for; what changes nothing for any of them is no deed. */
function where(
  fleet: Fleet,
  names: readonly string[],
  whyNot: (node: NodeState, fleet: Fleet) => string | undefined,
  verb: string,
  make: (node: string) => EventBody,
): Result<Ordered> {
  const reasons = new Map(names.map((name) => [name, whyNotOf(fleet, name, whyNot)]));
  const meant = names.filter((name) => reasons.get(name) === undefined);
  const left = [...new Set(reasons.values())].filter((why) => why !== undefined);
  if (meant.length === 0 && left.length > 0) return fail(left.join('; '));
  const done = each(meant, verb, make);
  return done.ok && left.length > 0 ? ok({ ...done.value, said: `${done.value.said}; ${left.join('; ')}` }) : done;
}

function whyNotOf(
  fleet: Fleet,
  name: string,
  whyNot: (node: NodeState, fleet: Fleet) => string | undefined,
): string | undefined {
  const node = nodeOf(fleet, name);
  return node === undefined ? undefined : whyNot(node, fleet);
}

function noRetry(node: NodeState, fleet: Fleet): string | undefined {
  const may = mayAskRetry(fleet, node);
  return may.ok ? undefined : may.error;
}

function released(fleet: Fleet, nodes: readonly string[], by: Actor): Result<Ordered> {
  const done = where(fleet, nodes, noRelease, 'released', (node) => ({ type: 'operator.released', node, by }));
  return awaited(fleet, nodes, done);
}

const noRelease = ({ name, intent, health, job, failedBoots }: NodeState): string | undefined =>
  intent.is === 'hold' || health.is !== 'ok' || job?.suspended !== undefined || failedBoots.length > 0
    ? undefined
    : `nothing holds ${name}`;

const UP: ReadonlySet<PhaseName> = new Set(['running', 'diskBoot']);

function talosEvents(fleet: Fleet, action: Of<'talosReboot' | 'talosCheck'>, by: Actor): Result<Ordered> {
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

function bootstrapEvents(fleet: Fleet, at: TimeMs, action: Of<'bootstrap'>, by: Actor): Result<Ordered> {
  if (action.confirmed !== action.node)
    return fail(`bootstrap is done once per cluster: type ${action.node} to confirm`);
  const refused = bootstrapProblem(fleet, action.node, at, action.reason);
  if (refused !== undefined) return fail(refused);
  const reason = action.reason === undefined ? {} : { reason: action.reason.trim().slice(0, 200) };
  return ok({
    bodies: [{ type: 'operator.talosAsked', node: action.node, ask: 'bootstrap', ...reason, by }],
    said: `bootstrap asked of ${action.node}`,
  });
}

function powerEvents(fleet: Fleet, action: Of<'power'>, by: Actor): Result<Ordered> {
  const without = action.nodes.find((name) => nodeOf(fleet, name)?.spec.bmc === undefined);
  if (without !== undefined) return fail(`${without} has no BMC in the inventory: use its power button`);
  const foreign = foreignBmc(fleet, action.nodes);
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
