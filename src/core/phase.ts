import type { Firmware } from './spec.ts';
import type { TimeMs } from './time.ts';

/** What its answer could not give, and why. */
export interface Lack {
  /** `turn`: as a second server we leave it to the first one for a while. */
  readonly of: 'address' | 'loader' | 'turn';
  readonly why: string;
}

/** Whether a system has its address; of its NICs one is enough. `since`: of the requests without an answer the first. */
export interface SystemAddress {
  readonly addressed?: true;
  readonly lacks?: Lack & { readonly since: TimeMs; readonly asks: number };
}

/** Its address is another server's to give (`dhcp: proxy`): would an offer of that one be heard here? Older versions did not say. */
export type Beside = 'heard' | 'unheard';

/** A machine took another address than its `ip:`, because of `why`; without an `ip:`, another one than we would give it. */
export interface NotAtIp {
  readonly ip?: string;
  readonly why: string;
}

/** Requests of its firmware from where DHCP is not served. */
export interface Unanswered {
  /** Of the first and of the last such request of a boot. */
  readonly since: TimeMs;
  readonly at: TimeMs;
  /** In words, where it came from. */
  readonly why: string;
}

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
    /** It took what the first server here gave it (`answerAfter:`): how it goes on is not seen here. */
    readonly first?: true;
  };
  /** `rival`: another server handed it a boot file as well, told where ours is never asked for. `refused`: what it asked over HTTP. */
  readonly requesting: {
    readonly firmware: Firmware;
    readonly address: string;
    readonly bootFile?: string;
    readonly rival?: string;
    /** That one has an address of ours. */
    readonly isTwin?: true;
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
   * and fetches nothing. `askedAt`: of the last request.
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
    readonly askedAt?: TimeMs;
  };
  /** `asks`: absent in snapshots of older versions. `bootstrap`: it fetched `/boot.ipxe`. */
  readonly ipxe: {
    readonly address?: string;
    readonly asks?: number;
    readonly offered?: string;
    readonly lacks?: Lack;
    readonly beside?: Beside;
    /** As in firmware. */
    readonly first?: true;
    readonly refused?: string;
    readonly bootstrap?: true;
  };
  readonly script: { readonly answer: ScriptAnswer; readonly reason: string };
  readonly kernel: Transfer;
  readonly initrd: Transfer;
  readonly handoff: { readonly beacon: boolean };
  readonly up: { readonly by: EvidenceClass } & SystemAddress;
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
  readonly diskBoot: { readonly askedAgain: number } & SystemAddress;
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

/** What was booted from here has the machine, until it restarts or runs from its disk. */
export const REPORT_PHASES = [
  'handoff',
  'up',
  'config',
  'maintenance',
  'wiping',
  'installing',
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
