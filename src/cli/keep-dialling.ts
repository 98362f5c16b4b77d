import type { LinkClient } from '../link/connect-link.ts';

export interface Dialling {
  readonly dial: () => Promise<LinkClient>;
  /** Each time that nobody answered as wished. */
  readonly failed: (why: string) => void;
  readonly back: (client: LinkClient) => void;
}

const FIRST_PAUSE_MS = 250;
/** An engine that starts is seen soon; one that stays away costs nothing. */
const LONGEST_PAUSE_MS = 4_000;

/** Dials until somebody answers; what it returns ends that. */
export function keepDialling({ dial, failed, back }: Dialling): () => void {
  let over = false;
  let timer: NodeJS.Timeout | undefined;
  const tryAfter = (pauseMs: number): void => {
    timer = setTimeout(() => {
      dial().then(
        (client) => (over ? client.close() : back(client)),
        (error: unknown) => {
          if (over) return;
          failed(error instanceof Error ? error.message : String(error));
          tryAfter(Math.min(2 * pauseMs, LONGEST_PAUSE_MS));
        },
      );
    }, pauseMs);
  };
  tryAfter(FIRST_PAUSE_MS);
  return () => {
    over = true;
    clearTimeout(timer);
  };
}
