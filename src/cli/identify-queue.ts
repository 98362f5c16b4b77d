import type { EventBody } from '../core/event.ts';
import type { EffectPort } from '../engine/engine-ports.ts';

/** Reads who many BMCs are, some at a time. */
export interface IdentifyQueue {
  add(node: string): void;
  /** Who waits is not asked any more. */
  stop(): void;
}

/**
 * A machine's identity is some 25 requests. Of 2,000 that begin together each would hold a session for minutes, and all
 * would be known only at the end; like this the first ones are known at once, and sessions are open as long as they are
 * used. Below the number of sockets, so that whoever only asks for the power has a way through.
 */
const AT_ONCE = 16;

export function createIdentifyQueue(
  effects: EffectPort,
  emit: (event: EventBody) => void,
  atOnce = AT_ONCE,
): IdentifyQueue {
  const waiting = new Set<string>();
  let running = 0;
  const pump = () => {
    for (const node of waiting) {
      if (running >= atOnce) return;
      waiting.delete(node);
      running += 1;
      let isOver = false;
      effects.run({ type: 'bmc.identify', node }, (event) => {
        emit(event);
        if (isOver || !(event.type === 'bmc.identityRead' || event.type === 'bmc.failed')) return;
        isOver = true;
        running -= 1;
        pump();
      });
    }
  };
  return {
    add(node) {
      waiting.add(node);
      pump();
    },
    stop: () => waiting.clear(),
  };
}
