import type { LinkClient } from '../link/connect-link.ts';

/** Which engine a screen, or its lines, are of. */
export interface ScreenSession {
  /** Begun at once, while the screen is loaded; `onStep` is what it shows meanwhile. What it throws ends the screen. */
  readonly connect: (onStep: (step: string) => void) => Promise<LinkClient>;
  /** Of an engine that may be started again while the screen stays. */
  readonly redial?: (heldWrite: boolean) => Promise<LinkClient>;
  readonly holdsStack: boolean;
  readonly mode: string;
  /** Of a demo: where its journal stays. */
  readonly keptIn?: string | undefined;
  /** The socket of the engine, where it is known before the engine is there. */
  readonly socket?: string | undefined;
  /** It was looked for, and is not this process's own. */
  readonly isFound?: boolean;
}
