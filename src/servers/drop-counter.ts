import type { EventOf } from '../core/event.ts';
import type { EnginePort } from '../core/ports.ts';

/** What a machine said and nobody wrote down is counted, and told now and then: nothing is lost silently. */
export interface DropCounter {
  readonly add: (node: string) => void;
  readonly stop: () => void;
}

/** One line of the journal for a node, however much it shouts. */
const TELL_MS = 5_000;

export function createDropCounter(
  engine: EnginePort,
  by: EventOf<'talos.dropped'>['by'],
  tellMs = TELL_MS,
): DropCounter {
  const counts = new Map<string, number>();
  const tell = () => {
    for (const [node, count] of counts) engine.emit({ type: 'talos.dropped', node, by, count });
    counts.clear();
  };
  const timer = setInterval(tell, tellMs);
  timer.unref();
  return {
    add: (node) => counts.set(node, (counts.get(node) ?? 0) + 1),
    stop: () => {
      clearInterval(timer);
      tell();
    },
  };
}
