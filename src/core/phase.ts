import type { CauseCode } from './cause.ts';
import type { Firmware } from './spec.ts';
import { MINUTE_MS, SECOND_MS, type TimeMs } from './time.ts';

/** What its answer could not give, and why. */
export interface Lack {
  readonly of: 'address' | 'loader';
  readonly why: string;
}

/** Its address is another server's to give (`dhcp: proxy`): would an offer of that one be heard here? Older versions did not say. */
export type Beside = 'heard' | 'unheard';

/** What a phase knows. A fact that is not listed is not true in it, and reading it does not compile. */
export interface PhaseFacts {
  readonly idle: object;
  readonly armed: object;
  /** `lookedAt`: when its BMC was asked last what became of the boot order. */
  readonly powering: { readonly overrideSet: boolean; readonly poweredAt?: TimeMs; readonly lookedAt?: TimeMs };
  readonly firmware: {
    readonly arch: number;
    readonly firmware: Firmware;
    readonly xid: number;
    /** When it asked first with this `xid`. Absent in snapshots of older versions. */
    readonly askedAt?: TimeMs;
    readonly asks: number;
    /** What it asked in vain before it was given this offer: another one has its own time, and is no other boot. */
    readonly before?: { readonly asks: number; readonly since: TimeMs };
    readonly offered?: string;
    readonly lacks?: Lack;
    readonly beside?: Beside;
  };
  /** `rival`: another server handed it a boot file as well, told where ours is never asked for. `refused`: what it asked over HTTP. */
  readonly requesting: {
    readonly firmware: Firmware;
    readonly address: string;
    readonly bootFile?: string;
    readonly rival?: string;
    readonly lacks?: Lack;
    readonly refused?: string;
    /** It asked us for this instead. */
    readonly notServed?: string;
    /** It came to the boot server; false where its firmware does that always and has not. */
    readonly port4011?: boolean;
  };
  /**
   * `lostBlock`: so large was the first block, of which nothing was acknowledged. `eased`: what the next transfer gets
   * instead. `open`: of so many requests the end was not told, where it is not one. `sizeOnly`: it was told the size,
   * and fetches nothing.
   */
  readonly loader: {
    readonly file: string;
    readonly sentBytes: number;
    readonly totalBytes: number;
    readonly doneAt?: TimeMs;
    readonly refused?: string;
    readonly lostBlock?: number;
    readonly eased?: 'blocks' | 'loader';
    readonly open?: number;
    readonly sizeOnly?: true;
  };
  /** `asks`: absent in snapshots of older versions. `bootstrap`: it fetched `/boot.ipxe`. */
  readonly ipxe: {
    readonly address?: string;
    readonly asks?: number;
    readonly offered?: string;
    readonly lacks?: Lack;
    readonly beside?: Beside;
    readonly refused?: string;
    readonly bootstrap?: true;
  };
  readonly script: { readonly answer: ScriptAnswer; readonly reason: string };
  readonly kernel: Transfer;
  readonly initrd: Transfer;
  readonly handoff: { readonly beacon: boolean };
  readonly up: { readonly by: EvidenceClass };
  readonly config: { readonly servedAt?: TimeMs };
  readonly maintenance: { readonly api: boolean };
  readonly halted: object;
  readonly wiping: object;
  readonly installing: { readonly disk?: string; readonly percent?: number; readonly step?: string };
  readonly installed: object;
  readonly rebooting: {
    readonly how: 'kexec' | 'firmware' | 'unknown';
    readonly after: 'install' | 'wipe' | 'other';
    /** As in `powering`: of the order for the boot that installs. */
    readonly lookedAt?: TimeMs;
  };
  readonly diskBoot: { readonly askedAgain: number };
  readonly running: { readonly unmet: readonly string[] };
  readonly ready: object;
  /** `was`: what a machine that fell silent is again when it speaks without having booted. */
  readonly down: { readonly why: 'off' | 'silent'; readonly was?: 'running' | 'ready' };
}

export interface Transfer {
  readonly sentBytes: number;
  readonly totalBytes: number;
  readonly bytesPerSecond: number;
  readonly movedAt: TimeMs;
}

export type ScriptAnswer = 'install' | 'wipe' | 'inspect' | 'rescue' | 'local' | 'discover';

export type PhaseName = keyof PhaseFacts;
export type PhaseOf<P extends PhaseName> = {
  readonly [K in P]: { readonly is: K; readonly since: TimeMs } & PhaseFacts[K];
}[P];
export type Phase = PhaseOf<PhaseName>;

/** On what a belief rests. Shown beside every phase; only `wire`, `node` and `bmc` are proof. */
export type EvidenceClass = 'wire' | 'node' | 'probe' | 'bmc' | 'operator' | 'assumed';

/** In the order of a boot; the first four and the last are not part of an attempt's way. */
export const PHASES = [
  'idle',
  'armed',
  'powering',
  'firmware',
  'requesting',
  'loader',
  'ipxe',
  'script',
  'kernel',
  'initrd',
  'handoff',
  'up',
  'config',
  'maintenance',
  'halted',
  'wiping',
  'installing',
  'installed',
  'rebooting',
  'diskBoot',
  'running',
  'ready',
  'down',
] as const satisfies readonly PhaseName[];

/** Nothing of a boot was seen yet. */
export const QUIET_PHASES = ['idle', 'armed', 'down'] as const satisfies readonly PhaseName[];
/** From the firmware's first request to iPXE. */
export const EARLY_PHASES = ['firmware', 'requesting', 'loader', 'ipxe'] as const satisfies readonly PhaseName[];
/** No boot script was asked for yet: a system that speaks now is one of an earlier boot. */
export const BEFORE_SCRIPT_PHASES = ['idle', 'armed', 'powering', ...EARLY_PHASES, 'down'] as const;
/** iPXE loads a system, or has handed over to it. */
export const IMAGE_PHASES = ['kernel', 'initrd', 'handoff'] as const satisfies readonly PhaseName[];
/** The system that we send is on its way or up, and has not halted, wiped or installed. */
export const BOOTING_PHASES = ['script', ...IMAGE_PHASES, 'up', 'config', 'maintenance'] as const;
/** The kernel that we sent is running. */
export const NETWORK_PHASES = [
  'up',
  'config',
  'maintenance',
  'halted',
  'wiping',
  'installing',
  'installed',
] as const satisfies readonly PhaseName[];
/** What is on the disk is about to run, or does. */
export const DISK_PHASES = ['rebooting', 'diskBoot', 'running', 'ready'] as const satisfies readonly PhaseName[];
/** A kernel was started and the firmware is left behind. */
export const SYSTEM_PHASES = [...NETWORK_PHASES, ...DISK_PHASES] as const;

/** How long a phase may last before it is a fault, and which. `move`: measured from the last movement, not from entry. */
export interface PhaseLimit {
  readonly afterMs: number;
  readonly code: CauseCode;
  readonly turns: 'late' | 'stalled' | 'failed';
  readonly from: 'entry' | 'movement';
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
/** kexec needs no POST: after an install that announced it, three minutes are enough. */
export const AFTER_KEXEC: PhaseLimit = {
  afterMs: 3 * MINUTE_MS,
  code: 'LOST_AFTER_INSTALL',
  turns: 'stalled',
  from: 'entry',
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
