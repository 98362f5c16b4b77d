import { createHash } from 'node:crypto';
import type { BmcProblem } from '../../core/bmc.ts';
import { ok, type Result } from '../../core/result.ts';
import { createDeadline, type Deadline } from '../bmc-wait.ts';
import { type Connection, type ConnectionOptions, createConnection } from './connection.ts';
import { type Root, readRoot } from './read-root.ts';
import { createSession, type Session, type SessionOptions } from './session.ts';

/**
 * One session per BMC and account, however many ports are open: a poll and a job, or the four nodes of one chassis. Six
 * sessions are all that some BMCs have. The last port that closes ends it.
 */
export interface SharedSessions {
  acquire(connection: ConnectionOptions, account: SessionAccount): SharedSession;
}

/** The session with what it goes by: requests and logins take one connection, and the service root is read once. */
export interface SharedSession extends Session {
  readonly connection: Connection;
  root(deadline: Deadline): Promise<Result<Root, BmcProblem>>;
}

export type SessionAccount = Omit<SessionOptions, 'connection' | 'timings' | 'sessionsPath' | 'leftBehind'>;

/** A BMC that cuts every login for a week must not fill the memory. */
const MOST_LOST = 16;

interface Entry extends Pick<SharedSession, 'connection' | 'root'> {
  readonly session: Session;
  users: number;
}

function openEntry(options: ConnectionOptions, account: SessionAccount, leftBehind: Set<string>): Entry {
  const connection = createConnection(options);
  const { timings } = options;
  const never = new AbortController().signal;
  let known: Root | undefined;
  const root = async (deadline: Deadline): Promise<Result<Root, BmcProblem>> => {
    if (known !== undefined) return ok(known);
    const read = await readRoot(connection, timings, deadline);
    if (read.ok) known = read.value;
    return read;
  };
  const session = createSession({
    ...account,
    connection,
    timings,
    leftBehind,
    sessionsPath: async () => {
      const found = await root(createDeadline(timings.readMs, never, connection.heldMs));
      return found.ok ? ok(found.value.sessions) : found;
    },
  });
  return { session, connection, root, users: 0 };
}

export function createSharedSessions(): SharedSessions {
  const entries = new Map<string, Entry>();
  /** Looked for at the next contact, however long that is from now. */
  const lost = new Map<string, readonly number[]>();
  /** By origin and account: whichever certificate or password the BMC has by then, they are its sessions. */
  const leftBehind = new Map<string, Set<string>>();
  return {
    acquire(options, account) {
      const left = leftBehind.get(account.rejectionKey) ?? new Set();
      leftBehind.set(account.rejectionKey, left);
      const parts = [
        options.origin,
        options.pin ?? '',
        options.ca?.pem ?? '',
        options.ca?.name ?? '',
        options.tlsMinVersion ?? '',
        account.username,
        account.password,
      ];
      const key = createHash('sha256').update(parts.join('\0')).digest('hex');
      const entry = entries.get(key) ?? openEntry(options, account, left);
      entries.set(key, entry);
      entry.session.seek(lost.get(key) ?? []);
      lost.delete(key);
      entry.users += 1;
      let mine = true;
      return {
        connection: entry.connection,
        root: entry.root,
        credential: (signal) => entry.session.credential(signal),
        renew: (used, signal) => entry.session.renew(used, signal),
        seek: (askedAtMs) => entry.session.seek(askedAtMs),
        lost: () => entry.session.lost(),
        async end() {
          if (!mine) return;
          mine = false;
          entry.users -= 1;
          if (entry.users > 0) return;
          if (entries.get(key) === entry) entries.delete(key);
          await entry.session.end().finally(() => entry.connection.close());
          const left = [...(lost.get(key) ?? []), ...entry.session.lost()];
          if (left.length > 0) lost.set(key, left.slice(-MOST_LOST));
        },
      };
    },
  };
}
