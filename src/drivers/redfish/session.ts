import type { BmcProblem } from '../../core/bmc.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import { bmcProblem } from '../bmc-problem.ts';
import type { RejectionMemory } from '../bmc-rejections.ts';
import type { BmcTimings } from '../bmc-timings.ts';
import { backOffMs, createDeadline, sleep } from '../bmc-wait.ts';
import { answerProblem, wantsLogin } from './answer-problem.ts';
import type { Connection, Reply } from './connection.ts';
import { linkOf } from './json.ts';
import { deleteLostSessions } from './lost-sessions.ts';
import { hasKey, parseMessages } from './messages.ts';
import { type OnSession, unnamedSession } from './session-name.ts';
import type { SendFailure } from './transport-error.ts';

export interface SessionOptions {
  readonly connection: Connection;
  readonly timings: BmcTimings;
  readonly username: string;
  readonly password: string;
  readonly rejections: RejectionMemory;
  readonly rejectionKey: string;
  /** Where `root.Links.Sessions` points. */
  readonly sessionsPath: () => Promise<Result<string, BmcProblem>>;
  readonly onSession: OnSession;
  readonly onNote: (text: string) => void;
  /** Locations of earlier ones of this account that the BMC could not be told the end of. */
  readonly leftBehind?: Set<string>;
}

export type Credential = Readonly<Record<string, string>>;

export interface Session {
  /** The header for a request; logs in when there is no session. */
  credential(signal: AbortSignal): Promise<Result<Credential, BmcProblem>>;
  /** After a 401: forgets `used` and logs in again, unless somebody did already. */
  renew(used: Credential, signal: AbortSignal): Promise<Result<Credential, BmcProblem>>;
  /** Sessions that were asked for before, and whose answers were never seen: to be found and ended. */
  seek(askedAtMs: readonly number[]): void;
  /** Those that could not be looked for yet. */
  readonly lost: () => readonly number[];
  end(): Promise<void>;
}

const MAX_CUTS = 3;

type State =
  | { readonly kind: 'none' }
  | { readonly kind: 'session'; readonly header: Credential; readonly location: string | undefined }
  | { readonly kind: 'basic'; readonly header: Credential };

/** Some put the location in the body only. */
function locationOf(reply: Reply): string | undefined {
  return reply.location ?? (reply.body.kind === 'json' ? linkOf(reply.body.json) : undefined);
}

