import type { Event } from '../core/event.ts';
import { type Fleet, nodeOf } from '../core/fleet.ts';
import type { Health, NodeState } from '../core/node.ts';
import type { LogLine, LogSink } from '../core/ports.ts';
import { valuesOf } from '../core/shard-map.ts';
import { MINUTE_MS, type TimeMs } from '../core/time.ts';
import { troubleName, troubleText } from '../core/trouble-text.ts';

/** Of a machine that had a trouble lately. */
interface Followed {
  readonly seen: Health;
  /** Since when its lines are counted, and how many there were. */
  readonly from: TimeMs;
  readonly lines: number;
  /** Changes that were too many to be told. */
  readonly held: number;
}

/** Of one machine in ten minutes: three troubles that come and go. After that it is told how it stands. */
const MOST_LINES = 6;
const STRETCH_MS = 10 * MINUTE_MS;

const OK: Health = { is: 'ok' };

/**
 * The causes that the screens show, in the service's log: a line when a machine's trouble begins or becomes another one,
 * and one when it is over. What is so already at the start was told by the program that ran before.
 */
export function createTroubleLog(fleet: Fleet, write: LogSink): (event: Event, fleet: Fleet) => void {
  const followed = new Map<string, Followed>();
  for (const { name, health } of valuesOf(fleet.nodes))
    if (health.is !== 'ok') followed.set(name, { seen: health, from: fleet.at, lines: 0, held: 0 });

  const look = (node: NodeState, at: TimeMs): void => {
    const { name, health } = node;
    const known = followed.get(name);
    if (known === undefined && health.is === 'ok') return;
    const { seen, held, ...stretch } = known ?? { seen: OK, from: at, lines: 0, held: 0 };
    const isChanged = seen !== health && troubleName(seen) !== troubleName(health);
    const isOver = at - stretch.from >= STRETCH_MS;
    if (!isChanged && (!isOver || held === 0)) {
      if (isOver && health.is === 'ok') followed.delete(name);
      return;
    }
    const { from, lines } = isOver ? { from: at, lines: 0 } : stretch;
    if (lines >= MOST_LINES) {
      followed.set(name, { seen: health, from, lines, held: held + 1 });
      return;
    }
    followed.set(name, { seen: health, from, lines: lines + 1, held: 0 });
    const more = held === 0 ? '' : ` (${held} ${held === 1 ? 'change' : 'changes'} before that not told)`;
    write({ at, node: name, source: 'engine', level: levelOf(health), text: `${troubleText(seen, node, at)}${more}` });
  };

  return (event, now) => {
    if ('node' in event && event.node !== undefined) {
      const node = nodeOf(now, event.node);
      if (node === undefined) followed.delete(event.node);
      else look(node, event.time);
    } else if (event.type === 'clock.ticked') for (const node of valuesOf(now.nodes)) look(node, event.time);
    else if (event.type === 'inventory.loaded')
      for (const name of followed.keys()) if (nodeOf(now, name) === undefined) followed.delete(name);
  };
}

function levelOf({ is }: Health): LogLine['level'] {
  if (is === 'ok') return 'info';
  return is === 'failed' || is === 'conflict' ? 'error' : 'warn';
}
