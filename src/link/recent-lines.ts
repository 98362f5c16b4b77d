import { cleanText } from '../core/clean-text.ts';
import { clockText } from '../core/clock-at-start.ts';
import { describeContested } from '../core/contested.ts';
import { describeEvidence } from '../core/describe-event.ts';
import { rivalDoes } from '../core/describe-rival.ts';
import { type Event, type EventType, isEvidence, type ServiceState } from '../core/event.ts';
import { describeHalted } from '../core/halted-stranger.ts';
import { sleptText, steppedText } from '../core/host-clock.ts';
import type { Actor } from '../core/job.ts';
import { unkeptText } from '../core/unkept.ts';
import { QUIET_EVIDENCE } from './quiet-evidence.ts';
import type { RecentLine } from './screen-port.ts';

/** Events as the lines that a screen shows of them. */

export const QUIET_EVENTS: ReadonlySet<EventType> = new Set([
  ...QUIET_EVIDENCE,
  'clock.ticked',
  'lease.granted',
  'lease.ended',
  'session.opened',
  'session.closed',
  'job.stored',
  'site.waveSaved',
]);

/** Anybody on the wire causes these as often as they like: a line each would bury the others. They have panes of their own. */
const HEARD_OFTEN: ReadonlySet<EventType> = new Set(['stranger.seen', 'rival.heard', 'address.contested']);

export function recentLineOf(event: Event): RecentLine | undefined {
  if (QUIET_EVENTS.has(event.type) || HEARD_OFTEN.has(event.type)) return undefined;
  const text = describeEvent(event);
  if (text === undefined) return undefined;
  return { at: event.time, text, ...('node' in event && event.node !== undefined ? { node: event.node } : {}) };
}

export function describeEvent(event: Event): string | undefined {
  if (isEvidence(event)) return describeEvidence(event);
  if ('by' in event) return cleanText(`${event.by.user}: ${whatWasAsked(event)}`, 160);
  switch (event.type) {
    case 'engine.started': {
      const clock = clockText(event);
      const started = `crashcart ${cleanText(event.version, 40)} started${event.simulated ? ' (simulated)' : ''}`;
      return clock === undefined ? started : `${started}: ${clock}`;
    }
    case 'inventory.loaded':
      return `inventory loaded: ${event.nodes.length} machines`;
    case 'inventory.rejected':
      return `inventory rejected: ${event.problems.length} problems`;
    case 'store.failed':
      return cleanText(`NOT SAVING: ${event.reason}`, 160);
    case 'store.ordersUnkept':
      return event.orders.length === 0 ? undefined : cleanText(unkeptText(event.orders, 20), 300);
    case 'store.recovered':
      return 'saving again';
    case 'job.refused':
      return cleanText(`not armed: it could not be stored: ${event.reason}`, 160);
    case 'site.waveRefused':
      return cleanText(`wave ${event.wave} is refused: it could not be stored: ${event.reason}`, 160);
    case 'rival.heard':
      return cleanText(`another DHCP server ${event.server} ${rivalDoes(event)}`, 160);
    case 'address.contested':
      return cleanText(describeContested(event), 300);
    case 'stranger.seen':
      return cleanText(`unknown machine ${event.mac} asks (${event.asked})`, 160);
    case 'stranger.halted':
      return describeHalted(event);
    case 'clock.stepped':
      return steppedText(event);
    case 'clock.slept':
      return sleptText(event);
    case 'service.changed':
      return cleanText(describeService(event.service, event.state), 400);
    default:
      return undefined;
  }
}

/** One that works and is hampered is not told as one that is well. */
function describeService(name: string, state: ServiceState): string {
  if (state.is === 'failed') return `${name} FAILED: ${state.why}: ${state.advice}`;
  if (state.is === 'off') return `${name} off: ${state.why}`;
  return state.warning === undefined ? `${name} ok` : `${name} WARNS: ${state.warning}`;
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
