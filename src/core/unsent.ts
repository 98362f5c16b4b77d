import type { EventOf } from './event.ts';
import type { Job } from './job.ts';
import type { Attempt, NodeState } from './node.ts';
import type { TimeMs } from './time.ts';

type Withheld = Pick<EventOf<'http.answerWithheld'>, 'job' | 'what' | 'askedAt' | 'again' | 'reason'>;

/**
 * What lets a machine write is noted first and sent then. Where it was not sent after all, what its note spent is not spent:
 * that bears the time of the note. Where the same answer went out in this boot before, all of it stands.
 */
export function neverSent(node: NodeState, { job, what, askedAt, again, reason }: Withheld): NodeState {
  if (again === true || node.job?.id !== job) return node;
  const { scriptOut } = node.job;
  if (scriptOut !== undefined && scriptOut.lastAt !== askedAt) return node;
  const boot = node.attempt === undefined ? {} : { attempt: neverFetched(node.attempt, askedAt) };
  if (what === 'image') return { ...node, ...boot };
  const told: NodeState = { ...node, ...boot, job: unspent(node.job, askedAt) };
  const { phase } = told;
  if (phase.is !== 'script' || told.attempt === undefined) return told;
  const { answered: _unsent, ...attempt } = told.attempt;
  return { ...told, attempt, phase: { ...phase, answer: 'local', reason } };
}

function neverFetched(attempt: Attempt, askedAt: TimeMs): Attempt {
  if (attempt.fetchedAt !== askedAt) return attempt;
  const { fetchedAt: _unsent, ...before } = attempt;
  return before;
}

function unspent(job: Job, askedAt: TimeMs): Job {
  const { spentAt, handedOver, scriptOut, wipeSentAt, wipeAttempt, installOfferedAt, leavingAt, ...rest } = job;
  const isOlder = (at: TimeMs | undefined): at is TimeMs => at !== undefined && at !== askedAt;
  return {
    ...rest,
    ...(isOlder(spentAt) ? { spentAt } : {}),
    ...(isOlder(spentAt) && handedOver !== undefined ? { handedOver } : {}),
    ...(isOlder(spentAt) && scriptOut !== undefined ? { scriptOut } : {}),
    ...(isOlder(wipeSentAt) ? { wipeSentAt } : {}),
    ...(isOlder(wipeSentAt) && wipeAttempt !== undefined ? { wipeAttempt } : {}),
    ...(isOlder(installOfferedAt) ? { installOfferedAt } : {}),
    ...(isOlder(leavingAt) ? { leavingAt } : {}),
  };
}
