import { firmwareIsNewBoot, openAttempt, scriptIsNewBoot, wipesNow } from '../core/attempt.ts';
import type { Fleet } from '../core/fleet.ts';
import { type Job, takesWipe, WRITES_DISK } from '../core/job.ts';
import {
  inItsBoot,
  overwritingReason,
  type Proof,
  type Refusal,
  type Rule,
  refusalByBoots,
  refusalByPlan,
  refusalBySaving,
  refusalByState,
  uncheckedReason,
  unprovenReason,
  wipedOnce,
} from '../core/next-script.ts';
import type { NodeState } from '../core/node.ts';
import { mayGoOutAgain } from '../core/own-script.ts';
import { endsAt } from '../core/past-expiry.ts';
import { cutReason } from '../core/power-order.ts';
import type { Arch } from '../core/spec.ts';
import type { TimeMs } from '../core/time.ts';
import type { Identity } from './identity.ts';

/**
 * THE gate. Every route asks it, and nothing that could lead to a byte on a disk goes out without its `write`.
 * The ten rules are those of "when a disk may be written" in the lifecycle; each refusal names its rule.
 */
export type Route = 'dhcp' | 'proxy' | 'loader' | 'script' | 'uki' | 'kernel' | 'initrd' | 'config' | 'image';

export interface GateQuestion {
  readonly fleet: Fleet;
  readonly route: Route;
  readonly at: TimeMs;
  readonly identity: Identity;
  /** The attempt's token in the path, compared by whoever holds the secret. Routes before the script have none. */
  readonly token: 'match' | 'mismatch' | 'absent';
  /** Who asks for a script; other routes need not know. */
  readonly from?: string;
  /** From option 93 or `${buildarch}`; undefined where the route does not carry it. */
  readonly arch: Arch | undefined;
  /** What would be served now, against what was confirmed; undefined where it could not be made again. */
  readonly now: Proof | undefined;
}

export type GateAnswer =
  | {
      readonly give: 'write';
      readonly stage: 'wipe' | 'install';
      readonly node: NodeState;
      readonly job: Job;
      readonly reason: string;
    }
  /** cloud-init files for a foreign system that took over in this very boot: it runs already, and its job is spent. */
  | { readonly give: 'seed'; readonly node: NodeState; readonly job: Job; readonly reason: string }
  | {
      readonly give: 'boot';
      readonly what: 'inspect' | 'rescue' | 'discover';
      readonly node?: NodeState;
      readonly job?: Job;
      readonly reason: string;
    }
  /** The loader only, which asks for the script: identity is settled there. */
  | { readonly give: 'lead'; readonly node: NodeState; readonly reason: string }
  /** To a boot that is about to be cut: its next one gets what there is. `unsaved`: until our disk keeps what it may have. */
  | { readonly give: 'wait'; readonly node: NodeState; readonly unsaved?: true; readonly reason: string }
  | { readonly give: 'local'; readonly node: NodeState; readonly rule: Rule; readonly reason: string }
  | { readonly give: 'nothing'; readonly rule: Rule; readonly reason: string };

const BEFORE_SCRIPT: ReadonlySet<Route> = new Set(['dhcp', 'proxy', 'loader']);
const WITH_TOKEN: ReadonlySet<Route> = new Set(['kernel', 'initrd', 'config', 'image']);
const NAMED_BY_SCRIPT: ReadonlySet<Route> = new Set(['kernel', 'initrd', 'config']);

export function answerGate(question: GateQuestion): GateAnswer {
  const { identity, fleet } = question;
  if (identity.is === 'stranger') return forStranger(question, identity.why);
  if (identity.is === 'conflict') {
    return identity.node === undefined
      ? { give: 'nothing', rule: 'identity', reason: identity.why }
      : { give: 'local', node: identity.node, rule: 'identity', reason: identity.why };
  }
  const { node } = identity;
  const { job } = node;
  const refused = refusalByState(fleet, node, question.at, untilFor(question, node));
  if (refused !== undefined) return toItsDisk(node, refused);
  if (job === undefined) return toItsDisk(node, ['explicit', 'not armed']);
  const refusal = refusalByBoots(boot(question, node).job ?? job);
  if (refusal === undefined) return forJob(question, identity, node, job);
  return readsItsSeed(question, node, job) || lostItsScript(question, node)
    ? forJob(question, identity, node, job)
    : toItsDisk(node, refusal);
}

