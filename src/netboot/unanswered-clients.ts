import type { TimeMs } from '../core/time.ts';

/** Who asks, and of firmware with which transaction: another one is another boot. A system begins a new one each time it tries. */
export interface Asker {
  readonly key: string;
  readonly xid: number | undefined;
  readonly at: TimeMs;
}

/** Clients that a second server has left without an answer so far. */
export interface UnansweredClients {
  /** When it asked first, of those requests that nobody answered; undefined: this is the first. */
  readonly since: (asker: Asker) => TimeMs | undefined;
  readonly note: (asker: Asker) => void;
  /** It has an address, or took the offer of another server. */
  readonly forget: (key: string) => void;
}

/** RFC 2131 4.1 doubles the pause between two requests to 64 s: who was silent for longer begins anew. */
const PAUSE_MS = 120_000;
/** More than are told apart are strangers that somebody makes up: the oldest goes. */
const KEPT = 4096;

interface Unanswered {
  readonly xid: number | undefined;
  readonly since: TimeMs;
  readonly at: TimeMs;
}

export function createUnansweredClients(): UnansweredClients {
  const clients = new Map<string, Unanswered>();
  const sinceOf = ({ key, xid, at }: Asker): TimeMs | undefined => {
    const known = clients.get(key);
    return known !== undefined && known.xid === xid && at - known.at <= PAUSE_MS ? known.since : undefined;
  };
  return {
    since: sinceOf,
    note: (asker) => {
      const { key, xid, at } = asker;
      const since = sinceOf(asker) ?? at;
      clients.delete(key);
      clients.set(key, { xid, since, at });
      if (clients.size <= KEPT) return;
      for (const oldest of clients.keys()) {
        clients.delete(oldest);
        return;
      }
    },
    forget: (key) => {
      clients.delete(key);
    },
  };
}
