import type { LampRest, Power, PowerAction } from './bmc.ts';
import type { CauseCode } from './cause.ts';
import type { Drift, IgnoredDrift } from './drift.ts';
import type { DiskDoubt, EndedJob, Job } from './job.ts';
import type { EvidenceClass, Phase, PhaseName, PhaseOf, ScriptAnswer } from './phase.ts';
import type { Reported } from './reported.ts';
import type { Seen } from './seen.ts';
import type { NodeSpec } from './spec.ts';
import type { TimeMs } from './time.ts';

/** What the operator wants. Armed is not written here: a node is armed while it has a job. */
export type Intent =
  | { readonly is: 'observe' }
  | {
      readonly is: 'hold';
      readonly since: TimeMs;
      readonly why: string;
      /** Absent in snapshots of older versions. */
      readonly by?: string;
    };

export type Health =
  | { readonly is: 'ok' }
  | {
      readonly is: 'late' | 'stalled' | 'failed';
      readonly code: CauseCode;
      readonly since: TimeMs;
      readonly detail: string;
    }
  | { readonly is: 'conflict'; readonly code: 'IDENTITY_CONFLICT'; readonly since: TimeMs; readonly detail: string };

export type PowerBelief =
  | { readonly is: Power; readonly since: TimeMs; readonly readAt: TimeMs }
  | { readonly is: 'unknown'; readonly since: TimeMs };

export interface Evidence {
  readonly at: TimeMs;
  readonly from: EvidenceClass;
  readonly text: string;
}

export interface Attempt {
  readonly number: number;
  readonly openedAt: TimeMs;
  readonly closedAt?: TimeMs;
  /** Why it ended, in words: "rebooted in kernel", "answered local". */
  readonly end?: string;
  /** Which phases it went through and when each began. */
  readonly way: readonly { readonly phase: PhaseName; readonly at: TimeMs }[];
  readonly job?: string;
  readonly cameUp: boolean;
  readonly lastActivityAt: TimeMs;
  /** A power order of ours was given in it, which ends it. */
  readonly orderedAt?: TimeMs;
  /** A power order of ours that spares it cuts it, or may: without a script that writes it is no attempt of its job. */
  readonly spared?: true;
  readonly answered?: ScriptAnswer;
  /** Of its last firmware request: the same one again, late or doubled, is no new boot. */
  readonly xid?: number;
  /** What its firmware and iPXE took by DHCP, by their own word and from whichever server: a few. */
  readonly addresses?: readonly string[];
  /** How often this boot was sent to its disk. */
  readonly localAsks?: number;
  readonly initrdSentAt?: TimeMs;
  /** Of a foreign system's boot: an image of it was asked for. */
  readonly fetchedAt?: TimeMs;
  readonly configServedAt?: TimeMs;
  /** Its configuration was ordered to be applied by its API: once in this boot. */
  readonly configAskedAt?: TimeMs;
  /** Of maintenance mode, new in every boot: what its log told, or else what its API showed first. */
  readonly certificate?: { readonly fingerprint: string; readonly by: 'log' | 'api' };
  /** How often the whole configuration went out in this boot; absent for once. */
  readonly configServes?: number;
  /** The event sink reported in this boot: a refused configuration would be told by it. */
  readonly sinkSpokeAt?: TimeMs;
  /** Talos itself reported in this attempt, so "the install started" will be told, not guessed. */
  readonly talosSpokeAt?: TimeMs;
  /** Its event stream ended: what begins from the start after that is another boot, not a replay to us. */
  readonly talosGoneAt?: TimeMs;
  /** Its event stream stopped answering, and since then its API too. Later evidence makes this old. */
  readonly talosLostAt?: TimeMs;
}

/** Ordered; before it is sent its BMC may be asked for minutes whose it is, or have earlier orders to do. */
export interface PowerWait {
  readonly action: PowerAction;
  readonly by: string;
  readonly at: TimeMs;
  readonly order?: string;
  readonly sentAt?: TimeMs;
}

