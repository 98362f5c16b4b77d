import type { Event } from '../core/event.ts';
import type { Fleet } from '../core/fleet.ts';
import type { EndedJob, Job } from '../core/job.ts';
import type { Attempt, NodeState } from '../core/node.ts';
import type { PhaseName } from '../core/phase.ts';
import { eachChange } from '../core/shard-map.ts';
import type { TimeMs } from '../core/time.ts';

/**
 * What happened to each machine, noted while the events go through the reducer: the fleet itself keeps only the last
 * boots and jobs. `before` and `after` are the states around one event.
 */
export interface NodeStory {
  readonly steps: Step[];
  readonly jobs: Map<string, JobStory>;
  readonly attempts: Map<number, AttemptStory>;
  readonly troubles: Trouble[];
  readonly facts: Facts;
}

export interface Step {
  readonly phase: PhaseName;
  readonly at: TimeMs;
  readonly attempt?: number;
  readonly job?: string;
}

export interface JobStory {
  job: Job;
  ended?: EndedJob;
  disk?: string;
  retries: number;
  detail?: string;
}

export interface AttemptStory {
  attempt: Attempt;
  loader?: string;
  bytes: number;
}

export interface Trouble {
  readonly at: TimeMs;
  readonly health: Exclude<NodeState['health'], { readonly is: 'ok' }>;
}

interface Facts {
  manufacturer?: string;
  loader?: string;
  loaderBy?: string;
}

export type SiteStory = Map<string, NodeStory>;

export function noteEvent(story: SiteStory, before: Fleet, after: Fleet, event: Event): void {
  eachChange(before.nodes, after.nodes, (name, was, node) => noteNode(storyOf(story, name), was, node, event));
}

function storyOf(story: SiteStory, name: string): NodeStory {
  const known = story.get(name);
  if (known !== undefined) return known;
  const fresh: NodeStory = { steps: [], jobs: new Map(), attempts: new Map(), troubles: [], facts: {} };
  story.set(name, fresh);
  return fresh;
}

function noteNode(story: NodeStory, was: NodeState | undefined, node: NodeState, event: Event): void {
  noteJob(story, was, node, event);
  for (const attempt of [...node.pastAttempts.slice(-1), node.attempt])
    if (attempt !== undefined) noteAttempt(story, was, attempt);
  if (was?.phase.is !== node.phase.is || was.attempt?.number !== node.attempt?.number) {
    const job = node.job?.id ?? (was?.job === undefined ? undefined : was.job.id);
    story.steps.push({
      phase: node.phase.is,
      at: event.time,
      ...(node.attempt === undefined ? {} : { attempt: node.attempt.number }),
      ...(job === undefined ? {} : { job }),
    });
  }
  const { health } = node;
  if (health.is !== 'ok' && !(was !== undefined && was.health.is === health.is && codeOf(was) === health.code))
    story.troubles.push({ at: event.time, health });
  noteFacts(story, node, event);
}

const codeOf = (node: NodeState): string | undefined => ('code' in node.health ? node.health.code : undefined);

function noteJob(story: NodeStory, was: NodeState | undefined, node: NodeState, event: Event): void {
  if (node.job !== undefined) {
    const known = story.jobs.get(node.job.id);
    if (known === undefined) story.jobs.set(node.job.id, { job: node.job, retries: 0 });
    else known.job = node.job;
  }
  const running = was?.job === undefined ? undefined : story.jobs.get(was.job.id);
  if (running === undefined || was?.job === undefined) return;
  if (event.type === 'operator.retried' && event.node === node.name) running.retries += 1;
  if (node.job?.id === was.job.id) return;
  const ended = node.endedJobs.findLast((one) => one.id === was.job?.id);
  if (ended !== undefined) running.ended = ended;
  const health = node.health.is === 'ok' ? was.health : node.health;
  if ('detail' in health && ended?.outcome !== 'done') running.detail = health.detail;
}

/** A boot that was over before this story began is not part of it. */
function noteAttempt(story: NodeStory, was: NodeState | undefined, attempt: Attempt): void {
  const known = story.attempts.get(attempt.number);
  if (known !== undefined) known.attempt = attempt;
  else if (attempt.closedAt === undefined || was?.attempt?.number === attempt.number)
    story.attempts.set(attempt.number, { attempt, bytes: 0 });
}

function noteFacts(story: NodeStory, node: NodeState, event: Event): void {
  if (!('node' in event) || event.node !== node.name) return;
  const current = node.attempt === undefined ? undefined : story.attempts.get(node.attempt.number);
  switch (event.type) {
    case 'http.scriptAsked':
      if (event.hardware.manufacturer !== undefined) story.facts.manufacturer = event.hardware.manufacturer;
      break;
    case 'loader.requested':
      story.facts.loader = event.file;
      story.facts.loaderBy = event.by;
      if (current !== undefined) current.loader = event.file;
      break;
    case 'loader.sent':
    case 'image.sent':
      if (current !== undefined) current.bytes += event.totalBytes;
      break;
    case 'talos.installing': {
      const job = node.job === undefined ? undefined : story.jobs.get(node.job.id);
      if (job !== undefined && event.disk !== undefined) job.disk = event.disk;
      break;
    }
    default:
  }
}
