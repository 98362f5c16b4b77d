import type { TimeMs } from '../core/time.ts';

/** After a question the kernel needs 8 s to drop who is there no more. */
const SURE_AFTER_MS = 12_000;
/** So long one is in doubt; what the kernel does not show any more is forgotten with that. */
const FORGOTTEN_AFTER_MS = 60_000;
/** Told again while it lasts. */
const TOLD_AGAIN_MS = 5 * 60_000;

/** Of one MAC so many are asked for and told: who is at more of them is known by these. */
const MOST_OF_ONE = 8;

/** Addresses that somebody else than their holder answers for. */
export interface SharedAddresses {
  /** True once it is sure, and then now and then. `ask` makes the kernel look; false: not now. */
  readonly isSure: (address: number, mac: string, at: TimeMs, ask: () => boolean) => boolean;
  readonly forget: (at: TimeMs) => void;
}

/** The kernel's table shows who answered last, which may be who had the address before: believed is who is there still. */
export function createSharedAddresses(): SharedAddresses {
  const doubts = new Map<number, { readonly mac: string; readonly since: TimeMs }>();
  const told = new Map<number, { readonly mac: string; readonly at: TimeMs }>();
  const isKnown = (mac: string): boolean => {
    let count = 0;
    for (const one of [...doubts.values(), ...told.values()]) if (one.mac === mac) count += 1;
    return count >= MOST_OF_ONE;
  };
  return {
    isSure: (address, mac, at, ask) => {
      if (told.has(address)) return false;
      const doubt = doubts.get(address);
      if (doubt?.mac !== mac) {
        if (!isKnown(mac) && ask()) doubts.set(address, { mac, since: at });
        return false;
      }
      if (at - doubt.since < SURE_AFTER_MS) return false;
      doubts.delete(address);
      told.set(address, { mac, at });
      return true;
    },
    forget: (at) => {
      for (const [address, { since }] of doubts) if (at - since > FORGOTTEN_AFTER_MS) doubts.delete(address);
      for (const [address, one] of told) if (at - one.at > TOLD_AGAIN_MS) told.delete(address);
    },
  };
}
