import type { DhcpAnswer } from '../netboot/dhcp-ask.ts';

/** An offer that is sent and not told yet. */
export interface HeldTelling {
  readonly xid: number;
  readonly answer: DhcpAnswer;
}

/** Offers wait here for their REQUEST, so that an exchange is one event, one line of the journal and one of the log. */
export interface HeldTellings {
  readonly hold: (mac: string, telling: HeldTelling) => void;
  /** Whoever takes it tells it. */
  readonly take: (mac: string) => HeldTelling | undefined;
  /** Tells all that wait. */
  readonly flush: () => void;
}

/** Told after one to two of these: nobody who looks on notices, and who takes an offer at once has done so. */
const TURN_MS = 25;
const MOST_HELD = 2048;

export function createHeldTellings(tell: (answer: DhcpAnswer) => void): HeldTellings {
  let fresh = new Map<string, HeldTelling>();
  let older = new Map<string, HeldTelling>();
  let timer: NodeJS.Timeout | undefined;
  const turn = (): void => {
    const due = older;
    older = fresh;
    fresh = new Map();
    timer = older.size > 0 ? setTimeout(turn, TURN_MS) : undefined;
    for (const { answer } of due.values()) tell(answer);
  };
  const flush = (): void => {
    clearTimeout(timer);
    turn();
    clearTimeout(timer);
    turn();
  };
  return {
    flush,
    hold: (mac, telling) => {
      fresh.set(mac, telling);
      timer ??= setTimeout(turn, TURN_MS);
      if (fresh.size >= MOST_HELD) flush();
    },
    take: (mac) => {
      const held = fresh.get(mac) ?? older.get(mac);
      if (held !== undefined && !fresh.delete(mac)) older.delete(mac);
      return held;
    },
  };
}
