import type { Fleet } from './fleet.ts';

/** Its next machine would be armed in the moment in which PANIC ends. Older versions took it, and their journals replay so. */
export const againstResuming = ({ switches }: Pick<Fleet, 'switches'>): string | undefined =>
  switches.panic === undefined ? undefined : 'the panic key is pressed: release it first, then resume the wave';
