import type { Result } from './result.ts';
import type { BmcSpec } from './spec.ts';
import type { TimeMs } from './time.ts';

/** The board management controller of one machine, whatever it speaks. What it says is a claim; the wire is the proof. */

export type Power = 'on' | 'off' | 'turningOn' | 'turningOff';
export type PowerAction = 'on' | 'off' | 'forceOff' | 'cycle' | 'reset';

/** What a power order came to. Whatever was booting goes on, unless something was sent that cuts. */
export interface Switched {
  readonly power: Power;
  /** `nothing`: it was so already. `on`: it was off, so that nothing was cut. */
  readonly did: 'nothing' | 'on' | 'cut';
}
/** `cd` is a virtual medium that was inserted before: the way in where the network cannot boot. */
export type BootTarget = 'pxe' | 'uefiHttp' | 'cd';

export interface BmcDrive {
  readonly name: string;
  readonly model?: string;
  readonly serial?: string;
  readonly sizeBytes?: number;
  readonly media?: 'ssd' | 'hdd' | 'nvme' | 'other';
}

/** What a BMC tells of its machine. Placeholders are already gone, MACs and UUIDs have one spelling. */
export interface BmcIdentity {
  readonly vendor: string;
  readonly model?: string;
  readonly firmwareVersion?: string;
  readonly biosVersion?: string;
  readonly serial?: string;
  readonly sku?: string;
  readonly uuid?: string;
  readonly asset?: string;
  readonly boardSerial?: string;
  readonly macs: readonly { readonly mac: string; readonly from: string }[];
  readonly processors?: { readonly count: number; readonly model?: string; readonly cores?: number };
  readonly memoryGiB?: number;
  readonly drives: readonly BmcDrive[];
  readonly health?: 'ok' | 'warning' | 'critical';
  readonly locate?: 'on' | 'off' | 'blinking';
  readonly bootTargets: readonly BootTarget[];
  readonly canInsertMedia: boolean;
  /** A boot override for every boot, which is none of ours: `Continuous/Hdd`. */
  readonly leftover?: string;
}

export type BmcFailure =
  | 'unreachable'
  | 'timeout'
  | 'tls'
  | 'pinMissing'
  | 'pinChanged'
  | 'credentials'
  | 'passwordChangeRequired'
  | 'sessionLimit'
  | 'noSystem'
  | 'ambiguousSystem'
  | 'unsupported'
  | 'notTaken'
  | 'busy'
  | 'garbage'
  | 'tooLarge'
  | 'missingProgram'
  /** We have no boot medium for it, or may not serve it. */
  | 'noMedium'
  | 'stopped'
  /** It may be the BMC of another machine. */
  | 'notOurs'
  /** Not wanted any more. */
  | 'held'
  /** Still wanted, and held from here: it is given again by a retry alone. */
  | 'heldBack';

export interface BmcProblem {
  readonly code: BmcFailure;
  /** A whole sentence for the node's screen, saying what was seen. Never a secret. */
  readonly message: string;
  /** What to try. */
  readonly advice: string;
  /** For `pinMissing` and `pinChanged`: the SHA-256 that the BMC shows now. */
  readonly fingerprint?: string;
  /** It was sent, or may have been: the BMC may carry out yet what failed here. */
  readonly maybeDone?: true;
}

export type BmcResult<T> = Promise<Result<T, BmcProblem>>;

export interface BootOverride {
  readonly target: 'none' | BootTarget | 'other';
  readonly enabled: 'disabled' | 'once' | 'continuous';
  readonly mode?: 'uefi' | 'legacy';
  /** Whether it is on or off the BMC does not say in words that are known: nothing follows from it. */
  readonly unclear?: true;
  /** Of one that was just set: what somebody had left there for every boot. */
  readonly replaced?: string;
}

/** How a locate light is left alone: on Dell it is lit then. */
export type LampRest = 'Lit' | 'Off';

export interface Located {
  readonly light: 'on' | 'off' | 'blinking';
  /** What it showed before, where that has to be remembered. */
  readonly rest?: LampRest;
}

/** What one cheap request tells: enough for a poll. */
export interface BmcStatus {
  readonly power: Power;
  readonly health?: 'ok' | 'warning' | 'critical';
  /** How far the firmware is, where the BMC tells it in the same answer. */
  readonly progress?: string;
}

/** How far the firmware is, as the BMC tells it. A claim: it moves no phase, and the wire outranks it. */
export interface BootProgress {
  /** `BootProgress.LastState` of Redfish, or HPE's `PostState`. */
  readonly state: string;
  readonly at: TimeMs;
}

/** One line of the BMC's hardware log. */
export interface BmcLogLine {
  readonly at?: TimeMs;
  readonly severity?: string;
  readonly text: string;
}

/** All that is read of a BMC that nobody knows yet. */
export interface BmcWhole {
  readonly identity: BmcIdentity;
  /** Absent where the BMC told none. */
  readonly power?: Power;
}

export interface BmcPort {
  readPower(): BmcResult<Power>;
  /** Power and health in one request, where the driver can. */
  readStatus?(): BmcResult<BmcStatus>;
  /** Resolves when the power state has changed and was read back, or with why it has not. Already there is success. */
  setPower(action: PowerAction): BmcResult<Switched>;
  readOverride(): BmcResult<BootOverride>;
  /** Sets boot-from-network `Once`, reads it back. `fullPayload` writes every property, for BMCs that ignored the short one. */
  overrideOnce(target: BootTarget, mode: 'uefi' | 'legacy' | undefined, fullPayload: boolean): BmcResult<BootOverride>;
  clearOverride(): BmcResult<BootOverride>;
  readIdentity(): BmcResult<BmcIdentity>;
  /** Both in one look, where the driver can: each resource once. */
  readWhole?(): BmcResult<BmcWhole>;
  /** `rest`: what it goes back to when it is put out, where that is known. */
  setLocate(on: boolean, rest?: LampRest): BmcResult<Located>;
  /** Into an empty slot, or where an older one of ours is; what others inserted stays. */
  insertMedia(imageUrl: string): BmcResult<void>;
  /** Takes out this image, by its URL or the path of it, and nobody else's. */
  ejectMedia(image: string): BmcResult<void>;
  readLog(
    newest: number,
  ): BmcResult<readonly { readonly at?: string; readonly severity?: string; readonly text: string }[]>;
  readBootProgress(): BmcResult<string | undefined>;
  /** Ends the session. Always called; never fails. */
  close(): Promise<void>;
}

export interface BmcTarget {
  readonly node: string;
  readonly spec: BmcSpec;
  /** Resolved from its reference just before use, held in memory only. */
  readonly password: string;
  /** Confirmed by the operator earlier, when the inventory names none. */
  readonly pinnedFingerprint?: string;
  /** The certificates of `bmc.tls.ca`, read just before use. A fingerprint in the inventory goes before them. */
  readonly caPem?: string;
}

export type OpenBmc = (target: BmcTarget) => BmcPort;
