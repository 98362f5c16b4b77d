import type { Waiting } from '../link/watch-silence.ts';
import { enginePid } from './engine-pid.ts';

interface Told {
  readonly err: (text: string) => void;
  /** Nothing more is to be waited for. */
  readonly giveUp: (why: string) => void;
}

/** What the operator is told of an engine that does not answer: once, over however many connections. */
export function awaitEngine(socket: string, { err, giveUp }: Told): Waiting {
  const pid = enginePid(socket);
  const who = `the engine (${pid === undefined ? '' : `pid ${pid}, `}${socket})`;
  let isSlow = false;
  let isOver = false;
  let sent = 0;
  let open = 0;
  return {
    slow: (seconds, more) => {
      if (isSlow) return;
      isSlow = true;
      err(`crashcart: ${who} has not answered for ${seconds} s; it is waited for ${more} s more\n`);
    },
    back: () => {
      if (!isSlow) return;
      isSlow = false;
      err(`crashcart: ${who} answers again\n`);
    },
    over: (seconds) => {
      if (isOver) return;
      isOver = true;
      const order =
        open > 0 ? '; the order that was sent may still be carried out' : sent === 0 ? '; no order was sent to it' : '';
      const look = pid === undefined ? '' : `, or was stopped (ps -p ${pid}; kill -CONT ${pid} lets it go on)`;
      giveUp(`${who} has not answered for ${seconds} s: it hangs${look}${order}`);
    },
    ordered: () => {
      sent += 1;
      open += 1;
    },
    answered: () => {
      open -= 1;
    },
  };
}
