/** More rounds of questions than this, three each (the kernel asks three times): one lost packet is not enough. */
const ROUNDS = 2;

/** Are those gone that kept an address from its machine? */
export interface GoneHosts {
  /** One round, in which that address was asked for. True: it was somebody's by ARP, and none answers any more. */
  readonly isGone: (address: number, isThere: boolean, wasThere: boolean) => boolean;
  readonly keep: (addresses: ReadonlySet<number>) => void;
}

export function createGoneHosts(): GoneHosts {
  /** Rounds without an answer since the last one. Whom only the machine itself found there is not gone by that. */
  const silent = new Map<number, number>();
  return {
    isGone: (address, isThere, wasThere) => {
      const before = silent.get(address) ?? (wasThere ? 0 : undefined);
      if (isThere) silent.set(address, 0);
      else if (before !== undefined) silent.set(address, before + 1);
      return !isThere && before !== undefined && before + 1 > ROUNDS;
    },
    keep: (addresses) => {
      for (const address of silent.keys()) if (!addresses.has(address)) silent.delete(address);
    },
  };
}
