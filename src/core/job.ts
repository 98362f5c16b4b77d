import type { CauseCode } from './cause.ts';
import type { Arch } from './spec.ts';
import { MINUTE_MS, type TimeMs } from './time.ts';

export type JobKind = 'install' | 'reinstall' | 'wipe' | 'inspect' | 'rescue';

export const JOB_EXPIRY_MS = 30 * MINUTE_MS;
export const MAX_ATTEMPTS = 3;

/** Which jobs can end in bytes on a disk. Everything else is refused a disk-writing answer by the gate. */
export const WRITES_DISK: { readonly [K in JobKind]: boolean } = {
  install: true,
  reinstall: true,
  wipe: true,
  inspect: false,
  rescue: false,
};

/** Jobs that erase what is there: they are confirmed by what is typed. */
export const ERASES: ReadonlySet<JobKind> = new Set(['reinstall', 'wipe']);

/** Jobs whose first boot carries the wipe argument. */
export function takesWipe({ kind, plan }: { readonly kind: JobKind; readonly plan?: Pick<Plan, 'foreign'> }): boolean {
  return kind === 'wipe' || (kind === 'reinstall' && plan?.foreign !== true);
}

export interface Artefact {
  /** Path below the vault, and below `/a/` on the wire. */
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** Everything that the operator confirmed, as one hash. What is served must still hash to it. */
export interface Plan {
  readonly hash: string;
  readonly kind: JobKind;
  readonly profile: string;
  readonly arch: Arch;
  readonly version?: string;
  readonly schematic?: string;
  readonly kernel?: Artefact;
  readonly initrd?: Artefact;
  readonly loader?: Artefact;
  /** SHA-256 of the rendered machine configuration; the text itself is never stored. */
  readonly configHash?: string;
  /** SHA-256 of an own iPXE template, hashed again when it goes out. */
  readonly templateHash?: string;
  readonly configChecked: boolean;
  /** Rule 5: does the configuration name one disk, and by what. */
  readonly disk: { readonly sure: boolean; readonly why: string };
  /** Rendered kernel arguments with `{token}` where the attempt's token goes. */
  readonly kernelArgs: readonly string[];
  /** Before the network boot of a reinstall or wipe Talos itself is told to reset, where it runs. */
  readonly resetFirst?: boolean;
  /**
   * A system that is not Talos and writes disks: nothing halts it on one that is in use, it takes no wipe argument, and it
   * reports nothing. Its job is spent where it is handed over to it.
   */
  readonly foreign?: true;
  /** Booted as it is by UEFI HTTP boot: no arguments, no token. Its configuration is applied in maintenance mode. */
  readonly uki?: boolean;
}

export interface Actor {
  readonly user: string;
  /** `tty1`, an SSH peer, `socket`. */
  readonly from: string;
  readonly screen?: string;
}

export interface Job {
  readonly id: string;
  readonly kind: JobKind;
  readonly plan: Plan;
  readonly armedAt: TimeMs;
  readonly armedBy: Actor;
  readonly expiresAt: TimeMs;
  /** So much earlier than was confirmed: the host may have stood still. Absent in snapshots of older versions. */
  readonly cutMs?: number;
  /** A boot that has its script by then is let through to its end. Absent in journals of older versions: it was cut. */
  readonly letsEnd?: true;
  readonly maxAttempts: number;
  readonly attempts: number;
  /** Evidence that the disk is being written. From here on the job arms nothing more. */
  readonly spentAt?: TimeMs;
  /** The attempt in which a foreign system took over: its boot alone may still read what belongs to it. */
  readonly handedOver?: number;
  /** An own script that writes went out, first and last, and where to. Absent in snapshots of older versions. */
  readonly scriptOut?: { readonly at: TimeMs; readonly lastAt: TimeMs; readonly address: string };
  /** When its own script, or that of its wipe, was noted last, until it is told that this left or did not. */
  readonly leavingAt?: TimeMs;
  /** The program ended before that was told: it may have left, or never. */
  readonly leftUnsure?: true;
  /** Rule 7: the wipe argument went out; it never goes out again in this job. */
  readonly wipeSentAt?: TimeMs;
  /** A script that installs went out: whoever reports an install from now on may mean this one. */
  readonly installOfferedAt?: TimeMs;
  /** The one attempt whose boot carries the wipe: a line that comes doubled or late makes no other one to it. */
  readonly wipeAttempt?: number;
  /** An image of that boot was asked for. From here on the argument is not even repeated. */
  readonly wipeFetchedAt?: TimeMs;
  /** The machine was seen wiping, or came back after the wipe argument. */
  readonly wipedAt?: TimeMs;
  /** The wipe's boot used up the one-shot override; another one was ordered for the boot that installs. */
  readonly secondOverrideAt?: TimeMs;
  readonly configServedAt?: TimeMs;
  readonly initrdSentAt?: TimeMs;
  readonly override: 'none' | 'asked' | 'set' | 'cleared';
  /** The short payload was ignored once; the full one with off-then-on was tried. */
  readonly overrideRetried: boolean;
  /** How often firmware used the order up in POST, and it was given again. */
  readonly orderedAgain?: number;
  readonly suspended?: { readonly at: TimeMs; readonly code: CauseCode };
  readonly wave?: string;
  /** Talos was up when this was armed, and is told to reset before the network boot is ordered. */
  readonly resetFirst?: boolean;
  /** A retry ordered its boot before it was known how the reset ended: it may have been told to, and is told no more. */
  readonly resetUnsure?: true;
  /** It was told to. */
  readonly resetAt?: TimeMs;
  /** Armed through broken glass: the only way past `protected`. */
  readonly underGlass: boolean;
  /** Nobody was told of it before `stored` was on disk as well. Absent in journals of older versions: they were told before. */
  readonly savesFirst?: true;
  /** The arming is on disk. Until then no order goes to a BMC and the gate gives nothing that writes. */
  readonly stored: boolean;
}

/** What a job had set going when it was ended: nothing here stops that. */
export interface DiskDoubt {
  /** By what the disk may be written or erased: `config` lets Talos install; `install` and `wiped` were seen to begin. */
  readonly by: 'script' | 'system' | 'install' | 'config' | 'wipe' | 'wiped' | 'reset';
  readonly kind: JobKind;
  readonly since: TimeMs;
  /** The boot that it belongs to. */
  readonly attempt?: number;
  /** It was on its way; whether it arrived whole was not known. */
  readonly partly?: true;
}

export interface EndedJob {
  readonly id: string;
  readonly kind: JobKind;
  readonly armedAt: TimeMs;
  readonly armedBy: Actor;
  readonly endedAt: TimeMs;
  readonly outcome: 'done' | 'failed' | 'cancelled' | 'expired';
  readonly code?: CauseCode;
  readonly planHash: string;
  readonly configHash?: string;
  readonly version?: string;
  readonly attempts: number;
  /** Its disk was being written, by all that was seen, when the machine left the inventory. */
  readonly begun?: true;
  /** The name that the machine had then, where its file was renamed. */
  readonly name?: string;
  /** It never began: this is its place in a wave. */
  readonly waited?: true;
}
