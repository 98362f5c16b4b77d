import { firmwareIsNewBoot, openAttempt, scriptIsNewBoot, wipesNow } from '../core/attempt.ts';
import type { Fleet } from '../core/fleet.ts';
import { type Job, takesWipe, WRITES_DISK } from '../core/job.ts';
import type { NodeState } from '../core/node.ts';
import { cutReason } from '../core/power-order.ts';
import { isProtected, protectionOf } from '../core/protection.ts';
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
  /** From option 93 or `${buildarch}`; undefined where the route does not carry it. */
  readonly arch: Arch | undefined;
  /** What would be served now, against what was confirmed; undefined where it could not be made again. */
  readonly now:
    | { readonly planHash: string; readonly configHash: string | undefined; readonly artefactsProven: boolean }
    | undefined;
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
  /** To a boot that is about to be cut: its next one gets what there is. */
  | { readonly give: 'wait'; readonly node: NodeState; readonly reason: string }
  | { readonly give: 'local'; readonly node: NodeState; readonly rule: Rule; readonly reason: string }
  | { readonly give: 'nothing'; readonly rule: Rule; readonly reason: string };

export type Rule =
  | 'panic'
  | 'explicit'
  | 'unspent'
  | 'identity'
  | 'fresh'
  | 'disk'
  | 'artefacts'
  | 'wipeOnce'
  | 'token'
  | 'stranger'
  | 'afterwards';

const BEFORE_SCRIPT: ReadonlySet<Route> = new Set(['dhcp', 'proxy', 'loader']);
const WITH_TOKEN: ReadonlySet<Route> = new Set(['kernel', 'initrd', 'config', 'image']);

export function answerGate(question: GateQuestion): GateAnswer {
  const { identity, fleet } = question;
  if (identity.is === 'stranger') return forStranger(question, identity.why);
  if (identity.is === 'conflict') {
    return identity.node === undefined
      ? { give: 'nothing', rule: 'identity', reason: identity.why }
      : { give: 'local', node: identity.node, rule: 'identity', reason: identity.why };
  }
  const { node } = identity;
  const local = (rule: Rule, reason: string): GateAnswer => ({ give: 'local', node, rule, reason });
  if (fleet.switches.panic !== undefined)
    return local('panic', `the panic key was pressed by ${fleet.switches.panic.by.user}`);
  if (node.health.is === 'conflict') return local('identity', `held: ${node.health.detail}`);
  if (node.intent.is === 'hold') return local('explicit', `on hold: ${node.intent.why}`);
  const job = node.job;
  if (job === undefined)
    return local('explicit', node.seen.installedAt === undefined ? 'not armed' : 'installed; not armed');
  if (!job.stored) return local('explicit', 'its arming is not stored on disk yet');
  if (job.expiresAt <= question.at && job.spentAt === undefined) return local('explicit', 'its job has expired');
  const refusal = refusalByBoots(boot(question, node).job ?? job);
  if (refusal === undefined) return forJob(question, identity, node, job);
  return readsItsSeed(question, node, job) ? forJob(question, identity, node, job) : local(...refusal);
}

/** The system that took over reads its files after that: the same boot, by the token of its attempt, and nothing else. */
function readsItsSeed({ route, token }: GateQuestion, { attempt }: NodeState, job: Job): boolean {
  const same = attempt !== undefined && job.handedOver === attempt.number;
  return route === 'config' && token === 'match' && job.plan.foreign === true && same && job.suspended === undefined;
}

function refusalByBoots(job: Job): readonly [Rule, string] | undefined {
  if (job.suspended !== undefined) return ['afterwards', `its job is suspended (${job.suspended.code})`];
  if (job.spentAt !== undefined) return ['unspent', 'the installation of this job has begun'];
  if (job.attempts > job.maxAttempts) return ['unspent', `all ${job.maxAttempts} attempts are used`];
  return undefined;
}

/**
 * This very request may begin another boot, which ends the one before. What that means (an attempt more, a loop, an
 * install that began unseen) is reduced only after this answer, and must count for it.
 */
function boot({ route, at }: GateQuestion, node: NodeState): NodeState {
  const firmware = route === 'dhcp' || route === 'proxy';
  const begins = route === 'script' ? scriptIsNewBoot(node, at) : firmware && firmwareIsNewBoot(node);
  return begins ? openAttempt(node, at, 'rebooted') : node;
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
  if (isProtected(node) && !job.underGlass) return local('fresh', `the node is ${protectionOf(node)}`);
  const overwrites = overwritingReason(job);
  if (overwrites !== undefined) return local('fresh', overwrites);
  if (job.kind !== 'wipe' && !job.plan.disk.sure) return local('disk', job.plan.disk.why);
  const unproven = unprovenReason(question, job);
  if (unproven !== undefined) return local('artefacts', unproven);
  const given = job.plan.foreign === true ? forForeign(question, node, job) : stageOf(question, node, job);
  return unlessCut(question, node, given);
}

