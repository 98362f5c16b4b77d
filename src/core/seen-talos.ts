import type { TimeMs } from './time.ts';

/** What Talos tells of the machine below it: read in maintenance mode by anybody, later with a talosconfig. */
export interface SeenMachine {
  readonly manufacturer?: string;
  readonly product?: string;
  readonly processors: readonly { readonly model: string; readonly cores: number; readonly threads: number }[];
  readonly memoryMiB: number;
  readonly links: readonly SeenLink[];
  /** The disk that Talos is installed on; absent: on none. */
  readonly systemDisk?: string;
}

export interface SeenLink {
  readonly name: string;
  readonly mac: string;
  readonly up: boolean;
  readonly speedMbit?: number;
  readonly driver?: string;
}

/** What the API of a configured node told to whoever holds the talosconfig. */
export interface SeenApi {
  readonly at: TimeMs;
  readonly version?: string;
  /** Of the image that is installed: the virtual extension `schematic` bears its id. */
  readonly schematic?: string;
  /** Of the configuration that the node runs with, whatever the order of its keys: see `configPrint`. */
  readonly configPrint?: string;
  readonly stage?: string;
  readonly systemDisk?: string;
  readonly services: readonly SeenService[];
  /** Why nothing could be read: no certificate, an expired one, nobody there. */
  readonly problem?: string;
}

export interface SeenService {
  readonly id: string;
  readonly state: string;
  /** Absent while Talos does not know. */
  readonly healthy?: boolean;
  readonly message: string;
}
