import type { Carrier, FromClient, FromEngine } from './link-protocol.ts';

/** Whoever waits for an engine over one or more connections. Seconds are those in which nothing came. */
export interface Waiting {
  readonly slow: (seconds: number, moreSeconds: number) => void;
  readonly back: () => void;
  /** It is not waited for any longer. */
  readonly over: (seconds: number) => void;
  /** An order goes out, and is answered. */
  readonly ordered: () => void;
  readonly answered: () => void;
}

const TICK_MS = 1_000;
/** Then it is asked for a sign of life: an order may take minutes, and events may be none for hours. */
const PING_S = 2;
const SLOW_S = 5;
const OVER_S = 30;
/** None of the questions of a client. */
const PING_ID = 0;

/**
 * Ends a connection on which nothing at all comes any more. Time is counted by ticks: a client that was stopped itself,
 * or was busy, has not heard what waits for it.
 */
export function watchSilence(
  carrier: Carrier<FromClient, FromEngine>,
  waiting: Waiting,
): Carrier<FromClient, FromEngine> {
  const closers: ((reason: string) => void)[] = [];
  const orders = new Set<number>();
  let quiet = 0;
  let isWelcome = false;
  let isOver = false;

  const end = (reason: string): void => {
    if (isOver) return;
    isOver = true;
    clearInterval(timer);
    for (const closed of closers) closed(reason);
  };
  const timer = setInterval(() => {
    quiet += 1;
    // Before the welcome the greeting is the question.
    if (quiet === PING_S && isWelcome) carrier.send({ t: 'ask', id: PING_ID, ask: { type: 'ping' } });
    if (quiet === SLOW_S) waiting.slow(SLOW_S, OVER_S - SLOW_S);
    if (quiet < OVER_S) return;
    waiting.over(OVER_S);
    end(`it has not answered for ${OVER_S} s`);
    carrier.close();
  }, TICK_MS);
  timer.unref();
  carrier.onClose(end);

  return {
    send: (message) => {
      if (message.t === 'ask' && message.ask.type === 'act') {
        orders.add(message.id);
        waiting.ordered();
      }
      return carrier.send(message);
    },
    onMessage: (take) =>
      carrier.onMessage((message) => {
        if (quiet >= SLOW_S && !isOver) waiting.back();
        quiet = 0;
        isWelcome = true;
        if (message.t === 'answer' && orders.delete(message.id)) waiting.answered();
        take(message);
      }),
    onClose: (closed) => {
      closers.push(closed);
    },
    close: () => {
      clearInterval(timer);
      carrier.close();
    },
  };
}