function unlessCut({ route, at }: GateQuestion, node: NodeState, given: GateAnswer): GateAnswer {
  const boots = given.give === 'write' || given.give === 'boot';
  const cut = boots && route === 'script' ? cutReason(node, at) : undefined;
  return cut === undefined ? given : { give: 'wait', node, reason: cut };
}

/** Rule 4 in the arguments themselves: the wipe is added by the stage and never confirmed as part of a plan. */
function overwritingReason({ kind, plan }: Job): string | undefined {
  if (plan.uki === true && takesWipe({ kind, plan })) return 'a signed UKI takes no argument, so it cannot wipe';
  if (plan.foreign === true && kind !== 'reinstall') return `the plan of this ${kind} would write disks in use`;
  if (plan.kernelArgs.some((arg) => arg.startsWith('talos.experimental.wipe')) && !takesWipe({ kind, plan }))
    return `the plan of this ${kind} would wipe`;
  const boots = plan.kernelArgs.some((arg) => arg.startsWith('talos.'));
  if (kind === 'install' && boots && !plan.kernelArgs.includes('talos.halt_if_installed=1'))
    return 'the plan of this install does not halt on an installed disk';
  return undefined;
}

function forHarmless(question: GateQuestion, node: NodeState, job: Job): GateAnswer {
  const unproven = unprovenReason(question, job) ?? overwritingReason(job);
  if (unproven !== undefined) return { give: 'local', node, rule: 'artefacts', reason: unproven };
  const what = job.kind === 'inspect' ? 'inspect' : 'rescue';
  return { give: 'boot', what, node, job, reason: `${job.kind} by ${job.armedBy.user}; nothing is written` };
}

function unprovenReason(question: GateQuestion, job: Job): string | undefined {
  const { now } = question;
  if (now === undefined) return 'what was confirmed cannot be made again';
  if (now.planHash !== job.plan.hash) return 'the plan is no longer the one that was confirmed; arm it again';
  if (!now.artefactsProven) return 'kernel, initramfs or loader do not match their SHA-256';
  if (now.configHash !== job.plan.configHash)
    return 'the machine configuration changed after it was confirmed; arm it again';
  return undefined;
}

/** Nothing is heard of it once it runs: what goes out and is not noted would go out again, and erase again. */
function forForeign({ route, fleet }: GateQuestion, node: NodeState, job: Job): GateAnswer {
  const reason = `${job.kind} by profile ${job.plan.profile}, armed by ${job.armedBy.user}`;
  if (route === 'config' && job.spentAt !== undefined) return { give: 'seed', node, job, reason };
  if (fleet.saving.is === 'failing')
    return {
      give: 'local',
      node,
      rule: 'unspent',
      reason: `not saving (${fleet.saving.reason}): a system whose hand-off is not noted is not booted`,
    };
  return { give: 'write', stage: 'install', node, job, reason };
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
  if (job.kind !== 'wipe' && (job.plan.configHash === undefined || !job.plan.configChecked))
    return local('artefacts', 'there is no checked machine configuration');
  const install: GateAnswer = { give: 'write', stage: 'install', node, job, reason: by };
  const wipe: GateAnswer = { give: 'write', stage: 'wipe', node, job, reason: by };
  if (!takesWipe(job)) return install;
  if (job.wipeSentAt === undefined) {
    if (question.route === 'config') return local('wipeOnce', 'this boot only wipes: it gets no configuration');
    // A crash would forget that it went out, and the next start would send it again.
    if (question.fleet.saving.is === 'failing')
      return local('wipeOnce', `not saving (${question.fleet.saving.reason}): a wipe that is not noted is not sent`);
    return wipe;
  }
  if (WITH_TOKEN.has(question.route) && wipesNow(node))
    return question.route === 'config' ? local('wipeOnce', 'this boot only wipes: it gets no configuration') : wipe;
  const fetched = job.wipeFetchedAt !== undefined || node.phase.is !== 'script';
  const lost = wipesNow(node) && !fetched && !scriptIsNewBoot(node, question.at);
  if (question.route === 'script' && lost) return wipe;
  return job.kind === 'wipe' ? local('wipeOnce', 'the wipe went out once; it does not go out again') : install;
}
