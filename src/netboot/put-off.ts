import type { EventBody } from '../core/event.ts';
import type { NodeState } from '../core/node.ts';
import { SECOND_MS, type TimeMs } from '../core/time.ts';

/** Half of what iPXE may be silent before it is late: that it still asks must be known by then. */
const STILL_WAITS_MS = 10 * SECOND_MS;

/** It asks every few seconds, perhaps for minutes: told is that it was put off, and why; after that, now and then, that it waits. */
export function putOff(
  { name, powerOrder }: NodeState,
  at: TimeMs,
  address: string,
  reason: string,
): EventBody | undefined {
  const notedAt = powerOrder?.putOffAt;
  if (notedAt === undefined) return { type: 'http.scriptPutOff', node: name, address, reason };
  return at - notedAt < STILL_WAITS_MS ? undefined : { type: 'http.scriptAwaited', node: name };
}

/** That it still asks keeps its boot the same one. */
export function notNoted(node: NodeState, at: TimeMs, address: string, reason: string): EventBody | undefined {
  const { attempt, health, name, seen } = node;
  if (health.is !== 'stalled' || health.code !== 'NOT_NOTED')
    return { type: 'http.scriptPutOff', node: name, address, unsaved: true, reason };
  const heardAt = attempt?.lastActivityAt ?? seen.lastAt ?? 0;
  return at - heardAt < STILL_WAITS_MS ? undefined : { type: 'http.scriptAwaited', node: name };
}
