import type { Effect } from './effect.ts';
import type { Fleet } from './fleet.ts';

/** The state after an event, and what is to be done about it. */
export type Reduced = readonly [Fleet, readonly Effect[]];
