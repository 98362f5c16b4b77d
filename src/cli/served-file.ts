import type { LoadedFile } from '../core/ports.ts';

/** A file that machines are sent, as it has to be on disk. */
export interface ServedFile extends LoadedFile {
  /** It stands in the vault's index: no file of the system, or that a profile names. */
  readonly indexed: boolean;
  /** It could not be read as the index has it: no machine is sent it. */
  readonly isBroken: boolean;
  /** Before it was read. */
  readonly readAtMs: number;
}
