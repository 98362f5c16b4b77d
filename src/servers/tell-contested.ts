import { describeContested } from '../core/contested.ts';
import type { EventBody } from '../core/event.ts';
import type { BootParts } from './server-parts.ts';

/** Into the state, and into the log of the machine whose address it is. */
export function tellContested(
  { engine, onLog }: Pick<BootParts, 'engine' | 'onLog'>,
  event: Extract<EventBody, { readonly type: 'address.contested' }>,
): void {
  engine.emit(event);
  onLog({
    at: engine.now(),
    node: event.node,
    source: event.how === 'script' || event.how === 'refused' ? 'http' : 'dhcp',
    level: 'warn',
    text: describeContested(event),
  });
}
