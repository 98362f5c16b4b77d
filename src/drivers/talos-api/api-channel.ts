import { isIP } from 'node:net';
import { checkServerIdentity, createSecureContext, type PeerCertificate } from 'node:tls';
import { Client, type ClientOptions, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { fail, ok, type Result } from '../../core/result.ts';
import type { ApiMethod } from '../../talos/api-messages.ts';
import { decodeMessage, encodeMessage, type MessageFields } from '../../talos/message-codec.ts';
import { credentialsProblem, type TalosCredentials } from '../../talos/parse-talosconfig.ts';
import { type ApiProblem, problemOfCall } from './api-problem.ts';
import { probeApi } from './probe-api.ts';

export type ApiAccess =
  /** `fingerprint`: from the node's own log; absent: whoever answers now is pinned for this connection. */
  | { readonly as: 'maintenance'; readonly fingerprint?: string }
  | { readonly as: 'talosconfig'; readonly credentials: TalosCredentials };

export interface ApiTarget {
  readonly address: string;
  readonly port?: number;
  readonly access: ApiAccess;
  readonly timeoutMs?: number;
  readonly now?: () => number;
}

export interface ApiChannel {
  readonly call: (
    method: ApiMethod,
    fields: MessageFields,
    atLeastMs?: number,
  ) => Promise<Result<MessageFields, ApiProblem>>;
  readonly stream: (
    method: ApiMethod,
    fields: MessageFields,
    onMessage: (fields: MessageFields) => void,
    signal?: AbortSignal,
  ) => Promise<Result<void, ApiProblem>>;
  readonly close: () => void;
  /** Of the certificate that this connection is pinned to; absent where a cluster's authority vouches for it. */
  readonly fingerprint?: string;
}

const MAX_MESSAGE_BYTES = 8 * 1024 * 1024;
const MAX_STREAM_MESSAGES = 10_000;

const OPTIONS: ClientOptions = {
  'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
  // A proxy for the internet is none for the machines of this rack.
  'grpc.enable_http_proxy': 0,
  'grpc.enable_retries': 0,
  // Finds out that a watched node is gone. Go servers hang up on pings more often than every 5 minutes.
  'grpc.keepalive_time_ms': 310_000,
  'grpc.keepalive_timeout_ms': 20_000,
  'grpc.service_config_disable_resolution': 1,
};

export async function openChannel(target: ApiTarget): Promise<Result<ApiChannel, ApiProblem>> {
  const { address, port = 50_000, timeoutMs = 10_000 } = target;
  const security = await securityOf(target, port, timeoutMs);
  if (!security.ok) return security;
  const host = address.includes(':') ? `[${address}]` : address;
  // An address as server name is against RFC 6066, and Node writes a warning about it on the screen.
  const name: ClientOptions = isIP(address) > 0 ? { 'grpc.ssl_target_name_override': 'talos' } : {};
  const { secure, fingerprint } = security.value;
  const client = new Client(`${host}:${port}`, secure, { ...OPTIONS, ...name });
  return ok({
    call: (method, fields, atLeastMs = 0) => callOnce(client, method, fields, Math.max(timeoutMs, atLeastMs)),
    stream: (method, fields, onMessage, signal) => follow(client, method, fields, onMessage, timeoutMs, signal),
    close: () => client.close(),
    ...(fingerprint === undefined ? {} : { fingerprint }),
  });
}

interface Security {
  readonly secure: ReturnType<typeof credentials.createFromSecureContext>;
  readonly fingerprint?: string;
}

async function securityOf(
  { address, access, now = Date.now }: ApiTarget,
  port: number,
  timeoutMs: number,
): Promise<Result<Security, ApiProblem>> {
  if (access.as === 'talosconfig') {
    const problem = credentialsProblem(access.credentials, now());
    if (problem !== undefined) return fail({ code: 'expired', message: problem });
    const { caPem, certificatePem, keyPem } = access.credentials;
    try {
      const context = createSecureContext({ ca: caPem, cert: certificatePem, key: keyPem, minVersion: 'TLSv1.2' });
      const verify = {
        checkServerIdentity: (_name: string, peer: PeerCertificate) => checkServerIdentity(address, peer),
      };
      return ok({ secure: credentials.createFromSecureContext(context, verify) });
    } catch {
      return fail({
        code: 'tls',
        message: 'the key or a certificate of the talosconfig cannot be used: make a new one',
      });
    }
  }
  const probed = await probeApi(address, port, timeoutMs);
  if (!probed.ok) return probed;
  const { fingerprint, pem } = probed.value;
  if (access.fingerprint !== undefined && access.fingerprint !== fingerprint) {
    return fail({
      code: 'pinChanged',
      message: `the node shows the certificate ${fingerprint}, and its log said ${access.fingerprint}: another machine may answer`,
    });
  }
  // The leaf itself is the trust anchor: the connection that follows can only end at the one that was looked at.
  const context = createSecureContext({ ca: pem, allowPartialTrustChain: true, minVersion: 'TLSv1.2' });
  const secure = credentials.createFromSecureContext(context, { checkServerIdentity: () => undefined });
  return ok({ secure, fingerprint });
}

const raw = (bytes: Buffer): Buffer => bytes;

function callOnce(
  client: Client,
  method: ApiMethod,
  fields: MessageFields,
  timeoutMs: number,
): Promise<Result<MessageFields, ApiProblem>> {
  const request = Buffer.from(encodeMessage(method.request, fields));
  return new Promise((resolve) => {
    const done = (error: ServiceError | null, bytes?: Buffer) => {
      if (error !== null) resolve(fail(problemOfCall(error)));
      else resolve(decoded(method, bytes ?? Buffer.alloc(0)));
    };
    const options = { deadline: Date.now() + timeoutMs };
    client.makeUnaryRequest(method.path, raw, raw, request, new Metadata(), options, done);
  });
}

/** Decoding is ours, not the library's: there a broken message would be an error without a reason. */
function decoded(method: ApiMethod, bytes: Uint8Array): Result<MessageFields, ApiProblem> {
  const message = decodeMessage(method.response, bytes);
  return message.ok ? message : fail({ code: 'garbage', message: `Talos answered with ${message.error}` });
}

/** A stream that ends by itself, or by `signal`. Without signal it must end within the time limit. */
function follow(
  client: Client,
  method: ApiMethod,
  fields: MessageFields,
  onMessage: (fields: MessageFields) => void,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<Result<void, ApiProblem>> {
  const request = Buffer.from(encodeMessage(method.request, fields));
  const options = signal === undefined ? { deadline: Date.now() + timeoutMs } : {};
  return new Promise((resolve) => {
    const stream = client.makeServerStreamRequest(method.path, raw, raw, request, new Metadata(), options);
    let problem: ApiProblem | undefined;
    let messages = 0;
    const stop = () => stream.cancel();
    if (signal?.aborted === true) stop();
    signal?.addEventListener('abort', stop, { once: true });
    stream.on('data', (bytes: Buffer) => {
      const message = decoded(method, bytes);
      messages += 1;
      if (!message.ok) problem = message.error;
      else if (signal === undefined && messages > MAX_STREAM_MESSAGES)
        problem = { code: 'garbage', message: 'Talos sent too much' };
      if (problem !== undefined) stop();
      else if (message.ok) onMessage(message.value);
    });
    const end = (result: Result<void, ApiProblem>) => {
      signal?.removeEventListener('abort', stop);
      resolve(problem === undefined ? result : fail(problem));
    };
    stream.on('error', (error: ServiceError) =>
      end(signal?.aborted === true ? ok(undefined) : fail(problemOfCall(error))),
    );
    stream.on('end', () => end(ok(undefined)));
  });
}
