import type { MessagePort } from 'node:worker_threads';
import type { StopLoss } from './close-state.ts';

/** How the engine thread is started, and what it tells the main thread beside the link. */
export interface EngineStart {
  readonly role: 'engine';
  readonly inventory: string;
  readonly stateDir?: string;
  readonly assetsDir?: string;
  readonly readOnly: boolean;
  /** Somebody reads the lines of the service's log, from the first on. */
  readonly logs?: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A simulated rack in a thread of its own; absent: the real world. */
  readonly simulation?: SimulationStart;
  readonly port: MessagePort;
}

export interface SimulationStart {
  readonly nodes: number;
  readonly seed: number;
  readonly speed: number;
  readonly faults: string;
  /** The operator's own inventory is rehearsed, instead of a made-up one. */
  readonly rehearse: boolean;
  /** It is removed at the end, with all that is in it. */
  readonly folder: string;
  /** Where the state goes instead, and stays. */
  readonly keep?: string;
}

export type FromEngineThread =
  /** What is under way until it is `ready`: "the journal", "DHCP". The one before is done. */
  | { readonly t: 'starting'; readonly step: string }
  | { readonly t: 'ready'; readonly socket: string; readonly lines: readonly string[] }
  | { readonly t: 'failed'; readonly message: string; readonly problems: string }
  /** Lines of the service's log, each a JSON object, as they are written out. */
  | { readonly t: 'log'; readonly text: string }
  /** An error that nobody took: this is the last word. */
  | { readonly t: 'dying'; readonly why: string }
  /** Why a stop takes long. */
  | { readonly t: 'waits'; readonly text: string }
  /** `loss`: what could not be saved. */
  | { readonly t: 'stopped'; readonly loss?: StopLoss };

export type ToEngineThread =
  | { readonly t: 'stop' }
  | { readonly t: 'reload' }
  /** What a library of the engine's threads wrote to their standard output or error. */
  | { readonly t: 'printed'; readonly text: string };
