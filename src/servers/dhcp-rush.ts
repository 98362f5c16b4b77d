/**
 * Whether many machines ask for an address right now. Who has one asks for his files next, on the same thread: a thousand
 * machines in one instant made the last of them wait for the files of the first.
 */
export interface DhcpRush {
  /** So many packets of machines were there at once. */
  readonly heard: (packets: number) => void;
  readonly isOn: () => boolean;
}

const MANY = 8;
/** As long as those need to ask again who were just answered. */
const LASTS_MS = 5;

export function createDhcpRush(now: () => number = () => performance.now()): DhcpRush {
  let until = Number.NEGATIVE_INFINITY;
  return {
    heard: (packets) => {
      if (packets >= MANY) until = now() + LASTS_MS;
    },
    isOn: () => now() < until,
  };
}
