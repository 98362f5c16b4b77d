import type { EventBody, WaveEntry } from '../core/event.ts';
import { nodeOf } from '../core/fleet.ts';
import type { JobKind } from '../core/job.ts';
import type { Result } from '../core/result.ts';
import type { Engine } from './create-engine.ts';

interface RefuseParts {
  readonly engine: Pick<Engine, 'emit' | 'fleet'>;
  readonly areNoted?: (bodies: readonly EventBody[]) => Promise<boolean>;
}

/** Between how many of those that were ordered are armed and the rest of the answer. */
const ARE_ARMED = ' are armed: ';

/** What is on disk of it is armed, and what is not is refused. */
export const isPartlyArmed = (result: Result<unknown>): boolean =>
  !result.ok && result.error.includes(ARE_ARMED) && result.error.includes(NOT_ARMED);

const NOT_ARMED = '. NOT armed: ';

export async function answerRefused(
  parts: RefuseParts,
  kind: JobKind,
  names: readonly string[],
  refusals: readonly Refusal[],
): Promise<string> {
  const why = notStored(refusals[0]?.reason ?? '', (await parts.areNoted?.(refusals)) === true);
  if (refusals.length === names.length) return why;
  const refused = new Set(refusals.map(({ node }) => node));
  const rest = names.filter((name) => !refused.has(name));
  return `${rest.length} of ${names.length}${ARE_ARMED}${kind}: ${namesOf(rest)}${NOT_ARMED}${namesOf([...refused])}: ${why}`;
}

function namesOf(names: readonly string[]): string {
  const more = names.length - MOST_NAMED;
  return `${names.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

const MOST_NAMED = 40;

/** A disk that hangs may have taken it all the same. */
export const notStored = (reason: string, endsAtStart: boolean): string =>
  endsAtStart
    ? `it could not be stored: ${reason} (should it have reached the disk all the same, the next start ends it)`
    : `it could not be stored: ${reason} (nothing of it goes out now; but that it is refused is NOT SAVED: should it have reached the disk all the same, and the engine end before that saves again, the next start may have it armed: look then, and cancel it)`;

export type Refusal = EventBody & { readonly type: 'job.refused' };

/** Nothing has left for it: that waits for the same disk. */
export function refuse(
  { engine }: Pick<RefuseParts, 'engine'>,
  { node, job }: Pick<WaveEntry, 'node' | 'job'>,
  reason: string,
  how: { readonly stands?: true } = {},
): Refusal {
  const refusal: Refusal = { type: 'job.refused', node, job, reason, ...how };
  engine.emit(refusal);
  return refusal;
}

/** Whether the next start knows of it, and of those that it armed in the moment in which it took itself for saved. */
export async function refuseWave(
  parts: RefuseParts,
  wave: string,
  entries: readonly WaveEntry[],
  reason: string,
): Promise<boolean> {
  const refusal = { type: 'site.waveRefused', wave, reason, stands: true } as const;
  parts.engine.emit(refusal);
  const fleet = parts.engine.fleet();
  const begun = entries.filter(({ node, job }) => nodeOf(fleet, node)?.job?.id === job);
  const refusals = begun.map((one) => refuse(parts, one, reason, { stands: true }));
  return (await parts.areNoted?.([refusal, ...refusals])) === true;
}
