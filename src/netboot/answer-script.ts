import type { EventBody } from '../core/event.ts';
import { nodeOf, nodesWithMac } from '../core/fleet.ts';
import type { Rule } from '../core/next-script.ts';
import type { NodeState } from '../core/node.ts';
import type { ScriptAnswer } from '../core/phase.ts';
import { ok, type Result, unreachable } from '../core/result.ts';
import { unlessAnother } from './another-machine.ts';
import {
  argsFor,
  discoveryArgs,
  renderBootScript,
  renderLocalScript,
  renderTemplate,
  renderWaitScript,
  type ScriptStage,
} from './boot-scripts.ts';
import type { GateAnswer } from './gate.ts';
import { askGate, type BootView } from './gate-question.ts';
import { type Identity, posingOf, resolveIdentity } from './identity.ts';
import { localManner } from './local-manner.ts';
import { notNoted, putOff } from './put-off.ts';
import { parseScriptQuery, type ScriptQuery } from './script-query.ts';
import { whyUnsure } from './why-unsure.ts';

/**
 * What a machine is told to boot. Decided first, then emitted, and only then written out: the event opens the attempt
 * whose token the script holds, and a wipe that was noted and not sent is safer than one that was sent and not noted.
 */
export interface ScriptDecision {
  /** `wait`: it asks again in a moment, and this boot gets nothing. */
  readonly answer: ScriptAnswer | 'wait';
  readonly reason: string;
  readonly event: EventBody | undefined;
  readonly node: string | undefined;
  readonly query: ScriptQuery;
  /** As it was written out to see that it can be, for a token that is not known yet. */
  readonly tried?: TriedScript;
}

interface TriedScript {
  readonly text: string;
  readonly base: string;
  /** What it was made of: where that changed since, it is made again. */
  readonly rendered: unknown;
}

/** Stands for the token of the attempt that this very request opens. */
const TOKEN_TO_COME = 'tokentocome22222222222222222222a';

/** `base`: under which address of ours the machine reaches us; without it, some address, to see that the rest fits. */
export function decideScript(
  view: BootView,
  query: ReadonlyMap<string, string>,
  address: string,
  base = 'http://192.0.2.1',
): ScriptDecision {
  const asked = parseScriptQuery(query);
  const found = resolveIdentity(view.fleet, asked.claims);
  const identity = unlessAnother(view.fleet, found, { macs: asked.claims.macs, at: view.at });
  const gate = askGate(view, 'script', identity, { arch: asked.arch, from: address });
  const { answer, reason, tried } = readGate(view, gate, asked, base);
  if (identity.is === 'stranger' || (identity.is === 'conflict' && identity.poses !== undefined))
    return { answer, reason, event: strangerSeen(asked, address, answer, identity), node: undefined, query: asked };
  const owner = identity.node ?? ownerOfMac(view, asked);
  if (owner === undefined)
    return { answer, reason, event: strangerSeen(asked, address, answer, identity), node: undefined, query: asked };
  if (answer === 'wait') {
    const event =
      'unsaved' in gate ? notNoted(owner, view.at, address, reason) : putOff(owner, view.at, address, reason);
    return { answer, reason, event, node: owner.name, query: asked };
  }
  const job = 'job' in gate ? gate.job?.id : undefined;
  const event: EventBody = {
    type: 'http.scriptAsked',
    node: owner.name,
    ...(asked.mac === undefined ? {} : { mac: asked.mac }),
    address,
    answer,
    ...(job === undefined ? {} : { job }),
    reason,
    ...(identity.is === 'conflict' ? { conflict: identity.why } : {}),
    ...(isUnsure(gate, identity) ? { unsure: whyUnsure(query, asked, identity) } : {}),
    ...(answer === 'local' && isHeld(gate) ? { held: true } : {}),
    hardware: asked.hardware,
  };
  return { answer, reason, event, node: owner.name, query: asked, ...(tried === undefined ? {} : { tried }) };
}

/** It is armed, and this alone stands between it and what its job is for. */
const isUnsure = (gate: GateAnswer, identity: Identity): identity is Identity & { readonly is: 'node' } =>
  gate.give === 'local' && gate.rule === 'identity' && identity.is === 'node' && !identity.sure;

const OF_WHAT_WAS_CONFIRMED: ReadonlySet<Rule> = new Set(['fresh', 'disk', 'artefacts']);

/** It is armed and its job is not over; neither a person nor a doubt of who it is sends it to its disk. */
function isHeld(gate: GateAnswer): boolean {
  // What it may have cannot be written out.
  if (gate.give === 'write' || gate.give === 'boot') return gate.job !== undefined;
  if (gate.give !== 'local') return false;
  const { node, rule } = gate;
  const { job } = node;
  if (job === undefined || job.suspended !== undefined) return false;
  // Spent by what may never have reached it.
  if (rule === 'unspent' && job.leftUnsure === true && job.scriptOut !== undefined) return true;
  if (job.spentAt !== undefined) return false;
  if (rule === 'explicit') return !job.stored && node.intent.is !== 'hold';
  return OF_WHAT_WAS_CONFIRMED.has(rule);
}

