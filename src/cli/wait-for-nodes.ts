import type { Event } from '../core/event.ts';
import type { Fleet } from '../core/fleet.ts';
import { nodeOf } from '../core/fleet.ts';
import type { LinkClient } from '../link/connect-link.ts';
import { awaitedOf } from '../ui/select/awaited.ts';

export interface Waited {
  readonly fleet: Fleet;
  /** Node → what went wrong. */
  readonly failures: ReadonlyMap<string, string>;
  /** To which nothing was sent, for it was so already. */
  readonly found: ReadonlySet<string>;
}

/** Resolves when the BMC of each node has answered this order: what others asked of it meanwhile is no answer. */
export function waitForNodes(
  client: LinkClient,
  nodes: readonly string[],
  order: string,
  timeoutMs: number,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<Waited> {
  const open = new Set(nodes);
  const failures = new Map<string, string>();
  const found = new Set<string>();
  return new Promise((resolve) => {
    let latest: Fleet | undefined;
    const said = new Map<string, string>();
    // What takes no longer than a moment is told by its end.
    const saying = setInterval(() => {
      for (const name of latest === undefined ? [] : open) {
        const line = waitLine(latest, name);
        if (said.get(name) !== line) say(line);
        said.set(name, line);
      }
    }, SAY_EVERY_MS);
    const finish = () => {
      clearInterval(saying);
      clearTimeout(timer);
      if (latest !== undefined) resolve({ fleet: latest, failures, found });
    };
    const timer = setTimeout(() => {
      for (const name of open) failures.set(name, 'no answer from its BMC in time');
      finish();
    }, timeoutMs);
    signal.addEventListener('abort', () => {
      clearInterval(saying);
      clearTimeout(timer);
    });
    client.follow((fleet, events) => {
      latest = fleet;
      for (const event of events) {
        settle(event, order, open, failures);
        if (event.type === 'bmc.powerFound' && event.order === order) found.add(event.node);
      }
      // What its BMC does is heard of no more.
      for (const name of open)
        if (nodeOf(fleet, name) === undefined && open.delete(name))
          failures.set(
            name,
            'it left the inventory before its BMC had answered: what became of the order is not known',
          );
      if (open.size === 0) finish();
    }, 100);
  });
}

const SAY_EVERY_MS = 1_000;

function waitLine(fleet: Fleet | undefined, name: string): string {
  const node = fleet === undefined ? undefined : nodeOf(fleet, name);
  const awaited = fleet === undefined || node === undefined ? undefined : awaitedOf(node, { fleet, nowMs: fleet.at });
  return `${name}: ${awaited?.text ?? 'waits for its BMC'}`;
}

const ENDS: ReadonlySet<Event['type']> = new Set([
  'bmc.resetDone',
  'bmc.powerFound',
  'bmc.identityRead',
  'bmc.located',
]);

function settle(event: Event, order: string, open: Set<string>, failures: Map<string, string>): void {
  if (!('order' in event) || event.order !== order) return;
  if (ENDS.has(event.type)) open.delete(event.node);
  if (event.type === 'bmc.failed' && open.delete(event.node))
    failures.set(event.node, `${event.problem.message} ${event.problem.advice}`);
}