/** Its token came with a script that went out in time: what that names was decided then. */
const untilFor = ({ route, token }: GateQuestion, node: NodeState): TimeMs | undefined =>
  node.job !== undefined && NAMED_BY_SCRIPT.has(route) && token === 'match' ? endsAt(node, node.job) : undefined;

const toItsDisk = (node: NodeState, [rule, reason]: Refusal): GateAnswer => ({ give: 'local', node, rule, reason });

/** The system that took over reads its files after that: the same boot, by the token of its attempt, and nothing else. */
function readsItsSeed({ route, token }: GateQuestion, { attempt }: NodeState, job: Job): boolean {
  const same = attempt !== undefined && job.handedOver === attempt.number;
  return route === 'config' && token === 'match' && job.plan.foreign === true && same && job.suspended === undefined;
}

/** An own script is spent by going out: the same boot may have it again while nothing but its loss explains the question. */
const lostItsScript = ({ fleet, route, from, at }: GateQuestion, node: NodeState): boolean =>
  route === 'script' && from !== undefined && mayGoOutAgain(fleet, node, from, at);

/**
 * This very request may begin another boot, which ends the one before. What that means (an attempt more, a loop, an
 * install that began unseen) is reduced only after this answer, and must count for it.
 */
function boot({ route, at }: GateQuestion, node: NodeState): NodeState {
  const firmware = route === 'dhcp' || route === 'proxy';
  if (route === 'script') return inItsBoot(node, at);
  return firmware && firmwareIsNewBoot(node) ? openAttempt(node, at, 'rebooted') : node;
}

function forStranger(question: GateQuestion, why: string): GateAnswer {
  const { switches } = question.fleet;
  if (switches.panic !== undefined) return { give: 'nothing', rule: 'panic', reason: 'the panic key is pressed' };
  if (switches.discoveryUntil === undefined || switches.discoveryUntil <= question.at) {
    return { give: 'nothing', rule: 'stranger', reason: `${why}; only noted while discovery is off` };
  }
  if (question.route === 'config')
    return { give: 'nothing', rule: 'stranger', reason: 'a stranger gets no configuration' };
  return { give: 'boot', what: 'discover', reason: 'discovery is on: maintenance mode, nothing is written' };
}

function forJob(
  question: GateQuestion,
  identity: Identity & { readonly is: 'node' },
  node: NodeState,
  job: Job,
): GateAnswer {
  const local = (rule: Rule, reason: string): GateAnswer => ({ give: 'local', node, rule, reason });
  if (WITH_TOKEN.has(question.route) && question.token !== 'match')
    return local('token', 'the token in the path is not that of this attempt');
  if (question.route === 'uki' && job.plan.uki !== true)
    return local('artefacts', 'what was confirmed for it is no UKI');
  if (question.arch !== undefined && question.arch !== job.plan.arch) {
    return local('artefacts', `the machine is ${question.arch}, the plan is for ${job.plan.arch}`);
  }
  if (BEFORE_SCRIPT.has(question.route) && !identity.sure) return { give: 'lead', node, reason: identity.why };
  if (!identity.sure) return local('identity', identity.why);
  if (!WRITES_DISK[job.kind]) return unlessCut(question, node, forHarmless(question, node, job));
  const refused = refusalByPlan(node, job);
  if (refused !== undefined) return toItsDisk(node, refused);
  const unproven = unprovenReason(question.now, job);
  if (unproven !== undefined) return local('artefacts', unproven);
  const given = job.plan.foreign === true ? forForeign(question, node, job) : stageOf(question, node, job);
  return unlessCut(question, node, unlessUnsaved(question, node, given));
}

/** What writes is noted before it goes out. It is armed: its disk is not what it is to boot meanwhile. */
function unlessUnsaved({ route, fleet: { saving } }: GateQuestion, node: NodeState, given: GateAnswer): GateAnswer {
  if (saving.is !== 'failing' || route !== 'script' || given.give !== 'write') return given;
  const reason = `not saving (${saving.reason}): it goes on when its script can be noted`;
  return { give: 'wait', node, unsaved: true, reason };
}

