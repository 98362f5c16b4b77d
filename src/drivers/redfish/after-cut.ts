import type { BmcTimings } from '../bmc-timings.ts';
import { backOffMs, type Deadline, sleep } from '../bmc-wait.ts';

/** After so many cuts in a row the BMC counts as away. */
const MAX_REPEATS = 3;

/**
 * Whether a request that was cut, and does no harm twice, is sent again: waits for it. The first time at once, for an
 * iLO drops a connection now and then, and takes the next.
 */
export async function waitAfterCut(
  repeats: number,
  { retryFirstMs, retryMaxMs }: BmcTimings,
  deadline: Deadline,
): Promise<boolean> {
  if (repeats >= MAX_REPEATS) return false;
  if (repeats > 0) await sleep(backOffMs(repeats, retryFirstMs, retryMaxMs), deadline.signal);
  return !deadline.expired();
}
