import { addressesThere } from './lost-addresses.ts';

export interface LetGoParts {
  readonly nowMs?: () => number;
  /** Which of them this machine has. */
  readonly there?: (addresses: readonly string[]) => Promise<readonly string[]>;
}

/** For so long machines that were told the address come to it: what a boot was given is fetched within it, or under way. */
const STAYS_MS = 120_000;

/**
 * What listens at addresses that the site does not name any more: which of it is to be closed now. At once where this machine
 * does not have the address, and nobody can come; else a while later, since an edit may be half done, and boots under way.
 */
export function createLetGo<T extends { readonly address: string }>({
  nowMs = () => performance.now(),
  there = addressesThere,
}: LetGoParts = {}): (unnamed: readonly T[]) => Promise<readonly T[]> {
  const since = new Map<T, number>();
  return async (unnamed) => {
    for (const one of since.keys()) if (!unnamed.includes(one)) since.delete(one);
    if (unnamed.length === 0) return [];
    for (const one of unnamed) if (!since.has(one)) since.set(one, nowMs());
    const here = await there([...new Set(unnamed.map(({ address }) => address))]);
    return unnamed.filter(
      (one) => !here.includes(one.address) || nowMs() - (since.get(one) ?? Number.POSITIVE_INFINITY) >= STAYS_MS,
    );
  };
}
