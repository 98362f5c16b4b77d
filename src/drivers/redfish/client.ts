import type { BmcProblem } from '../../core/bmc.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import { bmcProblem, maybeDone } from '../bmc-problem.ts';
import type { BmcTimings } from '../bmc-timings.ts';
import { backOffMs, type Deadline, sleep } from '../bmc-wait.ts';
import { waitAfterCut } from './after-cut.ts';
import { answerProblem, isBusyAnswer, wantsLogin } from './answer-problem.ts';
import type { Call, Connection, Reply } from './connection.ts';
import type { Json } from './json.ts';
import { parseMessages } from './messages.ts';
import type { Session } from './session.ts';

/** Requests with a login behind them: renewed once, repeated some times after a cut, waiting while the BMC is busy. */
export interface Client {
  readonly host: string;
  readonly heldMs: () => number;
  /** Any answer at all; only what never became an answer is a problem. */
  request(call: Call, deadline: Deadline): Promise<Result<Reply, BmcProblem>>;
  /** The resource, or why there is none. */
  get(path: string, deadline: Deadline): Promise<Result<Resource, BmcProblem>>;
}

export interface Resource {
  readonly path: string;
  readonly json: Json;
  readonly sizeBytes: number;
  readonly etag?: string;
}

export interface ClientOptions {
  readonly connection: Connection;
  readonly session: Session;
  readonly timings: BmcTimings;
}

export function createClient({ connection, session, timings }: ClientOptions): Client {
  const host = new URL(connection.origin).host;

  const authorised = async (call: Call, deadline: Deadline): Promise<Result<Reply, BmcProblem>> => {
    let credential = await session.credential(deadline.signal);
    let renewed = false;
    let repeats = 0;
    for (;;) {
      if (!credential.ok) return credential;
      const headers = { ...call.headers, ...credential.value };
      const sent = await connection.send({ ...call, headers }, deadline.signal);
      if (!sent.ok) {
        // A POST may have been carried out before the cut; its caller looks at the state and decides.
        const { problem, notDone } = sent.error;
        if (call.method === 'POST') return fail(notDone === true ? problem : maybeDone(problem));
        if (!sent.error.reset || !(await waitAfterCut(repeats, timings, deadline))) return fail(problem);
        repeats += 1;
        continue;
      }
      if (!wantsLogin(sent.value)) return sent;
      if (renewed) return fail(answerProblem(`${call.method} ${call.path}`, host, sent.value));
      renewed = true;
      credential = await session.renew(credential.value, deadline.signal);
    }
  };

  const request = async (call: Call, deadline: Deadline): Promise<Result<Reply, BmcProblem>> => {
    for (let attempt = 0; ; attempt += 1) {
      if (deadline.signal.aborted) return fail(bmcProblem('stopped', `The request to ${host} was stopped.`));
      if (deadline.expired()) return fail(bmcProblem('timeout', `${host} did not get done in time.`));
      const sent = await authorised(call, deadline);
      if (!sent.ok || call.method !== 'GET' || sent.value.status < 400) return sent;
      const messages = parseMessages(sent.value.body);
      if (!isBusyAnswer(sent.value.status, messages)) return sent;
      const asked = sent.value.retryAfterMs ?? 0;
      const waitMs = Math.max(
        backOffMs(attempt, timings.retryFirstMs, timings.retryMaxMs),
        Math.min(asked, timings.retryMaxMs),
      );
      if (waitMs >= deadline.remainingMs()) return sent;
      await sleep(waitMs, deadline.signal);
    }
  };

  return {
    host,
    heldMs: connection.heldMs,
    request,
    async get(path, deadline) {
      let sent = await request({ method: 'GET', path }, deadline);
      // An iLO refuses identity on some files; some want the slash at the end, some do not.
      if (sent.ok && sent.value.status === 406) {
        sent = await request({ method: 'GET', path, headers: { 'accept-encoding': '*' } }, deadline);
      }
      if (sent.ok && sent.value.status === 404 && !path.includes('?')) {
        const other = path.endsWith('/') ? path.replace(/\/+$/, '') : `${path}/`;
        const second = await request({ method: 'GET', path: other }, deadline);
        if (second.ok && second.value.status < 300) sent = second;
      }
      if (!sent.ok) return sent;
      const { status, body, etag } = sent.value;
      if (status >= 300) return fail(answerProblem(`GET ${path}`, host, sent.value));
      if (body.kind !== 'json') {
        const what = { empty: 'nothing', html: 'a page of HTML', other: 'no JSON object', tooLarge: 'too much' }[
          body.kind
        ];
        return fail(bmcProblem('garbage', `${host} answered GET ${path} with ${what}.`));
      }
      return ok({ path, json: body.json, sizeBytes: body.sizeBytes, ...(etag === undefined ? {} : { etag }) });
    },
  };
}
