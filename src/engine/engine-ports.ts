import type { Drift } from '../core/drift.ts';
import type { Effect } from '../core/effect.ts';
import type { Event, EventBody } from '../core/event.ts';
import type { JobKind } from '../core/job.ts';
import type { NodeState } from '../core/node.ts';
import type { Rendered } from '../core/ports.ts';
import type { Result } from '../core/result.ts';

/** What the engine needs of the outside. Small on purpose: tests give it a memory, the world gives it disks and BMCs. */

export interface JournalPort {
  /** The record's number, at once; it is on disk later. `rate` records may be let go while the disk is full. */
  append(record: Event, kind: 'event' | 'rate'): number;
  durable(seq: number): Promise<Result<void>>;
  /** What the snapshot on disk knows, also of what the journal had to let go. */
  savedSeq?(): number;
}

/** Runs what the reducer wants done. Never throws; how it went comes back through `emit`. */
export interface EffectPort {
  run(effect: Effect, emit: (event: EventBody) => void): void;
}

/** Makes everything that a job would serve, without serving it. */
export interface PlannerPort {
  plan(node: NodeState, kind: JobKind): Promise<Result<Planned>>;
  /** Waited for before the work of showing one is begun. */
  turn?(): Promise<void>;
}

export interface Planned {
  readonly rendered: Rendered;
  /** What the operator sees of it; secrets are masked already. */
  readonly shown: PlanShown;
}

export interface PlanShown {
  readonly script: string;
  readonly kernelArgs: readonly string[];
  readonly config: string;
  readonly diff?: readonly string[];
  /** The script against the one of the last installation. */
  readonly scriptDiff?: readonly string[];
  readonly warnings: readonly string[];
  readonly image: string;
  /** What talosctl said of the configuration, or why it was not asked; absent where there is none. */
  readonly checked?: string;
}

/** The machine configuration that the inventory makes for one machine now. */
export interface WishedConfig {
  /** Holds secrets: never logged, never in an event. */
  readonly text: string;
  readonly hash: string;
  /** See `configPrint`: what a running node is compared with. */
  readonly print: string;
  /** With secrets masked. */
  readonly shown: () => string;
  /** Against what was served last; undefined where nothing is remembered. */
  readonly diff: () => readonly string[] | undefined;
  readonly warnings: readonly string[];
  readonly version: string;
  readonly schematic?: string;
}

/** What comparing a machine with its inventory needs of the world. */
export interface DriftPort {
  configOf(node: NodeState): Promise<Result<WishedConfig>>;
  /** Writes what was observed into the machine's file. The value is one sentence. */
  adopt(node: NodeState, drift: Drift): Promise<Result<string>>;
}

export interface AuditPort {
  append(entry: {
    readonly atMs: number;
    readonly who: string;
    readonly from: string;
    readonly action: string;
    readonly nodes: readonly string[];
    readonly outcome: string;
  }): Promise<Result<void>>;
}
