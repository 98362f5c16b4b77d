import type { Socket } from 'node:net';
import { ClosedHere } from './closed-here.ts';

/** A connection and how many seconds more it may be silent. */
export interface Watched {
  readonly socket: Socket;
  secondsLeft: number;
}

/**
 * Closes connections that are silent for too long. One timer for all of them, and no clock is read: a timer of its own for
 * each step of each request was a tenth of what a script costs.
 */
export interface SilenceWatch {
  readonly add: (socket: Socket, seconds: number) => Watched;
  readonly drop: (watched: Watched) => void;
}

const TICK_MS = 1000;

/** Where there is nothing to wait for: somebody else is at it. */
export const FOR_EVER = Number.POSITIVE_INFINITY;

export function createSilenceWatch(why = 'silent for too long; we closed'): SilenceWatch {
  const all = new Set<Watched>();
  let timer: NodeJS.Timeout | undefined;
  const tick = (): void => {
    timer = undefined;
    let silent: ClosedHere | undefined;
    for (const one of all) {
      // The first second may have been a short one.
      if (one.secondsLeft < 0) {
        all.delete(one);
        // One for all: thousands of stacks in one turn would be a long one.
        silent ??= new ClosedHere(why);
        one.socket.destroy(silent);
      } else one.secondsLeft -= 1;
    }
    run();
  };
  const run = (): void => {
    if (timer === undefined && all.size > 0) timer = setTimeout(tick, TICK_MS).unref();
  };
  return {
    add: (socket, seconds) => {
      const watched = { socket, secondsLeft: seconds };
      all.add(watched);
      run();
      return watched;
    },
    drop: (watched) => void all.delete(watched),
  };
}