export function createSession(options: SessionOptions): Session {
  const { connection, timings, rejections, rejectionKey } = options;
  const host = new URL(connection.origin).host;
  const basic: Credential = {
    authorization: `Basic ${Buffer.from(`${options.username}:${options.password}`).toString('base64')}`,
  };
  let state: State = { kind: 'none' };
  let everWorked = false;
  let answered: string | undefined;
  let ended = false;
  let pending: Promise<Result<Credential, BmcProblem>> | undefined;
  let releasing: Promise<void> = Promise.resolve();
  let lost: readonly number[] = [];
  const closed = (location: string) => void options.onSession('closed', { bmcUrl: connection.origin, location });

  const rejected = () =>
    fail(bmcProblem('credentials', `${host} rejected the user name or password. It was not tried again.`));

  /** Not tied to a stop: a session that was asked for must be known, or nobody could delete it. */
  const post = async (): Promise<Result<Reply, SendFailure>> => {
    const path = await options.sessionsPath();
    if (!path.ok) return fail({ problem: path.error, reset: false });
    const body = { UserName: options.username, Password: options.password };
    const askedAtMs = Date.now();
    const location = unnamedSession(askedAtMs);
    await options.onSession('opened', { bmcUrl: connection.origin, location });
    const sent = await connection.send({ method: 'POST', path: path.value, body }, new AbortController().signal);
    // Cut or too late: the BMC may have made it all the same. Any other failure comes before the request is out.
    if (!sent.ok && (sent.error.reset || sent.error.problem.code === 'timeout')) lost = [...lost, askedAtMs];
    else if (!sent.ok) closed(location);
    else answered = location;
    return sent;
  };

  /** Behind the first session that works; what is asked of the BMC meanwhile takes turns with it. */
  const cleanUp = async (token: string, own: string, timeoutMs = timings.readMs): Promise<void> => {
    const askedAtMs = lost;
    const sessions = askedAtMs.length === 0 ? undefined : await options.sessionsPath();
    if (sessions === undefined || !sessions.ok) return;
    lost = [];
    const { requestMs } = timings;
    const { username, leftBehind: named = [] } = options;
    const search = { sessions: sessions.value, own, named, ownAtMs: Date.now(), token, username, askedAtMs, requestMs };
    const found = await deleteLostSessions({ connection, ...search, timeoutMs });
    if (found === undefined) {
      lost = [...askedAtMs, ...lost];
      return;
    }
    for (const at of askedAtMs) closed(unnamedSession(at));
    if (found.deleted.length > 0)
      options.onNote(`${host}: ended ${found.deleted.length} sessions of ours whose making was cut off.`);
    if (found.left.length > 0)
      options.onNote(`${host}: ${found.left.length} sessions may be ours or not; they were left to end by themselves.`);
  };

  const accept = (reply: Reply): Result<Credential, BmcProblem> => {
    if (hasKey(parseMessages(reply.body), /PasswordChangeRequired/)) {
      releasing = release(reply.token, locationOf(reply));
      return fail(answerProblem('the login', host, reply));
    }
    if (reply.token === undefined) {
      return fail(bmcProblem('garbage', `${host} made a session but gave no token for it.`));
    }
    const { token } = reply;
    const header = { 'x-auth-token': token };
    const location = locationOf(reply);
    state = { kind: 'session', header, location };
    everWorked = true;
    rejections.noteAccepted(rejectionKey);
    if (location === undefined) options.onNote(`${host} did not say where its session is; it will end by itself.`);
    else {
      // BMCs that count from 1 give a name again after a restart: it is this one's now.
      options.leftBehind?.delete(location);
      void options.onSession('opened', { bmcUrl: connection.origin, location });
      releasing = releasing.then(() => cleanUp(token, location)).then(() => endLeft(token));
    }
    return ok(header);
  };

  /** A few old BMCs have no session service that works. Recorded, and never after a session has worked once. */
  const fallBack = (reply: Reply): Result<Credential, BmcProblem> => {
    options.onNote(`${host} makes no session (${reply.status}); using HTTP Basic for it.`);
    state = { kind: 'basic', header: basic };
    return ok(basic);
  };

  const judge = (reply: Reply): Result<Credential, BmcProblem> => {
    if (reply.status >= 200 && reply.status < 300) return accept(reply);
    const problem = answerProblem('the login', host, reply);
    if (problem.code === 'credentials') {
      rejections.noteRejected(rejectionKey);
      // The BMC's own words stay out: some quote what was sent.
      return rejected();
    }
    if (problem.code === 'passwordChangeRequired' || problem.code === 'sessionLimit') return fail(problem);
    return !everWorked && [400, 404, 405, 415, 501].includes(reply.status) ? fallBack(reply) : fail(problem);
  };

  const login = async (signal: AbortSignal): Promise<Result<Credential, BmcProblem>> => {
    if (ended) return fail(bmcProblem('stopped', `The connection to ${host} is closed.`));
    if (rejections.isRejected(rejectionKey)) return rejected();
    const deadline = createDeadline(timings.sessionLimitMs, signal, connection.heldMs);
    for (let attempt = 0; ; attempt += 1) {
      const sent = await post();
      const result = sent.ok ? judge(sent.value) : sent;
      // The named one is noted first: between the two notes a crash would lose it.
      if (answered !== undefined) closed(answered);
      answered = undefined;
      if (result.ok) return result;
      const problem = 'problem' in result.error ? result.error.problem : result.error;
      // Waiting for a socket among hundreds is no fault of this BMC: a cut is counted, a full BMC is timed.
      const cutShort = 'reset' in result.error && result.error.reset && attempt < MAX_CUTS;
      const full = ['sessionLimit', 'busy'].includes(problem.code) && !deadline.expired();
      if (!cutShort && !full) return fail(problem);
      await sleep(backOffMs(attempt, timings.retryFirstMs, timings.retryMaxMs), signal);
      if (signal.aborted) return fail(problem);
    }
  };

  const loginOnce = (signal: AbortSignal): Promise<Result<Credential, BmcProblem>> => {
    pending ??= login(signal).finally(() => {
      pending = undefined;
    });
    return pending;
  };

  async function release(token: string | undefined, location: string | undefined): Promise<void> {
    if (token === undefined || location === undefined) return;
    const call = {
      method: 'DELETE',
      path: location,
      headers: { 'x-auth-token': token },
      timeoutMs: timings.closeMs,
    } as const;
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const sent = await connection.send(call, new AbortController().signal);
      if (!sent.ok && sent.error.reset) continue;
      // Unknown by name or by its token it is gone already. Else it is tried again, at the next start at the latest.
      const gone = sent.ok && (sent.value.status < 300 || sent.value.status === 404 || wantsLogin(sent.value));
      if (gone) {
        options.leftBehind?.delete(location);
        return closed(location);
      }
      break;
    }
    options.leftBehind?.add(location);
  }

  /** What this BMC did not let go of goes with the first session that works: it has few of them. */
  const endLeft = async (token: string): Promise<void> => {
    for (const location of [...(options.leftBehind ?? [])]) await release(token, location);
  };

  return {
    async credential(signal) {
      return state.kind === 'none' ? loginOnce(signal) : ok(state.header);
    },
    async renew(used, signal) {
      if (state.kind === 'basic') {
        rejections.noteRejected(rejectionKey);
        state = { kind: 'none' };
        return rejected();
      }
      if (state.kind === 'session' && state.header === used) {
        if (state.location !== undefined) closed(state.location);
        state = { kind: 'none' };
      }
      return state.kind === 'session' ? ok(state.header) : loginOnce(signal);
    },
    seek(askedAtMs) {
      lost = [...lost, ...askedAtMs];
      const now = state;
      if (now.kind !== 'session' || now.location === undefined) return;
      const { header, location } = now;
      releasing = releasing.then(() => cleanUp(header['x-auth-token'] ?? '', location));
    },
    lost: () => lost,
    async end() {
      ended = true;
      await pending;
      await releasing;
      const last = state;
      state = { kind: 'none' };
      if (last.kind !== 'session') return;
      const token = last.header['x-auth-token'];
      // What could not be looked for: nobody may come by here again.
      if (token !== undefined && last.location !== undefined) await cleanUp(token, last.location, timings.closeMs);
      await release(token, last.location);
    },
  };
}
