import type { Fleet } from '../core/fleet.ts';
import { type Job, WRITES_DISK } from '../core/job.ts';
import type { NodeState } from '../core/node.ts';
import type { Arch } from '../core/spec.ts';
import type { TimeMs } from '../core/time.ts';
import type { Identity } from './identity.ts';

/**
 * THE gate. Every route asks it, and nothing that could lead to a byte on a disk goes out without its `write`.
 * The ten rules are those of "when a disk may be written" in the lifecycle; each refusal names its rule.
 */
export type Route = 'dhcp' | 'proxy' | 'loader' | 'script' | 'kernel' | 'initrd' | 'config' | 'image';

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
  | {
      readonly give: 'boot';
      readonly what: 'inspect' | 'rescue' | 'discover';
      readonly node?: NodeState;
      readonly job?: Job;
      readonly reason: string;
    }
  /** The loader only, which asks for the script: identity is settled there. */
  | { readonly give: 'lead'; readonly node: NodeState; readonly reason: string }
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
  if (job.suspended !== undefined) return local('afterwards', `its job is suspended (${job.suspended.code})`);
  if (job.expiresAt <= question.at && job.spentAt === undefined) return local('explicit', 'its job has expired');
  if (job.spentAt !== undefined) return local('unspent', 'the installation of this job has begun');
  if (job.attempts > job.maxAttempts) return local('unspent', `all ${job.maxAttempts} attempts are used`);
  return forJob(question, identity, node, job);
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
  if (question.arch !== undefined && question.arch !== job.plan.arch) {
    return local('artefacts', `the machine is ${question.arch}, the plan is for ${job.plan.arch}`);
  }
  if (BEFORE_SCRIPT.has(question.route) && !identity.sure) return { give: 'lead', node, reason: identity.why };
  if (!identity.sure) return local('identity', identity.why);
  if (!WRITES_DISK[job.kind]) return forHarmless(question, node, job);
  if (node.spec.protected && !job.underGlass) return local('fresh', 'the node is protected');
  if (job.kind !== 'wipe' && !job.plan.disk.sure) return local('disk', job.plan.disk.why);
  const unproven = unprovenReason(question, job);
  if (unproven !== undefined) return local('artefacts', unproven);
  return stageOf(question, node, job);
}

function forHarmless(question: GateQuestion, node: NodeState, job: Job): GateAnswer {
  const unproven = unprovenReason(question, job);
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

/** Rules 4 and 7: `install` never overwrites (it halts), `reinstall` wipes once and then installs, `wipe` wipes once. */
function stageOf(question: GateQuestion, node: NodeState, job: Job): GateAnswer {
  const local = (rule: Rule, reason: string): GateAnswer => ({ give: 'local', node, rule, reason });
  const by = `${job.kind} armed by ${job.armedBy.user}`;
  if (job.kind === 'install') return needsConfig(question, node, job, by);
  if (job.wipeSentAt !== undefined) {
    if (job.kind === 'wipe')
      return WITH_TOKEN.has(question.route) && question.route !== 'config'
        ? { give: 'write', stage: 'wipe', node, job, reason: by }
        : local('wipeOnce', 'the wipe went out once; it does not go out again');
    return needsConfig(question, node, job, by);
  }
  if (question.route === 'config') return local('wipeOnce', 'this boot only wipes: it gets no configuration');
  return { give: 'write', stage: 'wipe', node, job, reason: by };
}

function needsConfig(question: GateQuestion, node: NodeState, job: Job, reason: string): GateAnswer {
  if (job.plan.configHash === undefined || !job.plan.configChecked) {
    return { give: 'local', node, rule: 'artefacts', reason: 'there is no checked machine configuration' };
  }
  // During the wipe's own boot the images are still on their way; its configuration is not for this boot.
  const wiping = job.kind === 'reinstall' && job.wipedAt === undefined && node.attempt?.answered === 'wipe';
  if (wiping && question.route === 'config')
    return { give: 'local', node, rule: 'wipeOnce', reason: 'this boot only wipes: it gets no configuration' };
  if (wiping && WITH_TOKEN.has(question.route)) return { give: 'write', stage: 'wipe', node, job, reason };
  return { give: 'write', stage: 'install', node, job, reason };
}
