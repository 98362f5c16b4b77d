import { type ServiceError, status } from '@grpc/grpc-js';
import { cleanText } from '../../core/clean-text.ts';

export interface ApiProblem {
  readonly code:
    | 'unreachable'
    | 'timeout'
    | 'tls'
    | 'pinChanged'
    | 'expired'
    | 'denied'
    | 'invalid'
    | 'busy'
    | 'exists'
    | 'unsupported'
    | 'garbage'
    | 'failed';
  /** A sentence for the node's screen. */
  readonly message: string;
}

/** What a gRPC status means here; Talos' own details follow behind the words. */
const WORDS: Readonly<Record<number, readonly [ApiProblem['code'], string]>> = {
  [status.INVALID_ARGUMENT]: ['invalid', 'Talos refuses it'],
  [status.DEADLINE_EXCEEDED]: ['timeout', 'Talos did not answer in time'],
  [status.NOT_FOUND]: ['failed', 'Talos does not know this'],
  [status.ALREADY_EXISTS]: ['exists', 'it is already there'],
  [status.PERMISSION_DENIED]: ['denied', 'Talos does not allow this (in maintenance mode, or for this role)'],
  [status.UNAUTHENTICATED]: ['denied', 'Talos does not accept the client certificate'],
  [status.FAILED_PRECONDITION]: ['busy', 'Talos cannot do this now'],
  [status.RESOURCE_EXHAUSTED]: ['garbage', 'the answer is too large'],
  [status.UNIMPLEMENTED]: ['unsupported', 'this version of Talos does not have this call'],
  [status.CANCELLED]: ['failed', 'stopped'],
};

/** What the TLS library says, and what it means here. */
const TLS: readonly { readonly pattern: RegExp; readonly code: ApiProblem['code']; readonly words: string }[] = [
  {
    pattern: /certificate expired|alert number 45/i,
    code: 'expired',
    words: 'the node says that the client certificate of the talosconfig expired',
  },
  {
    pattern: /CERT_HAS_EXPIRED|certificate has expired/i,
    code: 'expired',
    words: 'the certificate of the node has expired: is the clock right, here and there?',
  },
  {
    pattern: /CERT_NOT_YET_VALID|not yet valid/i,
    code: 'tls',
    words: 'the certificate of the node is not valid yet: is the clock right, here and there?',
  },
  {
    pattern: /certificate required|alert number 116/i,
    code: 'denied',
    words: 'the node wants a client certificate: it is configured, a talosconfig is needed',
  },
  {
    pattern: /unknown ca|alert number 48|bad certificate|alert number 42/i,
    code: 'denied',
    words: 'the node does not know the client certificate: the talosconfig is of another cluster',
  },
  { pattern: /fingerprint/i, code: 'pinChanged', words: 'the node shows another certificate than before' },
  {
    pattern: /unable to verify|self.signed certificate|SELF_SIGNED|UNABLE_TO_/i,
    code: 'tls',
    words:
      'the certificate of the node is not of this cluster: it is in maintenance mode, or the talosconfig is of another cluster',
  },
  {
    pattern: /altnames|ERR_TLS_CERT_ALTNAME/i,
    code: 'tls',
    words: 'the certificate of the node is for another address',
  },
];

export function problemOfCall(error: ServiceError): ApiProblem {
  const details = cleanText(error.details, 400);
  if (error.code === status.UNAVAILABLE) return problemOfConnection(details);
  const [code, words] = WORDS[error.code] ?? ['failed', 'Talos failed'];
  return { code, message: details === '' ? words : `${words}: ${details}` };
}

export function problemOfConnection(raw: string): ApiProblem {
  const details = plainDetails(raw);
  const found = TLS.find(({ pattern }) => pattern.test(raw));
  if (found !== undefined) return { code: found.code, message: `${found.words} (${details})` };
  if (/ECONNREFUSED/.test(raw)) return { code: 'unreachable', message: 'nobody listens on the port of the Talos API' };
  return { code: 'unreachable', message: `the Talos API does not answer (${details})` };
}

/** Without the gRPC library's frame and OpenSSL's file names. */
function plainDetails(raw: string): string {
  const text = raw
    .replace(/^No connection established\. Last error: /, '')
    .replace(/\s*Resolution note:.*$/s, '')
    .replace(/^.*SSL routines:[^:]*:([^:]+):.*$/s, '$1');
  return cleanText(text, 120);
}
