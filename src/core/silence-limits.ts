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
/** Our script fetches it right behind the kernel, and again as often as that. */
export const WITHOUT_INITRD: PhaseLimit = {
  afterMs: 30 * SECOND_MS,
  code: 'NO_INITRD',
  turns: 'stalled',
  from: 'movement',
};
