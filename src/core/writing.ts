import type { NodeState } from './node.ts';
import type { PhaseName } from './phase.ts';

/** After its hand-over a foreign system tells nothing: until it is seen on its disk it may be writing it. */
const UNTOLD: ReadonlySet<PhaseName> = new Set(['script', 'kernel', 'initrd', 'handoff', 'up', 'config', 'rebooting']);

/** `is installing (41 %)`: what whoever takes its power away cuts. One that failed is beyond that. */
export function writingText({ phase, health, job }: NodeState): string | undefined {
  if (health.is === 'failed') return undefined;
  if (phase.is === 'wiping') return 'is being wiped';
  if (phase.is === 'installing')
    return `is installing${phase.percent === undefined ? '' : ` (${Math.floor(phase.percent)} %)`}`;
  const mayWrite = job?.plan.foreign === true && job.spentAt !== undefined && UNTOLD.has(phase.is);
  return mayWrite ? `may be installing (${job.plan.profile})` : undefined;
}
