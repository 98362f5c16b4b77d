import { cleanText } from '../core/clean-text.ts';
import { describeContested } from '../core/contested.ts';
import { describeEvidence } from '../core/describe-event.ts';
import { rivalDoes } from '../core/describe-rival.ts';
import { type Event, type EventType, isEvidence } from '../core/event.ts';
import type { Actor } from '../core/job.ts';
import { QUIET_EVIDENCE } from '../link/quiet-evidence.ts';
import type { AuditLine, LogLine, RecentLine } from '../link/screen-port.ts';

/** Recorded events as the lines that a screen shows of them. */

const QUIET: ReadonlySet<EventType> = new Set([
  ...QUIET_EVIDENCE,
  'clock.ticked',
  'lease.granted',
  'lease.ended',
  'session.opened',
  'session.closed',
  'job.stored',
]);

export function recentLineOf(event: Event): RecentLine | undefined {
  if (QUIET.has(event.type)) return undefined;
  const text = describe(event);
  if (text === undefined) return undefined;
  return { at: event.time, text, ...('node' in event && event.node !== undefined ? { node: event.node } : {}) };
}

function describe(event: Event): string | undefined {
  if (isEvidence(event)) return describeEvidence(event);
  if ('by' in event) return cleanText(`${event.by.user}: ${whatWasAsked(event)}`, 160);
  switch (event.type) {
    case 'engine.started':
      return `crashcart ${cleanText(event.version, 40)} started${event.simulated ? ' (simulated)' : ''}`;
    case 'inventory.loaded':
      return `inventory loaded: ${event.nodes.length} machines`;
    case 'inventory.rejected':
      return `inventory rejected: ${event.problems.length} problems`;
    case 'store.failed':
      return cleanText(`NOT SAVING: ${event.reason}`, 160);
    case 'store.recovered':
      return 'saving again';
    case 'rival.heard':
      return cleanText(`another DHCP server ${event.server} ${rivalDoes(event)}`, 160);
    case 'address.contested':
      return cleanText(describeContested(event), 300);
    case 'stranger.seen':
      return cleanText(`unknown machine ${event.mac} asks (${event.asked})`, 160);
    case 'service.changed':
      return cleanText(`${event.service} ${event.state.is}`, 160);
    default:
      return undefined;
  }
}

type Ordered = Extract<Event, { readonly by: Actor }>;

/** `operator.armed` of an install reads "armed install"; everything else is named by its event. */
export function whatWasAsked(event: Ordered): string {
  const name = event.type.slice(event.type.indexOf('.') + 1);
  switch (event.type) {
    case 'operator.armed':
      return `armed ${event.kind} (plan ${event.plan.hash.slice(0, 12)})`;
    case 'operator.poweredBy':
      return `power ${event.action}`;
    case 'operator.held':
      return `held: ${event.why}`;
    case 'operator.talosAsked':
      return event.ask;
    case 'site.waveStarted':
      return `wave ${event.wave}: ${event.kind} of ${event.nodes.length}`;
    case 'site.glassBroken':
      return `glassBroken: ${event.reason}`;
    case 'site.panicSwitched':
      return event.on ? 'panic on' : 'panic off';
    default:
      return name;
  }
}

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
  const text = describe(event);
  if (text === undefined) return undefined;
  const source = event.type.slice(0, event.type.indexOf('.'));
  const isBad = /failed|panicked|aborted|Refused|rejected/.test(event.type);
  const isRate = QUIET.has(event.type);
  return { at: event.time, source, level: isBad ? 'error' : isRate ? 'debug' : 'info', text };
}