export interface NodeState {
  readonly name: string;
  readonly spec: NodeSpec;
  readonly intent: Intent;
  readonly power: PowerBelief;
  readonly phase: Phase;
  readonly phaseFrom: EvidenceClass;
  readonly health: Health;
  readonly job?: Job;
  readonly endedJobs: readonly EndedJob[];
  /** Left behind by a job that was ended, until a system is seen to run from its disk. */
  readonly diskDoubt?: DiskDoubt;
  /** Of a control-plane node: by which order it stands without a system, until one is seen to run from its disk. */
  readonly erased?: DiskDoubt;
  readonly attempt?: Attempt;
  readonly pastAttempts: readonly Attempt[];
  readonly evidence: readonly Evidence[];
  readonly seen: Seen;
  /** Which of its reports were counted. */
  readonly reported?: Reported;
  /** Which offer and loader variants worked or are being tried; remembered per machine. */
  readonly offerVariant: number;
  readonly loaderVariant: number;
  /** Blocks of a TFTP transfer to it are no larger: of larger ones it acknowledged not even the first. */
  readonly blockLimit?: number;
  /** Set when a restart of the program found the phase older than its limit; the next evidence clears it. */
  readonly lostSightAt?: TimeMs;
  /** What a person is asked to do at the machine. */
  readonly ask?: string;
  /** Times at which attempts closed before coming up, for the LOOP rule. */
  readonly failedBoots: readonly TimeMs[];
  /** Boots in a row that were sent to the disk and never arrived there. */
  readonly localMissed: number;
  readonly locate: boolean;
  /** What its locate light showed before somebody here made it blink. */
  readonly lampRest?: LampRest;
  /** An order of ours that cuts whatever boots: under way at its BMC, or done. Whose it was makes no difference. */
  readonly powerOrder?: {
    readonly askedAt: TimeMs;
    /** Absent, like whose it is, in snapshots of older versions. */
    readonly action?: PowerAction;
    /** The operator who gave it, or the job that it is for. */
    readonly by?: string;
    readonly job?: string;
    /** What it cuts is no attempt. */
    readonly spares?: true;
    readonly doneAt?: TimeMs;
    /** The program ended, or its BMC fell silent, before it was told how it went. */
    readonly lostAt?: TimeMs;
    /** What its BMC said instead. */
    readonly lostWhy?: string;
    /** A boot that it cuts asked for its script, and was noted then as one that waits. */
    readonly putOffAt?: TimeMs;
  };
  /** Power orders of operators that have not come to their end, the oldest first. Those of jobs are not among them. */
  readonly powerWaits?: readonly PowerWait[];
  /** Set by an operator, over restarts; the inventory's `protected` stands beside it. */
  readonly guard?: { readonly since: TimeMs; readonly by: string; readonly why?: string };
  /** Where wish and observation differ, as the engine found last. */
  readonly drift?: readonly Drift[];
  readonly driftIgnored?: readonly IgnoredDrift[];
  readonly ignored: { readonly count: number; readonly last?: string };
}

/**
 * Machines that left the inventory of late, by name: each as it was, without its job. `given`: which of several files, by
 * what they name, have had what forbids of it.
 */
export type AllLeft = Readonly<
  Record<string, { readonly at: TimeMs; readonly node: NodeState; readonly given?: readonly string[] }>
>;

export type NodeIn<P extends PhaseName> = NodeState & { readonly phase: PhaseOf<P> };

export const EVIDENCE_KEPT = 48;
export const ATTEMPTS_KEPT = 8;
export const JOBS_KEPT = 8;

export function newNode(spec: NodeSpec, at: TimeMs): NodeState {
  return {
    name: spec.name,
    spec,
    intent: { is: 'observe' },
    power: { is: 'unknown', since: at },
    phase: { is: 'idle', since: at },
    phaseFrom: 'assumed',
    health: { is: 'ok' },
    endedJobs: [],
    pastAttempts: [],
    evidence: [],
    seen: {},
    offerVariant: 0,
    loaderVariant: 0,
    failedBoots: [],
    localMissed: 0,
    locate: false,
    ignored: { count: 0 },
  };
}
