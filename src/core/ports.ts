import type { EventBody } from './event.ts';
import type { Fleet } from './fleet.ts';
import type { Artefact, Plan } from './job.ts';
import type { NodeSpec } from './spec.ts';
import type { TimeMs } from './time.ts';

/** What the servers, drivers and screens need of the world; joined in `cli/world.ts`. */

/** The engine as its servers see it: they read the fleet, and emit what they did. `emit` reduces before it returns. */
export interface EnginePort {
  readonly fleet: () => Fleet;
  readonly now: () => TimeMs;
  readonly emit: (event: EventBody) => void;
}

/**
 * Everything that a job serves, made from inventory, vault and secrets. Held in memory only and made again at a start:
 * if it does not hash to the plan that was confirmed, the gate refuses.
 */
export interface Rendered {
  readonly node: string;
  readonly plan: Plan;
  readonly artefactsProven: boolean;
  /** The machine configuration. Contains secrets: never logged, never in an event. */
  readonly configText?: string;
  /** Own iPXE template of a `script` profile, already checked. */
  readonly template?: string;
  /** cloud-init files of a `linux` profile, by name. */
  readonly cloudInit?: Readonly<Record<string, string>>;
}

export interface RenderedPort {
  readonly of: (node: string) => Rendered | undefined;
}

/** Files that may go out: images of the vault and boot loaders, by the name or path under which they are advertised. */
export interface ArtefactPort {
  readonly loader: (name: string) => LoadedFile | undefined;
  readonly artefact: (artefact: Artefact) => LoadedFile | undefined;
  /** iPXE as a CD for this machine, where one was made: what its BMC inserts. */
  readonly medium?: (node: NodeSpec) => LoadedFile | undefined;
  /** What maintenance mode of an unknown machine boots, while discovery is on. */
  readonly discovery: (
    arch: 'amd64' | 'arm64',
  ) => { readonly kernel: Artefact; readonly initrd: Artefact; readonly args: readonly string[] } | undefined;
}

/** A file on disk whose size and hash are known; servers keep the bytes of small ones in memory. */
export interface LoadedFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

export interface LogLine {
  readonly at: TimeMs;
  readonly node: string;
  readonly source: 'kernel' | 'talos' | 'dhcp' | 'tftp' | 'http' | 'bmc' | 'engine';
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly text: string;
}

export type LogSink = (line: LogLine) => void;
