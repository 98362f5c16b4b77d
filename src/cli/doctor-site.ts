import type { Fleet } from '../core/fleet.ts';
import type { Inventory } from '../core/spec.ts';
import type { LinkClient } from '../link/connect-link.ts';
import type { HostView } from './doctor-proc.ts';

/** What all checks look at, read once. */
export interface DoctorSite {
  readonly host: HostView;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
  readonly inventory: Inventory;
  readonly inventoryFolders: number;
  readonly stateDir: string;
  readonly assetsDir: string;
  readonly engine?: DoctorEngine;
  /** Why it cannot be seen whether one runs: its folder is another user's. */
  readonly engineUnseen?: string;
  /** It runs, and does not answer. */
  readonly engineSilent?: string;
  readonly nowMs: number;
}

/** The engine of this site, when it runs. */
export interface DoctorEngine {
  readonly client: LinkClient;
  readonly fleet: Fleet;
  /** From the lock in its state folder. */
  readonly pid?: number;
}
