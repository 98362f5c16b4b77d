import type { BmcProblem } from '../../core/bmc.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import { bmcProblem } from '../bmc-problem.ts';
import type { RejectionMemory } from '../bmc-rejections.ts';
import type { BmcTimings } from '../bmc-timings.ts';
import { backOffMs, createDeadline, sleep } from '../bmc-wait.ts';
import { answerProblem } from './answer-problem.ts';
import type { Connection, Reply } from './connection.ts';
import { linkOf } from './json.ts';
import { hasKey, parseMessages } from './messages.ts';
import type { SendFailure } from './transport-error.ts';

/** Told when a session begins and ends, so that a later run can delete what a crash left behind. Never the token. */
export type OnSession = (
  what: 'opened' | 'closed',
  session: { readonly bmcUrl: string; readonly location: string },
) => void;

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
}

export type Credential = Readonly<Record<string, string>>;

export interface Session {
  /** The header for a request; logs in when there is no session. */
  credential(signal: AbortSignal): Promise<Result<Credential, BmcProblem>>;
  /** After a 401: forgets `used` and logs in again, unless somebody did already. */
  renew(used: Credential, signal: AbortSignal): Promise<Result<Credential, BmcProblem>>;
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
  let ended = false;
  let pending: Promise<Result<Credential, BmcProblem>> | undefined;
  let releasing: Promise<void> = Promise.resolve();

  const rejected = () =>
    fail(bmcProblem('credentials', `${host} rejected the user name or password. It was not tried again.`));

  /** Not tied to a stop: a session that was asked for must be known, or nobody could delete it. */
  const post = async (): Promise<Result<Reply, SendFailure>> => {
    const path = await options.sessionsPath();
    if (!path.ok) return fail({ problem: path.error, reset: false });
    const body = { UserName: options.username, Password: options.password };
    return connection.send({ method: 'POST', path: path.value, body }, new AbortController().signal);
  };

  const accept = (reply: Reply): Result<Credential, BmcProblem> => {
    if (hasKey(parseMessages(reply.body), /PasswordChangeRequired/)) {
      releasing = release(reply.token, locationOf(reply));
      return fail(answerProblem('the login', host, reply));
    }
    if (reply.token === undefined) {
      return fail(bmcProblem('garbage', `${host} made a session but gave no token for it.`));
    }
    const header = { 'x-auth-token': reply.token };
    const location = locationOf(reply);
    state = { kind: 'session', header, location };
    everWorked = true;
    rejections.noteAccepted(rejectionKey);
    if (location === undefined) options.onNote(`${host} did not say where its session is; it will end by itself.`);
    else options.onSession('opened', { bmcUrl: connection.origin, location });
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
    const deadline = createDeadline(timings.sessionLimitMs, signal);
    for (let attempt = 0; ; attempt += 1) {
      const sent = await post();
      const result = sent.ok ? judge(sent.value) : sent;
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
      // 401 and 404 mean that it is gone already. Anything else stays in the registry for the next start.
      const gone = sent.ok && (sent.value.status < 300 || [401, 404].includes(sent.value.status));
      if (gone) options.onSession('closed', { bmcUrl: connection.origin, location });
      return;
    }
  }

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
        if (state.location !== undefined)
          options.onSession('closed', { bmcUrl: connection.origin, location: state.location });
        state = { kind: 'none' };
      }
      return state.kind === 'session' ? ok(state.header) : loginOnce(signal);
    },
    async end() {
      ended = true;
      await pending;
      await releasing;
      const last = state;
      state = { kind: 'none' };
      if (last.kind === 'session') await release(last.header['x-auth-token'], last.location);
    },
  };
}
