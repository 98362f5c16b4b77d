import type { SimClock } from './sim-clock.ts';

/** Thrown into whoever waits when the power goes: the story ends in the middle of its sentence. */
export class RunEnded extends Error {
  constructor() {
    super('the power is gone');
    this.name = 'RunEnded';
  }
}

/** One stretch of a machine's life, from power on to power off. Whatever it waits for or holds open ends with it. */
export interface SimRun {
  readonly clock: SimClock;
  readonly ended: boolean;
  sleep(simMs: number): Promise<void>;
  /** Waits for `done`; undefined when the time is over. What `start` returns is called when the waiting is over. */
  wait<T>(timeoutSimMs: number | undefined, start: (done: (value: T) => void) => () => void): Promise<T | undefined>;
  onEnd(then: () => void): () => void;
  /** Ends with this one, or before it. */
  child(): SimRun;
  end(): void;
}

export function createRun(clock: SimClock): SimRun {
  const enders = new Set<() => void>();
  let ended = false;

  const onEnd = (then: () => void): (() => void) => {
    if (ended) {
      then();
      return () => undefined;
    }
    enders.add(then);
    return () => {
      enders.delete(then);
    };
  };

  const wait = <T>(
    timeoutSimMs: number | undefined,
    start: (done: (value: T) => void) => () => void,
  ): Promise<T | undefined> =>
    new Promise((resolve, reject) => {
      if (ended) {
        reject(new RunEnded());
        return;
      }
      let over = false;
      let release: (() => void) | undefined;
      let cancelTimer: (() => void) | undefined;
      const finish = (then: () => void) => {
        if (over) return;
        over = true;
        forget();
        cancelTimer?.();
        release?.();
        then();
      };
      const forget = onEnd(() => finish(() => reject(new RunEnded())));
      if (timeoutSimMs !== undefined) {
        cancelTimer = clock.after(timeoutSimMs, () => finish(() => resolve(undefined)));
      }
      release = start((value) => finish(() => resolve(value)));
      if (over) release();
    });

  return {
    clock,
    get ended() {
      return ended;
    },
    wait,
    async sleep(simMs) {
      await wait<never>(simMs, () => () => undefined);
    },
    onEnd,
    child() {
      const child = createRun(clock);
      const forget = onEnd(() => child.end());
      child.onEnd(forget);
      return child;
    },
    end() {
      if (ended) return;
      ended = true;
      for (const then of [...enders]) then();
      enders.clear();
    },
  };
}

/** Runs to its end; losing the power on the way is no error. */
export async function untilPowerOff(story: Promise<void>): Promise<void> {
  try {
    await story;
  } catch (error) {
    if (!(error instanceof RunEnded)) throw error;
  }
}
