import type { EventBody } from './event.ts';
import type { UnkeptOrder } from './unkept.ts';

/**
 * What forbids or takes back, and what lifts that again. What arms or powers is not here: nothing forgets to do it. A refusal
 * names its job: no other one, and no cancel before or after it, is meant by it.
 */
export function standingOrder(event: EventBody): UnkeptOrder | undefined {
  switch (event.type) {
    case 'operator.cancelled':
      return { what: 'cancel', of: event.node };
    case 'job.refused':
      return event.stands === true ? { what: 'refused arming', of: `${event.node} (job ${event.job})` } : undefined;
    case 'site.waveRefused':
      return event.stands === true ? { what: 'refused wave', of: event.wave } : undefined;
    case 'operator.held':
      return { what: 'hold', of: event.node };
    case 'operator.released':
      return { what: 'release', of: event.node };
    case 'operator.protected':
      return { what: 'protect', of: event.node };
    case 'operator.unprotected':
      return { what: 'unprotect', of: event.node };
    case 'site.wavePaused':
      return { what: 'pause of wave', of: event.wave };
    case 'site.waveCancelled':
      return { what: 'cancel of wave', of: event.wave };
    case 'site.panicSwitched':
      return { what: event.on ? 'PANIC' : 'end of PANIC' };
    case 'site.discoverySwitched':
      return event.until === undefined ? { what: 'discovery off' } : undefined;
    case 'site.glassMended':
      return { what: 'lock closed' };
    default:
      return undefined;
  }
}
