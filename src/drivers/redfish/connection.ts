import { Client } from 'undici';
import type { BmcProblem } from '../../core/bmc.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import type { BmcSpec } from '../../core/spec.ts';
import type { BmcLimiter } from '../bmc-limiter.ts';
import { bmcProblem } from '../bmc-problem.ts';
import type { BmcTimings } from '../bmc-timings.ts';
import { type Body, collectBody, MAX_BODY_BYTES, MAX_VALUES, parseBody } from './bounded-body.ts';
import { parseLink } from './json.ts';
import { createPinnedConnector, type TrustedCa } from './tls-pin.ts';
import { explainTransport, type SendFailure } from './transport-error.ts';

export interface Call {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly timeoutMs?: number;
}

export interface Reply {
  readonly status: number;
  readonly body: Body;
  readonly location?: string;
  readonly etag?: string;
  readonly token?: string;
  readonly retryAfterMs?: number;
}

export interface Connection {
  readonly origin: string;
  send(call: Call, signal: AbortSignal): Promise<Result<Reply, SendFailure>>;
  /** How long this program let its BMC wait for a free socket. */
  heldMs(): number;
  close(): Promise<void>;
}

export interface ConnectionOptions {
  readonly origin: string;
  readonly pin: string | undefined;
  readonly tlsMinVersion: BmcSpec['tlsMinVersion'];
  readonly ca?: TrustedCa | undefined;
  readonly limiter: BmcLimiter;
  readonly timings: BmcTimings;
}

const MAX_HEADER_BYTES = 32 * 1024;
const MAX_REDIRECTS = 3;

type Answer = Reply & { readonly redirect?: string };

function headerText(value: string | readonly string[] | undefined): string | undefined {
  const text = typeof value === 'string' ? value : value?.[0];
  return text === undefined || text === '' ? undefined : text;
}

/** Seconds or a date. More than ten minutes is taken as ten minutes. */
function parseRetryAfterMs(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.min(600_000, Math.max(0, ms));
}

function replyOf(status: number, headers: Readonly<Record<string, string | string[] | undefined>>, body: Body): Answer {
  const location = headerText(headers.location);
  const path = parseLink(location);
  const etag = headerText(headers.etag);
  const token = headerText(headers['x-auth-token']);
  const retryAfterMs = parseRetryAfterMs(headerText(headers['retry-after']));
  return {
    status,
    body,
    ...(path === undefined ? {} : { location: path }),
    ...(etag === undefined ? {} : { etag }),
    ...(token === undefined ? {} : { token }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(location !== undefined && [301, 302, 303, 307, 308].includes(status) ? { redirect: location } : {}),
  };
}

/** One client per BMC, a new socket for each request: BMCs lose kept-alive connections without telling. */
export function createConnection(options: ConnectionOptions): Connection {
  const { origin, timings, limiter } = options;
  const host = new URL(origin).host;
  const neverOpen = new WeakSet<Error>();
  // Not an agent: that one makes a new client, too, whenever a socket has closed.
  const client = new Client(origin, {
    connect: createPinnedConnector({
      pin: options.pin,
      minVersion: options.tlsMinVersion,
      ca: options.ca,
      connectMs: timings.connectMs,
      onFailed: (error) => neverOpen.add(error),
    }),
    pipelining: 0,
    allowH2: false,
    maxHeaderSize: MAX_HEADER_BYTES,
  });

  const sendOnce = async (call: Call, signal: AbortSignal): Promise<Result<Answer, SendFailure>> => {
    const timeoutMs = call.timeoutMs ?? timings.requestMs;
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), timeoutMs);
    try {
      const answer = await client.request({
        path: call.path,
        method: call.method,
        // identity: with gzip some BMCs change the ETag to one that they then refuse.
        headers: {
          accept: 'application/json',
          'odata-version': '4.0',
          'accept-encoding': 'identity',
          ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
          ...call.headers,
        },
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
        signal: AbortSignal.any([signal, late.signal]),
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
      });
      const bytes = await collectBody(answer.body);
      const encoding = headerText(answer.headers['content-encoding']) ?? 'identity';
      const body: Body = bytes === undefined ? { kind: 'tooLarge' } : parseBody(bytes, encoding);
      return ok(replyOf(answer.statusCode, answer.headers, body));
    } catch (error) {
      const why = explainTransport(error, { host, stopped: signal.aborted, late: late.signal.aborted, timeoutMs });
      return fail(error instanceof Error && neverOpen.has(error) ? { ...why, notDone: true } : why);
    } finally {
      clearTimeout(timer);
    }
  };

  const follow = async (call: Call, signal: AbortSignal): Promise<Result<Reply, SendFailure>> => {
    let path = call.path;
    for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
      const sent = await sendOnce({ ...call, path }, signal);
      if (!sent.ok) return sent;
      if (sent.value.body.kind === 'tooLarge') return fail({ problem: tooLarge(host, path), reset: false });
      if (sent.value.redirect === undefined) return sent;
      const target = URL.parse(sent.value.redirect, `${origin}${path}`);
      if (target === null || target.origin !== origin)
        return fail({ problem: elsewhere(host, target), reset: false, notDone: true });
      path = target.pathname + target.search;
    }
    return fail({
      problem: bmcProblem('garbage', `${host} sends requests round in a circle.`),
      reset: false,
      notDone: true,
    });
  };

  return {
    origin,
    async send(call, signal) {
      const answer = await limiter.run(origin, signal, () => follow(call, signal));
      return answer ?? fail({ problem: bmcProblem('stopped', `The request to ${host} was stopped.`), reset: false });
    },
    heldMs: () => limiter.heldMs(origin),
    close: () => client.destroy(),
  };
}

const tooLarge = (host: string, path: string): BmcProblem =>
  bmcProblem(
    'tooLarge',
    `${host} answers ${path} with more than ${MAX_BODY_BYTES / 1_048_576} MiB, or with more than ${MAX_VALUES / 1e6} million values.`,
  );

const elsewhere = (host: string, target: URL | null): BmcProblem =>
  bmcProblem(
    'garbage',
    `${host} redirects to ${target === null ? 'no address' : target.origin}, which was not followed.`,
    'A credential goes only to the address in the inventory. If the BMC really lives there, change bmc.url.',
  );
