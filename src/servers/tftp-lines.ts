import type { TimeMs } from '../core/time.ts';
import { createRateGate, type RateGateLimits } from './rate-gate.ts';

/** Transfers to addresses that nobody knows: of a room in discovery every one can be seen, of a flood a few. */
const STRANGER_LINES = { burst: 4, perSecond: 0.1, totalBurst: 100, totalPerSecond: 5 };
const BUSY_LINES = { burst: 3, perSecond: 0.1, totalBurst: 30, totalPerSecond: 1 };
/** Names that are not there: a ROM made for another loader tries a dozen in a row. */
const NAME_LINES = { burst: 20, perSecond: 0.2, totalBurst: 1_000, totalPerSecond: 20 };
const STRANGER_NAME_LINES = { burst: 20, perSecond: 0.1, totalBurst: 100, totalPerSecond: 1 };

/** `expected`: every healthy boot of some loader asks for it. */
export type NameKind = 'known' | 'stranger' | 'expected';

/** What is worth a line in the log. Machines on record have gates of their own: a flood of others hides none of theirs. */
export interface TftpLines {
  readonly mayEnd: (address: string, known: boolean, at: TimeMs) => boolean;
  readonly mayRefuse: (address: string, at: TimeMs) => boolean;
  /** Of a name that is not served; what it gives stands behind the line. Undefined: it gets none. */
  readonly ofName: (address: string, kind: NameKind, at: TimeMs) => string | undefined;
}

export function createTftpLines(): TftpLines {
  const strangers = createRateGate(STRANGER_LINES);
  const busy = createRateGate(BUSY_LINES);
  const names: Readonly<Record<NameKind, NameLines>> = {
    known: createNameLines(NAME_LINES),
    stranger: createNameLines(STRANGER_NAME_LINES),
    expected: createNameLines(NAME_LINES),
  };
  return {
    mayEnd: (address, known, at) => known || strangers.pass(address, at),
    mayRefuse: (address, at) => busy.pass(address, at),
    ofName: (address, kind, at) => names[kind](address, at),
  };
}

type NameLines = (address: string, at: TimeMs) => string | undefined;

/** Those that were passed over are counted behind the next one that is told. */
function createNameLines(limits: RateGateLimits): NameLines {
  const gate = createRateGate(limits);
  let told = 0;
  return (address, at) => {
    if (!gate.pass(address, at)) return undefined;
    const passedOver = gate.dropped() - told;
    told = gate.dropped();
    if (passedOver === 0) return '';
    return ` (${passedOver} more ${passedOver === 1 ? 'request' : 'requests'} for names that are not served not told)`;
  };
}
