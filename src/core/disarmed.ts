import type { NodeState } from './node.ts';
import type { IdentitySpec } from './spec.ts';

/** Of a machine whose job was ended because its file names another identity since: until it is armed again. */
export function disarmedText({ job, endedJobs }: NodeState): string | undefined {
  const last = endedJobs.at(-1);
  if (job !== undefined || last?.outcome !== 'cancelled' || last.code !== 'PLAN_CHANGED') return undefined;
  return `its ${last.kind} job was ended: its identity in the inventory changed; arm it again if it is the machine that is meant`;
}

const FIELDS = ['macs', 'uuid', 'serial', 'boardSerial'] as const;

/** For its timeline and the log. */
export function identityChange(before: IdentitySpec, after: IdentitySpec, kind: string): string {
  const changed = FIELDS.filter((field) => textOf(before[field]) !== textOf(after[field]));
  return `inventory: its identity changed (${changed.join(', ')}): its ${kind} job is ended`;
}

const textOf = (value: string | readonly string[] | undefined): string =>
  typeof value === 'object' ? [...value].sort().join() : (value ?? '');
