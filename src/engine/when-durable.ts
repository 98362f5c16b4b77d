import type { JournalPort } from './engine-ports.ts';

export interface WhenDurable {
  /** Done once this record is on disk; where the disk does not take it, when it does. Never in the turn of the asking. */
  readonly add: (seq: number, then: () => void) => void;
  /** What still waits is never done. */
  readonly stop: () => void;
}

const AGAIN_MS = 500;

/** In one turn of the loop: a wave may arm hundreds at once. */
const DONE_AT_ONCE = 32;

export function createWhenDurable(journal: Pick<JournalPort, 'durable' | 'savedSeq'>, againMs = AGAIN_MS): WhenDurable {
  const ready: (() => void)[] = [];
  let planned = false;
  let stopped = false;

  const work = (): void => {
    planned = false;
    if (stopped) return;
    const now = ready.splice(0, DONE_AT_ONCE);
    if (ready.length > 0) plan();
    for (const then of now) then();
  };
  const plan = (): void => {
    if (planned) return;
    planned = true;
    setImmediate(work);
  };
  const wait = async (seq: number, then: () => void): Promise<void> => {
    while (!stopped) {
      const stored = await journal.durable(seq);
      // A record that the full memory had to let go comes into no journal any more.
      if (stored.ok || seq <= (journal.savedSeq?.() ?? 0)) {
        ready.push(then);
        plan();
        return;
      }
      await new Promise((again) => setTimeout(again, againMs).unref());
    }
  };

  return {
    add: (seq, then) => void wait(seq, then),
    stop: () => {
      stopped = true;
    },
  };
}
