import type { BmcProblem } from '../../core/bmc.ts';
import { bmcProblem } from '../bmc-problem.ts';
import { isPinError, verifyProblem } from './tls-pin.ts';

export interface SendFailure {
  readonly problem: BmcProblem;
  /** The socket was cut: a second try may do. iLO resets connections now and then. */
  readonly reset: boolean;
  /** There was no connection yet, or the BMC sent elsewhere: what was asked for was not done. Else it may have been. */
  readonly notDone?: true;
}

interface Circumstances {
  readonly host: string;
  readonly stopped: boolean;
  readonly late: boolean;
  readonly timeoutMs: number;
}

const UNREACHABLE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refuses the connection',
  EHOSTUNREACH: 'cannot be reached: no route to it',
  ENETUNREACH: 'cannot be reached: no route to its network',
  ENOTFOUND: 'has no address: the name is not known',
  EAI_AGAIN: 'has no address: the name server does not answer',
  ETIMEDOUT: 'does not answer',
  UND_ERR_CONNECT_TIMEOUT: 'does not answer',
};

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const code = 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : error.name;
}

const reset = (code: 'unreachable', message: string): SendFailure => ({
  problem: bmcProblem(code, message),
  reset: true,
});
const final = (...args: Parameters<typeof bmcProblem>): SendFailure => ({ problem: bmcProblem(...args), reset: false });

function explainPin(error: { pinCode: 'pinMissing' | 'pinChanged'; fingerprint: string }, host: string): SendFailure {
  const message =
    error.pinCode === 'pinMissing'
      ? `${host} shows a certificate that nobody has confirmed yet. Nothing was sent.`
      : `${host} shows another certificate than the pinned one. No credential was sent.`;
  return final(error.pinCode, message, undefined, error.fingerprint);
}

/** The words for an error of undici, TLS or the socket. Never the error's own message: it may quote what was sent. */
export function explainTransport(error: unknown, seen: Circumstances): SendFailure {
  const { host } = seen;
  const cause = error instanceof Error && isPinError(error.cause) ? error.cause : error;
  if (isPinError(cause)) return explainPin(cause, host);
  if (seen.stopped) return final('stopped', `The request to ${host} was stopped.`);
  if (seen.late) return final('timeout', `${host} did not finish its answer within ${seen.timeoutMs / 1_000} s.`);
  const code = codeOf(error);
  const unverified = verifyProblem(code, host);
  if (unverified !== undefined) return { problem: unverified, reset: false };
  const why = UNREACHABLE[code];
  if (why !== undefined) return final('unreachable', `${host} ${why}.`);
  if (/TIMEOUT/.test(code)) return final('timeout', `${host} did not finish its answer in time.`);
  if (/HEADERS_OVERFLOW|RESPONSE_EXCEEDED/.test(code))
    return final('tooLarge', `${host} floods the answer with headers.`);
  if (/^(?:ERR_SSL|ERR_TLS|EPROTO)/.test(code))
    return final('tls', `${host} and this program share no TLS version or cipher (${code}).`);
  if (/^HPE_|HTTPParser/.test(code)) return final('garbage', `${host} does not speak HTTP there (${code}).`);
  if (/CONTENT_LENGTH/.test(code)) return reset('unreachable', `${host} cut its answer off in the middle.`);
  // What only the library calls it says nothing to who reads it.
  const known = code === '' || code.startsWith('UND_ERR_') ? '' : ` (${code})`;
  return reset('unreachable', `${host} cut the connection${known}.`);
}
