import type { CauseCode } from './cause.ts';
import { doubtOf } from './disk-doubt.ts';
import type { Effect } from './effect.ts';
import { noLongerKept } from './health.ts';
import { type DiskDoubt, type EndedJob, type Job, WRITES_DISK } from './job.ts';
import { newest } from './newest.ts';
import { JOBS_KEPT, type NodeState } from './node.ts';
import { withErased } from './quorum.ts';
import type { TimeMs } from './time.ts';

export interface JobEnd {
  readonly node: NodeState;
  readonly effects: readonly Effect[];
}

/** However a job ends, the BMC's one-shot override is taken back and the node is watched, not armed. */
export function endJob(node: NodeState, outcome: EndedJob['outcome'], at: TimeMs, code?: CauseCode): JobEnd {
  const { job, ask: _ask, ...rest } = node;
  if (job === undefined) return { node, effects: [] };
  const ended: EndedJob = {
    id: job.id,
    kind: job.kind,
    armedAt: job.armedAt,
    armedBy: job.armedBy,
    endedAt: at,
    outcome,
    ...(code === undefined ? {} : { code }),
    planHash: job.plan.hash,
    ...(job.plan.configHash === undefined ? {} : { configHash: job.plan.configHash }),
    ...(job.plan.version === undefined ? {} : { version: job.plan.version }),
    attempts: job.attempts,
  };
  const idle = node.phase.is === 'armed' ? { phase: { is: 'idle', since: at } as const } : {};
  const kept: NodeState = { ...rest, ...idle, endedJobs: newest(node.endedJobs, ended, JOBS_KEPT) };
  const effects: Effect[] = [];
  const media = node.spec.boot === 'virtualMedia' || node.seen.bmcLeft?.media === true;
  // Before its arming is on disk nothing goes to its BMC.
  if (job.stored && (job.override === 'set' || job.override === 'asked'))
    effects.push({ type: 'bmc.clearOverride', node: node.name, job: job.id, media });
  effects.push({ type: 'probe.stop', node: node.name });
  effects.push({
    type: 'job.ended',
    node: node.name,
    job: job.id,
    ...(job.wave === undefined ? {} : { wave: job.wave }),
  });
  const went = doubtOf(node);
  if (outcome === 'done') return { node: asDone(kept, job, at, went), effects };
  const doubt = outcome === 'cancelled' || (code !== undefined && ENDED_BY_ITSELF.has(code)) ? went : undefined;
  const erased = runsFromIt(node, job) ? kept : withErased(kept, went);
  return { node: noLongerKept(doubt === undefined ? erased : { ...erased, diskDoubt: doubt }), effects };
}

/** What else ends a job is told with how far its disk was written. */
const ENDED_BY_ITSELF: ReadonlySet<CauseCode> = new Set(['JOB_EXPIRED', 'ATTEMPTS_SPENT']);

/** What it wrote is there already. */
const runsFromIt = ({ phase }: NodeState, job: Job): boolean =>
  job.spentAt !== undefined && (phase.is === 'diskBoot' || phase.is === 'running' || phase.is === 'ready');

function asDone(node: NodeState, job: Job, at: TimeMs, went: DiskDoubt | undefined): NodeState {
  const { diskDoubt: _answered, ...rest } = node;
  if (job.kind === 'wipe') return noLongerKept(withErased(rest, went));
  if (!writesSystem(job)) return noLongerKept(node);
  const { erased: _since, ...there } = rest;
  return installedBy(there, job, at);
}

function writesSystem(job: Job): boolean {
  return WRITES_DISK[job.kind] && job.kind !== 'wipe';
}

function installedBy(node: NodeState, job: Job, at: TimeMs): NodeState {
  const { version, schematic, configHash } = job.plan;
  const { readySince, ...seen } = node.seen;
  // An install that nobody reported left what was true of the system before it.
  const ready = readySince !== undefined && readySince >= (job.spentAt ?? at) ? { readySince } : {};
  return {
    ...node,
    seen: {
      ...seen,
      ...ready,
      installedAt: at,
      ...(version === undefined ? {} : { talosVersion: version }),
      ...(schematic === undefined ? {} : { schematic }),
      ...(configHash === undefined ? {} : { configHash }),
    },
  };
}
