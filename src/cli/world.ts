import type { EventBody } from '../core/event.ts';
import type { Played } from '../core/played.ts';
import type { LogSink } from '../core/ports.ts';
import type { Problem } from '../core/spec.ts';
import type { BmcTimings } from '../drivers/bmc-timings.ts';
import type { Engine } from '../engine/create-engine.ts';
import type { LogBook } from '../engine/log-book.ts';
import type { DeedMarks } from '../engine/mark-deeds.ts';
import type { RenderedBook } from '../engine/rendered-book.ts';
import type { StopLoss } from './close-state.ts';
import type { ImageWatch } from './image-watch.ts';
import type { InventoryKeeper } from './inventory-keeper.ts';
import type { OpenState } from './open-state.ts';
import type { Planner } from './planner.ts';
import type { VaultView } from './vault-view.ts';
import type { bmcTarget } from './world-effects.ts';

export interface WorldOptions {
  readonly inventory: string;
  readonly stateDir?: string;
  readonly assetsDir?: string;
  readonly simulated: boolean;
  readonly played?: Played;
  /** Of the operator's files of which this inventory is a copy; absent: its own. */
  readonly warnings?: readonly Problem[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onLog: LogSink;
  /** Tests do not wait as long as hardware needs. */
  readonly bmcTimings?: BmcTimings;
  /** Told before each part of the start that may take a while. */
  readonly onStep?: (step: string) => void;
  /** Told why a stop takes long. */
  readonly onWait?: (text: string) => void;
}

/** Everything but servers and link: inventory, state, engine, vault, planner, drivers. */
export interface World {
  readonly inventory: InventoryKeeper;
  readonly state: OpenState;
  readonly engine: Engine;
  readonly vault: VaultView;
  readonly rendered: RenderedBook;
  readonly planner: Planner;
  readonly images: ImageWatch;
  /** From where machines are sent what they boot. */
  readonly vaultDir: string;
  readonly secret: Uint8Array;
  readonly log: LogSink;
  readonly logs: LogBook;
  readonly notes: readonly string[];
  readonly newId: () => string;
  /** How a BMC is reached, with its password read from where the inventory says. */
  readonly bmcTarget: (node: string) => ReturnType<typeof bmcTarget>;
  /**
   * Follows the inventory's files, ticks, saves: from here on things happen by themselves. Resolves when the files were
   * looked at once more: thousands of them are a tenth of a second that is better spent before the start is over.
   */
  readonly run: () => Promise<void>;
  /** Whether the next start knows of these orders, which the journal did not take. */
  readonly areNoted: (orders: readonly EventBody[]) => Promise<boolean>;
  /** Resolves when an answer that lets a machine write is on disk, in the journal and in the audit. */
  readonly beforeLeaving: DeedMarks['beforeLeaving'];
  readonly reload: () => Promise<void>;
  /** Asks and orders nobody any more; what is under way ends as stopped. Told before the machines themselves go away. */
  readonly letGo: () => void;
  /** Undefined: all is saved. */
  readonly stop: () => Promise<StopLoss | undefined>;
}

/** What lies on the disk, opened. */
export interface OpenedParts {
  readonly inventory: InventoryKeeper;
  readonly state: OpenState;
  readonly vault: VaultView;
  readonly vaultDir: string;
  readonly secret: Uint8Array;
  readonly vaultNotes: readonly string[];
}