function unlessCut({ route, at }: GateQuestion, node: NodeState, given: GateAnswer): GateAnswer {
  const boots = given.give === 'write' || given.give === 'boot' || given.give === 'wait';
  const cut = boots && route === 'script' ? cutReason(node, at) : undefined;
  return cut === undefined ? given : { give: 'wait', node, reason: cut };
}

function forHarmless(question: GateQuestion, node: NodeState, job: Job): GateAnswer {
  const unproven = unprovenReason(question.now, job) ?? overwritingReason(job);
  if (unproven !== undefined) return { give: 'local', node, rule: 'artefacts', reason: unproven };
  const what = job.kind === 'inspect' ? 'inspect' : 'rescue';
  return { give: 'boot', what, node, job, reason: `${job.kind} by ${job.armedBy.user}; nothing is written` };
}

/** It is led to its script by all that comes before, and that waits for our disk. */
const refusalOfFile = ({ route, fleet }: GateQuestion, job: Job): Refusal | undefined =>
  BEFORE_SCRIPT.has(route) || route === 'script' ? undefined : refusalBySaving(fleet, job);

/** Its first image is noted: that spent it, and the others of that boot spend nothing more. */
const isBegun = ({ route }: GateQuestion, { attempt }: NodeState): boolean =>
  WITH_TOKEN.has(route) && attempt?.fetchedAt !== undefined;

/** Nothing is heard of it once it runs: what goes out and is not noted would go out again, and erase again. */
function forForeign(question: GateQuestion, node: NodeState, job: Job): GateAnswer {
  const reason = `${job.kind} by profile ${job.plan.profile}, armed by ${job.armedBy.user}`;
  if (question.route === 'config' && job.spentAt !== undefined) return { give: 'seed', node, job, reason };
  const unsaved = isBegun(question, node) ? undefined : refusalOfFile(question, job);
  if (unsaved !== undefined) return { give: 'wait', node, unsaved: true, reason: unsaved[1] };
  const again = job.scriptOut === undefined ? '' : '; again, as its answer may have been lost';
  return { give: 'write', stage: 'install', node, job, reason: `${reason}${again}` };
}

/**
 * Rules 4 and 7: `install` never overwrites (it halts), `reinstall` wipes once and then installs, `wipe` wipes once.
 *
 * "Once" is one boot. iPXE may ask for the same script again in that boot, because the answer was lost: it gets the same
 * again while no image of it was asked for, since without its kernel an argument wipes nothing. From the first image on,
 * and in every other boot, the argument does not go out any more.
 */
function stageOf(question: GateQuestion, node: NodeState, job: Job): GateAnswer {
  const local = (rule: Rule, reason: string): GateAnswer => ({ give: 'local', node, rule, reason });
  const by = `${job.kind} armed by ${job.armedBy.user}`;
  const unchecked = uncheckedReason(job);
  if (unchecked !== undefined) return local('artefacts', unchecked);
  const install: GateAnswer = { give: 'write', stage: 'install', node, job, reason: by };
  const wipe: GateAnswer = { give: 'write', stage: 'wipe', node, job, reason: by };
  if (!takesWipe(job)) return install;
  if (job.wipeSentAt === undefined) {
    if (question.route === 'config') return local('wipeOnce', 'this boot only wipes: it gets no configuration');
    const unsaved = refusalOfFile(question, job);
    return unsaved === undefined ? wipe : toItsDisk(node, unsaved);
  }
  if (WITH_TOKEN.has(question.route) && wipesNow(node))
    return question.route === 'config' ? local('wipeOnce', 'this boot only wipes: it gets no configuration') : wipe;
  const fetched = job.wipeFetchedAt !== undefined || node.phase.is !== 'script';
  const lost = wipesNow(node) && !fetched && !scriptIsNewBoot(node, question.at);
  if (question.route === 'script' && lost) return wipe;
  const once = wipedOnce(job);
  return once === undefined ? install : toItsDisk(node, once);
}
