import type { EventType } from '../core/event.ts';

/** Something broke, or everything stops: a person looks at it now. */
const ALARMS = [
  'bmc.failed',
  'talos.failed',
  'talos.configFailed',
  'talos.panicked',
  'store.failed',
  'site.panicSwitched',
] as const satisfies readonly EventType[];

/** Goes to the screens ahead of its batch; whoever gave an order sees that it was taken. */
export const SENT_AT_ONCE: ReadonlySet<EventType> = new Set([...ALARMS, 'operator.armed', 'operator.cancelled']);

/** Is drawn as soon as it came: with a tick come the stalls, and a rival spoils the boot that is under way. */
export const DRAWN_AT_ONCE: ReadonlySet<EventType> = new Set([...ALARMS, 'dhcp.rivalAnswered', 'clock.ticked']);
