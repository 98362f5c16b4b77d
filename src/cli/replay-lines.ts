import { cleanText } from '../core/clean-text.ts';
import { type Event, isEvidence } from '../core/event.ts';
import { describeEvent, QUIET_EVENTS, whatWasAsked } from '../link/recent-lines.ts';
import type { AuditLine, LogLine } from '../link/screen-port.ts';

/** Recorded events as what a live engine writes beside them: orders and logs. */

export function auditLineOf(event: Event): AuditLine | undefined {
  if (isEvidence(event) || !('by' in event)) return undefined;
  const nodes =
    'node' in event ? [event.node] : 'nodes' in event ? event.nodes.map((entry) => entry.node) : ([] as string[]);
  return {
    at: event.time,
    who: event.by.user,
    from: event.by.from,
    what: cleanText(whatWasAsked(event), 160),
    nodes,
    outcome: 'taken',
    ...(event.by.screen === undefined ? {} : { screen: event.by.screen }),
  };
}

/** What a live engine writes to its logs is not in the journal; what happened is. */
export function logLineOf(event: Event): LogLine | undefined {
  const text = describeEvent(event);
  if (text === undefined) return undefined;
  const source = event.type.slice(0, event.type.indexOf('.'));
  const isBad = /failed|panicked|aborted|Refused|rejected/.test(event.type);
  const isRate = QUIET_EVENTS.has(event.type);
  return { at: event.time, source, level: isBad ? 'error' : isRate ? 'debug' : 'info', text };
}
