import type { Fleet } from '../core/fleet.ts';
import type { JobKind } from '../core/job.ts';
import type { OperatorAction } from '../core/operator-action.ts';
import type { Result } from '../core/result.ts';
import type { TimeMs } from '../core/time.ts';
import type { Preview } from '../engine/preview.ts';

/** All that a screen needs of the engine, in this process or over the socket. The screen holds no truth of its own. */
export interface ScreenPort {
  /** Sends what the operator asked for. The value is one sentence for the screen: "3 nodes armed". */
  act(action: OperatorAction): Promise<Result<string>>;
  /** What would happen, per node, without doing it: the blast-radius page. Secrets are masked by the engine. */
  preview(nodes: readonly string[], kind: PreviewKind): Promise<Result<readonly NodePreview[]>>;
  /** Lines of a node's log from a line number on; `*` for the services. */
  log(source: string, fromLine: number): Promise<Result<LogSlice>>;
  audit(newest: number): Promise<Result<readonly AuditLine[]>>;
  services(): Promise<Result<readonly ServiceRow[]>>;
  /** Batches of state, the first one at once. The engine coalesces; 100 ms, or 250 ms on slow lines. */
  subscribe(take: (batch: ScreenBatch) => void): () => void;
  /** The file of a node's YAML, where this host has it. */
  nodeFile?(node: string): Promise<Result<string>>;
  /** Saves text for the operator and says where. */
  saveText?(name: string, text: string): Promise<Result<string>>;
  /** Writes what can be handed on into a folder of its own, and says where. */
  exportTo?(wish: ExportWish): Promise<Result<string>>;
  /** What opens the serial console of a node (sol over the BMC), to be run with the terminal suspended. */
  consoleCommand?(node: string): Promise<Result<ConsoleCommand>>;
}

/** The report of the run that is on, or of one wave; or the last packets of machines. */
export type ExportWish =
  | { readonly is: 'run' }
  | { readonly is: 'wave'; readonly wave: string }
  | { readonly is: 'packets'; readonly nodes: readonly string[] };

/** A program that takes the whole terminal. The secret is in its environment alone: `ps` shows arguments to everybody. */
export interface ConsoleCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** How one comes back. */
  readonly leave: string;
}

/** A job, or the machine configuration applied to a node that runs. */
export type PreviewKind = JobKind | 'apply';

export interface ScreenBatch {
  readonly fleet: Fleet;
  /** When this was true, by the engine's clock. */
  readonly atMs: TimeMs;
  /** News since the last batch, newest last. */
  readonly recent: readonly RecentLine[];
  /** How many older ones this batch had no room for. */
  readonly recentCut?: number;
  /** Something failed: drawn at once instead of with the next batch. */
  readonly urgent: boolean;
  readonly bytesPerSecond: number;
}

export interface RecentLine {
  readonly at: TimeMs;
  readonly node?: string;
  readonly text: string;
}

/** The engine makes it, the screen shows it. */
export type NodePreview = Preview;

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface LogLine {
  readonly at: TimeMs;
  /** `dhcp`, `tftp`, `http`, `inst`, `kern`, `ctl`. */
  readonly source: string;
  readonly level: LogLevel;
  readonly text: string;
}

export interface LogSlice {
  readonly fromLine: number;
  /** Number of the line after the last one: the next `fromLine`. */
  readonly nextLine: number;
  readonly lines: readonly LogLine[];
}

export interface AuditLine {
  readonly at: TimeMs;
  readonly who: string;
  readonly from: string;
  readonly what: string;
  readonly nodes: readonly string[];
  readonly outcome: string;
  readonly screen?: string;
}

export interface ServiceRow {
  readonly name: string;
  readonly state: 'ok' | 'warn' | 'failed' | 'off';
  readonly word: string;
  readonly listens: string;
  readonly perSecond?: number;
  readonly bytesPerSecond?: number;
  readonly busyPercent?: number;
  readonly errors5m?: number;
  readonly since?: TimeMs;
  readonly note?: string;
  /** How many machines of which rack wait until it is mended. */
  readonly holdsUp?: Readonly<Record<string, number>>;
}
