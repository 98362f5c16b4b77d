import {
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { API, type ApiMethod } from '../../../src/talos/api-messages.ts';
import { decodeMessage, encodeMessage, type MessageFields } from '../../../src/talos/message-codec.ts';
import type { Pair } from './certificates.ts';

/** A Talos API on real TLS: answers from tables, remembers what it was asked. */
export interface FakeTalos {
  readonly port: number;
  readonly asked: { readonly path: string; readonly fields: MessageFields }[];
  readonly close: () => void;
}

type Failure = { readonly code: number; readonly details: string };
export type Answer = MessageFields | Failure | Buffer | 'silence';

export interface FakeOptions {
  readonly server: Pair;
  /** With it, a client certificate is demanded. */
  readonly clientAuthority?: Pair;
  readonly answers?: Readonly<Record<string, Answer>>;
  /** By resource type: id → YAML. */
  readonly resources?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly watch?: readonly string[];
  /** Absent: the kernel chooses. */
  readonly port?: number;
  readonly address?: string;
}

const isFailure = (answer: Answer): answer is Failure =>
  typeof answer === 'object' && 'details' in answer && 'code' in answer;
const raw = (bytes: Buffer) => bytes;

export async function startFakeTalos(options: FakeOptions): Promise<FakeTalos> {
  const server = new Server();
  const asked: FakeTalos['asked'] = [];
  const note = (method: ApiMethod, bytes: Buffer): MessageFields => {
    const fields = decodeMessage(method.request, bytes);
    asked.push({ path: method.path, fields: fields.ok ? fields.value : {} });
    return fields.ok ? fields.value : {};
  };
  const definition = (method: ApiMethod, responseStream: boolean) => ({
    path: method.path,
    requestStream: false,
    responseStream,
    requestSerialize: raw,
    requestDeserialize: raw,
    responseSerialize: raw,
    responseDeserialize: raw,
  });
  const encode = (method: ApiMethod, fields: MessageFields) => Buffer.from(encodeMessage(method.response, fields));
  const resource = (id: string, yaml: string) => ({ metadata: { id }, spec: { yaml_spec: yaml } });

  const unary = (name: keyof typeof API) => (call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) => {
    const method = API[name];
    const fields = note(method, call.request);
    const stored = name === 'get' ? options.resources?.[String(fields.type)]?.[String(fields.id)] : undefined;
    const answer =
      options.answers?.[name] ?? (stored === undefined ? undefined : { resource: resource(String(fields.id), stored) });
    if (answer === 'silence') return;
    if (answer === undefined) done({ code: status.NOT_FOUND, details: `nothing for ${name}` });
    else if (Buffer.isBuffer(answer)) done(null, answer);
    else if (isFailure(answer)) done(answer);
    else done(null, encode(method, answer));
  };
  const list = (call: ServerWritableStream<Buffer, Buffer>) => {
    const fields = note(API.list, call.request);
    const answer = options.answers?.list;
    if (answer !== undefined && isFailure(answer)) return void call.emit('error', answer);
    for (const [id, yaml] of Object.entries(options.resources?.[String(fields.type)] ?? {})) {
      call.write(encode(API.list, { resource: resource(id, yaml) }));
    }
    call.end();
  };
  const watch = (call: ServerWritableStream<Buffer, Buffer>) => {
    note(API.watch, call.request);
    call.write(encode(API.watch, {}));
    for (const yaml of options.watch ?? [])
      call.write(encode(API.watch, { event: [{ resource: resource('machine', yaml) }] }));
  };
  server.addService(
    Object.fromEntries(
      (Object.keys(API) as (keyof typeof API)[]).map((name) => [
        name,
        definition(API[name], name === 'list' || name === 'watch'),
      ]),
    ),
    {
      ...Object.fromEntries((Object.keys(API) as (keyof typeof API)[]).map((name) => [name, unary(name)])),
      list,
      watch,
    },
  );
  const credentials = ServerCredentials.createSsl(
    options.clientAuthority === undefined ? null : Buffer.from(options.clientAuthority.certificate),
    [{ cert_chain: Buffer.from(options.server.certificate), private_key: Buffer.from(options.server.key) }],
    options.clientAuthority !== undefined,
  );
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync(`${options.address ?? '127.0.0.1'}:${options.port ?? 0}`, credentials, (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  return { port, asked, close: () => server.forceShutdown() };
}
