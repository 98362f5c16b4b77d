import type { JobKind } from '../core/job.ts';
import type { PhaseName } from '../core/phase.ts';
import type { TimeMs } from '../core/time.ts';

/** The hand-over report as data. Its names are a promise: scripts and ticket systems read the JSON. */
export interface SiteReport {
  readonly format: 1;
  readonly site: string;
  readonly simulated: boolean;
  readonly program: string;
  readonly from: string;
  readonly to: string;
  readonly run?: number;
  /** Only this wave, and its machines alone. */
  readonly wave?: string;
  readonly summary: ReportSummary;
  readonly nodes: readonly NodeReport[];
  readonly audit: readonly AuditReport[];
  /** What the reader should know of the report itself: a journal that starts late, a hole. */
  readonly notes: readonly string[];
}

export interface ReportSummary {
  readonly machines: number;
  readonly states: Readonly<Record<string, number>>;
  readonly jobs: { readonly [O in Outcome]: number };
  readonly attempts: number;
  /** Of jobs that were done, from arming to the end. */
  readonly medianSeconds?: number;
  readonly slowest: readonly { readonly node: string; readonly kind: JobKind; readonly seconds: number }[];
  readonly phaseMedianSeconds: { readonly [P in PhaseName]?: number };
  readonly causes: readonly { readonly code: string; readonly count: number; readonly cause: string }[];
  readonly strangers: number;
  readonly rivals: readonly {
    readonly server: string;
    readonly offers: string;
    readonly does: string;
    readonly count: number;
  }[];
}

export type Outcome = 'done' | 'failed' | 'cancelled' | 'expired' | 'running';

export interface NodeReport {
  readonly name: string;
  readonly rack?: string;
  readonly unit?: number;
  readonly role: string;
  readonly cluster?: string;
  readonly state: {
    readonly phase: PhaseName;
    readonly evidence: string;
    readonly health: string;
    readonly code?: string;
    readonly detail?: string;
  };
  readonly identity: {
    readonly macs: readonly string[];
    readonly uuid?: string;
    readonly serial?: string;
    readonly boardSerial?: string;
    readonly asset?: string;
  };
  readonly seen: {
    readonly address?: string;
    readonly uuid?: string;
    readonly serial?: string;
    readonly manufacturer?: string;
    readonly product?: string;
    readonly firmware?: string;
    readonly arch?: string;
    readonly loader?: string;
    readonly loaderBy?: string;
    readonly talosVersion?: string;
    readonly hostName?: string;
    readonly bmc?: {
      readonly vendor: string;
      readonly model?: string;
      readonly firmwareVersion?: string;
      readonly biosVersion?: string;
    };
    readonly disks: readonly {
      readonly name: string;
      readonly sizeBytes: number;
      readonly model?: string;
      readonly serial?: string;
    }[];
  };
  readonly jobs: readonly JobReport[];
  readonly attempts: readonly AttemptReport[];
  readonly troubles: readonly TroubleReport[];
}

export interface JobReport {
  readonly id: string;
  readonly kind: JobKind;
  readonly profile: string;
  readonly version?: string;
  readonly schematic?: string;
  readonly kernelSha256?: string;
  readonly initrdSha256?: string;
  readonly planHash: string;
  readonly configHash?: string;
  /** The rule by which the disk is chosen, and where the node said it writes. */
  readonly diskRule: string;
  readonly disk?: string;
  readonly armedAt: string;
  readonly armedBy: { readonly user: string; readonly from: string; readonly screen?: string };
  readonly wave?: string;
  readonly installStartedAt?: string;
  readonly endedAt?: string;
  readonly outcome: Outcome;
  readonly code?: string;
  readonly cause?: string;
  readonly advice?: string;
  readonly detail?: string;
  readonly seconds: number;
  readonly attempts: number;
  /** How often a person said "again". */
  readonly retries: number;
  readonly phaseSeconds: { readonly [P in PhaseName]?: number };
}

export interface AttemptReport {
  readonly number: number;
  readonly job?: string;
  readonly openedAt: string;
  readonly closedAt?: string;
  readonly end?: string;
  readonly cameUp: boolean;
  readonly answered?: string;
  readonly loader?: string;
  readonly bytes: number;
  readonly phases: readonly { readonly phase: PhaseName; readonly at: string; readonly seconds: number }[];
}

export interface TroubleReport {
  readonly at: string;
  readonly health: string;
  readonly code: string;
  readonly cause: string;
  readonly detail: string;
}

export interface AuditReport {
  readonly at: string;
  readonly who: string;
  readonly from: string;
  readonly action: string;
  readonly nodes: readonly string[];
  readonly outcome: string;
}

export const iso = (at: TimeMs): string => new Date(at).toISOString();
export const secondsBetween = (from: TimeMs, to: TimeMs): number => Math.round(Math.max(0, to - from) / 100) / 10;