/** Names of two machines at once: the one whose NIC it is hears of it. */
function ownerOfMac(view: BootView, { mac }: ScriptQuery): NodeState | undefined {
  const [name, ...more] = mac === undefined ? [] : nodesWithMac(view.fleet, mac);
  return name === undefined || more.length > 0 ? undefined : nodeOf(view.fleet, name);
}

function strangerSeen(
  { mac, hardware }: ScriptQuery,
  address: string,
  answer: ScriptDecision['answer'],
  identity: Identity,
): EventBody | undefined {
  if (mac === undefined) return undefined;
  const { uuid, serial, boardSerial } = hardware;
  return {
    type: 'stranger.seen',
    mac,
    address,
    ...(uuid === undefined ? {} : { uuid }),
    ...(serial === undefined ? {} : { serial }),
    ...(boardSerial === undefined ? {} : { boardSerial }),
    asked: 'script',
    ...(answer === 'discover' ? { offered: 'the image for discovery' } : {}),
    ...posingOf(identity),
  };
}

/** Nothing that cannot be written out is announced: a template or a command line that fails means `local`. */
function readGate(
  view: BootView,
  gate: GateAnswer,
  asked: ScriptQuery,
  base: string,
): Pick<ScriptDecision, 'answer' | 'reason' | 'tried'> {
  switch (gate.give) {
    case 'local':
    case 'seed':
    case 'nothing':
      return { answer: 'local', reason: gate.reason };
    case 'wait':
      return { answer: 'wait', reason: gate.reason };
    case 'lead':
      return { answer: 'local', reason: `who it is is not sure: ${gate.reason}` };
    case 'boot':
    case 'write': {
      const stage: ScriptStage = gate.give === 'write' ? gate.stage : gate.what;
      const tried = renderStage(view, stage, gate.node, asked, base, TOKEN_TO_COME);
      if (!tried.ok) return { answer: 'local', reason: tried.error };
      const rendered = gate.node === undefined ? undefined : view.rendered.of(gate.node.name);
      return { answer: stage, reason: gate.reason, tried: { text: tried.value, base, rendered } };
    }
    default:
      return unreachable(gate);
  }
}

/** `token` is that of the attempt which the decision's event opened. */
export function renderScript(
  view: BootView,
  decision: ScriptDecision,
  base: string,
  token: string | undefined,
): Result<string> {
  const { answer, query, reason } = decision;
  const node = decision.node === undefined ? undefined : nodeOf(view.fleet, decision.node);
  if (answer === 'wait') return renderWaitScript(base, node?.name ?? 'unknown machine', reason);
  if (answer !== 'local' && (answer === 'discover' || token !== undefined)) {
    const { tried } = decision;
    // One token is as long as the other: what fitted fits.
    if (
      token !== undefined &&
      tried?.base === base &&
      node !== undefined &&
      tried.rendered === view.rendered.of(node.name)
    )
      return ok(tried.text.replaceAll(TOKEN_TO_COME, token));
    const script = renderStage(view, answer, node, query, base, token ?? '');
    if (script.ok) return script;
    return localScript(node, query, script.error);
  }
  return localScript(node, query, reason);
}

/** Whoever runs our script can be told; the silent manners are for who asks for the loader or the first script. */
function localScript(node: NodeState | undefined, { firmware }: ScriptQuery, reason: string): Result<string> {
  const manner = localManner(node, firmware);
  return renderLocalScript(manner, firmware, node?.name ?? 'unknown machine', reason);
}

function renderStage(
  view: BootView,
  stage: ScriptStage,
  node: NodeState | undefined,
  query: ScriptQuery,
  base: string,
  token: string,
): Result<string> {
  const { firmware, arch } = query;
  if (stage === 'discover') {
    const images = view.artefacts.discovery(arch ?? 'amd64');
    if (images === undefined) return failed('there is no image for discovery in the vault, or no command line for it');
    const root = `${base}/d/${arch ?? 'amd64'}`;
    const args = discoveryArgs(images.args, base);
    return renderBootScript(
      'unknown machine',
      'discover',
      { kernelUrl: `${root}/kernel`, initrdUrl: `${root}/initrd`, args },
      firmware,
    );
  }
  const rendered = node === undefined ? undefined : view.rendered.of(node.name);
  if (node === undefined || rendered === undefined) return failed('what was confirmed cannot be made again');
  if (rendered.template !== undefined) {
    const mac = query.mac ?? '';
    return renderTemplate(rendered.template, { base, token, node: node.name, mac, server: new URL(base).hostname });
  }
  const { kernel, initrd } = rendered.plan;
  if (kernel === undefined) return failed('the plan has no kernel');
  const args = argsFor(stage, rendered, base, token);
  if (!args.ok) return args;
  const root = `${base}/t/${token}`;
  const images = {
    kernelUrl: `${root}/kernel`,
    ...(initrd === undefined ? {} : { initrdUrl: `${root}/initrd` }),
    args: args.value,
    beaconUrl: `${root}/handoff`,
  };
  return renderBootScript(node.name, stage, images, firmware);
}

const failed = (error: string): Result<never> => ({ ok: false, error });
