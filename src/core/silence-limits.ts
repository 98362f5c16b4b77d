import type { PhaseLimit } from './phase.ts';
import { MINUTE_MS, SECOND_MS } from './time.ts';

/** Of machines that asked for one thing, got it, and never asked for what comes next. */

/** It asked once or twice, and then no more: firmware waits at most 32 s between two requests. */
export const AFTER_ASKING: PhaseLimit = {
  afterMs: MINUTE_MS,
  code: 'STOPPED_ASKING',
  turns: 'stalled',
  from: 'movement',
};
/** It was told how large its loader is: firmware fetches it at once. */
export const AFTER_SIZE: PhaseLimit = {
  afterMs: 30 * SECOND_MS,
  code: 'LOADER_SIZE_ONLY',
  turns: 'stalled',
  from: 'movement',
};
/** `/boot.ipxe` asks for the script at once, and again after 1, 2, 4 and 8 s. */
export const AFTER_BOOTSTRAP: PhaseLimit = {
  afterMs: 20 * SECOND_MS,
  code: 'BOOTSTRAP_ONLY',
  turns: 'stalled',
  from: 'movement',
};
/** Our script fetches it right behind the kernel, and again as often as that. */
export const WITHOUT_INITRD: PhaseLimit = {
  afterMs: 30 * SECOND_MS,
  code: 'NO_INITRD',
  turns: 'stalled',
  from: 'movement',
};
