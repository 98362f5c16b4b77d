import type { BmcStatus, BootOverride } from './bmc.ts';
import { postBy, progressText } from './boot-progress.ts';

/**
 * What became of a boot order, read from the BMC of a machine that is silent long after power. Firmware that restarts
 * itself in POST (new DIMMs, an update, a changed setting) uses a one-shot order up without booting from it.
 */
export type OrderFound = 'stands' | 'inPost' | 'notOn' | 'unclear' | 'usedUp';

/** Only what is read in so many words counts: whoever is in POST is not cut off in it. */
export function findOrder(read: BootOverride, status: BmcStatus, trustsSilence: boolean): OrderFound {
  if (status.power !== 'on') return 'notOn';
  const post = postBy(status.progress);
  if (post === 'goesOn') return 'inPost';
  if (read.unclear === true) return 'unclear';
  if (read.enabled !== 'disabled') return 'stands';
  return post === 'over' || trustsSilence ? 'usedUp' : 'unclear';
}

export function orderText(found: OrderFound, progress: string | undefined): string {
  switch (found) {
    case 'stands':
      return 'the boot order still stands: firmware has not asked for it';
    case 'inPost':
      return `still in POST (${progressText(progress ?? '')}): it is not cut off`;
    case 'notOn':
      return 'the machine is not on';
    case 'unclear':
      return 'whether the boot order was used up cannot be told yet';
    case 'usedUp':
      return 'firmware used the boot order up without booting from the network';
  }
}
