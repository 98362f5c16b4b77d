import type { Artefact } from '../core/job.ts';
import type { Rendered } from '../core/ports.ts';
import type { Result } from '../core/result.ts';
import type { Arch, DocumentRef, Inventory, NodeSpec } from '../core/spec.ts';
import type { Validation } from '../drivers/talos-api/validate-config.ts';
import type { ConfigMemory } from './config-memory.ts';

/** What the planner needs of vault and site; filled in by the world. */
export interface PlannerParts {
  readonly inventory: () => Inventory;
  /** A turn of the loop for each configuration that is rendered or shown. */
  readonly turn?: () => Promise<void>;
  /** Our own address as this machine reaches it. */
  readonly serverFor: (spec: NodeSpec) => Result<string>;
  readonly schematicOf: (spec: NodeSpec) => Promise<Result<string>>;
  readonly images: (want: {
    readonly schematic: string;
    readonly version: string;
    readonly arch: Arch;
  }) => Promise<Result<Images>>;
  /** The signed UKI, for firmware with Secure Boot on. */
  readonly uki: (want: Parameters<PlannerParts['images']>[0]) => Promise<Result<Artefact>>;
  /** A file that a `linux` or `efi` profile names. */
  readonly file: (path: string) => Promise<Result<Artefact>>;
  readonly document: (ref: DocumentRef) => Promise<Result<string>>;
  /** `talosctl validate`, where there is one. */
  readonly validate: (text: string, version: string) => Promise<Result<Validation>>;
  /** What was served last, for the difference on the blast-radius page; absent where nothing is remembered. */
  readonly configs?: Pick<ConfigMemory, 'nameSecret' | 'recall' | 'recallScript'>;
  readonly script: (spec: NodeSpec, rendered: Rendered) => Result<string>;
}

export interface Images {
  readonly kernel: Artefact;
  readonly initrd: Artefact;
  readonly cmdline: string | undefined;
}
