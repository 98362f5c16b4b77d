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

export function tellUncontested(
  { engine, onLog }: Pick<BootParts, 'engine' | 'onLog'>,
  event: Extract<EventBody, { readonly type: 'address.uncontested' }>,
): void {
  engine.emit(event);
  const text = `nobody else answers at its ip ${event.address} any more: it gets that when it asks`;
  onLog({ at: engine.now(), node: event.node, source: 'dhcp', level: 'info', text });
}
