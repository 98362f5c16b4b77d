import type { CauseCode } from './cause.ts';
import type { Lack, PhaseName } from './phase.ts';
import { MINUTE_MS, SECOND_MS } from './time.ts';

/** How long a phase may last before it is a fault, and which. `move`: measured from the last movement, not from entry. */
export interface PhaseLimit {
  readonly afterMs: number;
  readonly code: CauseCode;
  readonly turns: 'late' | 'stalled' | 'failed';
  readonly from: 'entry' | 'movement' | 'request' | 'lack';
}

export const LIMITS: { readonly [P in PhaseName]: PhaseLimit | undefined } = {
  idle: undefined,
  armed: undefined,
  powering: { afterMs: 15 * MINUTE_MS, code: 'NO_PXE', turns: 'stalled', from: 'entry' },
  firmware: { afterMs: 40 * SECOND_MS, code: 'OFFER_IGNORED', turns: 'stalled', from: 'entry' },
  requesting: { afterMs: 30 * SECOND_MS, code: 'NO_LOADER', turns: 'stalled', from: 'entry' },
  loader: { afterMs: 10 * SECOND_MS, code: 'TFTP_STALL', turns: 'stalled', from: 'movement' },
  ipxe: { afterMs: 20 * SECOND_MS, code: 'SCRIPT_NO_FETCH', turns: 'stalled', from: 'entry' },
  script: { afterMs: 10 * MINUTE_MS, code: 'KERNEL_SILENT', turns: 'late', from: 'entry' },
  kernel: { afterMs: 15 * SECOND_MS, code: 'DL_STALL', turns: 'stalled', from: 'movement' },
  initrd: { afterMs: 15 * SECOND_MS, code: 'DL_STALL', turns: 'stalled', from: 'movement' },
  handoff: { afterMs: 180 * SECOND_MS, code: 'KERNEL_SILENT', turns: 'stalled', from: 'entry' },
  up: { afterMs: 120 * SECOND_MS, code: 'UP_LATE', turns: 'late', from: 'entry' },
  config: { afterMs: 120 * SECOND_MS, code: 'UP_LATE', turns: 'late', from: 'entry' },
  maintenance: undefined,
  halted: { afterMs: 0, code: 'HALTED', turns: 'stalled', from: 'entry' },
  wiping: { afterMs: 10 * MINUTE_MS, code: 'WIPE_LATE', turns: 'late', from: 'entry' },
  installing: { afterMs: 15 * MINUTE_MS, code: 'INSTALL_LATE', turns: 'late', from: 'entry' },
  installed: { afterMs: 3 * MINUTE_MS, code: 'LOST_AFTER_INSTALL', turns: 'late', from: 'entry' },
  rebooting: { afterMs: 15 * MINUTE_MS, code: 'LOST_AFTER_INSTALL', turns: 'stalled', from: 'entry' },
  diskBoot: { afterMs: 10 * MINUTE_MS, code: 'RUNNING_LATE', turns: 'late', from: 'entry' },
  running: { afterMs: 10 * MINUTE_MS, code: 'NOT_READY', turns: 'late', from: 'entry' },
  ready: undefined,
  down: undefined,
};

/** It cannot go on by what we have: as long as for an answer that it does not take. */
export const WITHOUT: { readonly [L in Lack['of']]: PhaseLimit } = {
  address: { afterMs: 40 * SECOND_MS, code: 'POOL_EMPTY', turns: 'stalled', from: 'entry' },
  loader: { afterMs: 40 * SECOND_MS, code: 'LOADER_MISSING', turns: 'stalled', from: 'entry' },
  turn: { afterMs: 40 * SECOND_MS, code: 'SECOND_SERVER', turns: 'stalled', from: 'entry' },
};
/** The loader was sent whole: from then on iPXE has 45 s to ask. */
export const AFTER_LOADER: PhaseLimit = {
  afterMs: 45 * SECOND_MS,
  code: 'IPXE_HANG',
  turns: 'stalled',
  from: 'movement',
};
/** Our script fetches the kernel at once, and again after 1, 2, 4, 8 and 15 s: by then it asked five times. */
export const WITHOUT_KERNEL: PhaseLimit = {
  afterMs: 30 * SECOND_MS,
  code: 'NO_KERNEL',
  turns: 'stalled',
  from: 'entry',
};
/** Sent to its disk while its job waits. UEFI may try its other network entries for four minutes before that. */
export const SENT_AWAY: PhaseLimit = {
  afterMs: 5 * MINUTE_MS,
  code: 'HELD_BACK',
  turns: 'stalled',
  from: 'movement',
};
/** kexec needs no POST: after an install that announced it, three minutes are enough. */
export const AFTER_KEXEC: PhaseLimit = {
  afterMs: 3 * MINUTE_MS,
  code: 'LOST_AFTER_INSTALL',
  turns: 'stalled',
  from: 'entry',
};
/** From where DHCP is not served: as long as for an offer that it does not take. `request`: from the first of these. */
export const UNSERVED: PhaseLimit = {
  afterMs: 40 * SECOND_MS,
  code: 'UNSERVED_NETWORK',
  turns: 'stalled',
  from: 'request',
};
/** It missed its disk before, and asks on where nothing is offered. */
export const LEFT_ALONE: PhaseLimit = {
  afterMs: 40 * SECOND_MS,
  code: 'DISK_BOOT_MISSED',
  turns: 'stalled',
  from: 'entry',
};
/** The BMC said "reset", and the power did not change. */
export const BEFORE_POWER: PhaseLimit = {
  afterMs: 120 * SECOND_MS,
  code: 'BMC_NO_POWER',
  turns: 'failed',
  from: 'entry',
};
/** The configuration went out: Talos tells of its install within seconds, where its reports reach us. */
export const AFTER_CONFIG: PhaseLimit = {
  afterMs: 120 * SECOND_MS,
  code: 'CONFIG_SILENT',
  turns: 'late',
  from: 'entry',
};
/** Events flow and the configuration is not fetched. */
export const WITHOUT_CONFIG: PhaseLimit = {
  afterMs: 120 * SECOND_MS,
  code: 'ALREADY_INSTALLED',
  turns: 'stalled',
  from: 'entry',
};
/**
 * The system on the disk runs and the job waits for a network boot. A last word of the old system may say the same while
 * the machine is in its firmware: that one is corrected by the wire within this time, or else the job would wait in silence.
 */
export const BESIDE_JOB: PhaseLimit = {
  afterMs: 2 * MINUTE_MS,
  code: 'BOOTED_DISK',
  turns: 'stalled',
  from: 'entry',
};
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
