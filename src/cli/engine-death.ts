import { cleanText } from '../core/clean-text.ts';
import { isOutOfFiles } from '../core/out-of-files.ts';

/** What looks every second would fill the log with it. */
const TELL_MS = 10_000;

export interface DeathWatch {
  /** Some work broke off, and all else goes on. */
  readonly outOfFiles: (text: string) => void;
  readonly dying: (why: string) => void;
}

/**
 * The last that an engine thread hears of an error that nobody took. That no file can be opened is a state of the host that
 * passes, and what asked for one asks again; anything else is a fault of the program: it says so, and ends.
 */
export function watchDeath({ outOfFiles, dying }: DeathWatch): void {
  let isDying = false;
  let toldAtMs = Number.NEGATIVE_INFINITY;
  const take = (error: unknown): void => {
    if (isOutOfFiles(error)) {
      if (performance.now() - toldAtMs < TELL_MS) return;
      toldAtMs = performance.now();
      outOfFiles(`no more files can be opened, and something was left undone for now: ${wordsOf(error)}`);
      return;
    }
    if (isDying) return;
    isDying = true;
    dying(whyOf(error));
    process.exit(1);
  };
  process.on('uncaughtException', take);
  process.on('unhandledRejection', take);
}

const wordsOf = (error: unknown): string => cleanText(error instanceof Error ? error.message : String(error), 400);

/** With the place: nobody can look for it afterwards. */
export function whyOf(error: unknown): string {
  const place = error instanceof Error ? /^\s+at (.*)$/m.exec(error.stack ?? '')?.[1] : undefined;
  return place === undefined ? wordsOf(error) : `${wordsOf(error)} (at ${place})`;
}
