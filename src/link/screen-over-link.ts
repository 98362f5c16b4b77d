import type { Event } from '../core/event.ts';
import type { Fleet } from '../core/fleet.ts';
import { aheadOf } from '../core/host-clock.ts';
import type { Result } from '../core/result.ts';
import type { LinkClient } from './connect-link.ts';
import { recentLineOf } from './recent-lines.ts';
import type {
  AuditLine,
  ConsoleCommand,
  LogSlice,
  NodePreview,
  ScreenBatch,
  ScreenPort,
  ServiceRow,
} from './screen-port.ts';
import { DRAWN_AT_ONCE } from './urgent-events.ts';

/** The engine as a screen sees it, over whichever carrier. */
export function createScreenPort(client: Pick<LinkClient, 'ask' | 'follow'>, everyMs: number): ScreenPort {
  const takers = new Set<(batch: ScreenBatch) => void>();
  let last: ScreenBatch | undefined;
  client.follow((fleet, events, at, bytesPerSecond) => {
    last = toBatch(fleet, events, at, bytesPerSecond);
    for (const take of takers) take(last);
  }, everyMs);
  // The engine answers each question in the shape that its type names; both sides are one release (link version).
  const ask = <T>(question: Parameters<LinkClient['ask']>[0]) => client.ask(question) as Promise<Result<T>>;
  return {
    act: (action) => ask<string>({ type: 'act', action }),
    preview: (nodes, kind) => ask<readonly NodePreview[]>({ type: 'preview', nodes, kind }),
    log: (source, fromLine) => ask<LogSlice>({ type: 'log', source, fromLine }),
    audit: (newest) => ask<readonly AuditLine[]>({ type: 'audit', newest }),
    services: () => ask<readonly ServiceRow[]>({ type: 'services' }),
    consoleCommand: (node) => ask<ConsoleCommand>({ type: 'console', node }),
    nodeFile: (node) => ask<string>({ type: 'nodeFile', node }),
    subscribe: (take) => {
      takers.add(take);
      if (last !== undefined) take(last);
      return () => takers.delete(take);
    },
  };
}

/** More at a time than anybody reads. */
const RECENT_MOST = 50;

function toBatch(fleet: Fleet, events: readonly Event[], at: number, bytesPerSecond: number): ScreenBatch {
  const aheadMs = aheadOf(fleet);
  const recent = events
    .flatMap((event) => recentLineOf(event) ?? [])
    .map((line) => (aheadMs === 0 ? line : { ...line, at: line.at - aheadMs }));
  return {
    fleet,
    atMs: at,
    recent: recent.slice(-RECENT_MOST),
    ...(recent.length > RECENT_MOST ? { recentCut: recent.length - RECENT_MOST } : {}),
    urgent: events.some((event) => DRAWN_AT_ONCE.has(event.type)),
    bytesPerSecond,
  };
}
