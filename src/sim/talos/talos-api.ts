import { Server, ServerCredentials, type ServerUnaryCall, type ServerWritableStream, status } from '@grpc/grpc-js';
import { API, type ApiMethod } from '../../talos/api-messages.ts';
import { bytesField, decodeMessage, encodeMessage, type MessageFields, textField } from '../../talos/message-codec.ts';
import { type Issued, issueCertificate, keyFingerprint } from '../bmc/issue-certificate.ts';
import type { SimHost } from '../machine/sim-host.ts';
import type { SimRun } from '../run/sim-run.ts';
import { parseSimConfig, type SimConfig } from './sim-config.ts';
import { hardwareResources, type SimResources } from './sim-resources.ts';

/** What somebody wants of the node over its API. */
export type ApiOrder =
  | { readonly is: 'config'; readonly config: SimConfig }
  | { readonly is: 'reboot' }
  | { readonly is: 'bootstrap' }
  | { readonly is: 'reset'; readonly reboots: boolean };

export interface ApiFacts {
  readonly version: string;
  readonly stage: () => string;
  readonly services: () => readonly string[];
  /** Those of them that do not run yet. */
  readonly preparing?: () => readonly string[];
  readonly config: () => SimConfig | undefined;
  /** Of a node that runs: the new configuration is on its disk. */
  readonly takeConfig: (config: SimConfig) => void;
}

/** Port 50000: TLS, and the part of the API that is asked for, in the state in which the node is. */
export interface TalosApi {
  /** Opens, or goes over to another certificate; gives the fingerprint, or undefined where the port is taken. */
  serve(as: 'maintenance' | 'cluster', facts: ApiFacts): Promise<string | undefined>;
  /** Waits for the next order; undefined never comes. */
  nextOrder(): Promise<ApiOrder | undefined>;
  close(): void;
}

const PORT = 50_000;
const raw = (bytes: Buffer): Buffer => bytes;
type Unary = { readonly fields: MessageFields } | { readonly code: status; readonly details: string };
const refuse = (code: status, details: string): Unary => ({ code, details });

export function openTalosApi(run: SimRun, host: SimHost, address: string): TalosApi {
  let server: Server | undefined;
  let take: ((order: ApiOrder) => void) | undefined;
  const close = () => {
    server?.forceShutdown();
    server = undefined;
  };
  const forget = run.onEnd(close);
  return {
    async serve(as, facts) {
      close();
      const authority = as === 'cluster' ? host.authority : undefined;
      const commonName = as === 'maintenance' ? 'maintenance-service.talos.dev' : host.spec.name;
      const own = issueCertificate({ commonName, use: 'server', address }, authority, Date.now());
      const made = createServer((name, fields) => answer(host, as, facts, name, fields, (order) => take?.(order)));
      const isOpen = await bind(made, address, own, as === 'cluster' ? authority?.cert : undefined);
      if (!isOpen) return undefined;
      if (run.ended) made.forceShutdown();
      else server = made;
      return keyFingerprint(own.key);
    },
    nextOrder: () =>
      run.wait<ApiOrder>(undefined, (done) => {
        take = done;
        return () => {
          take = undefined;
        };
      }),
    close() {
      forget();
      close();
    },
  };
}

function bind(server: Server, address: string, own: Issued, clientAuthority: string | undefined): Promise<boolean> {
  const credentials = ServerCredentials.createSsl(
    clientAuthority === undefined ? null : Buffer.from(clientAuthority),
    [{ cert_chain: Buffer.from(own.cert), private_key: Buffer.from(own.key) }],
    clientAuthority !== undefined,
  );
  return new Promise((resolve) =>
    server.bindAsync(`${address}:${PORT}`, credentials, (error) => resolve(error === null)),
  );
}

type Answer = (name: keyof typeof API, fields: MessageFields) => Unary | readonly MessageFields[];

function createServer(answerCall: Answer): Server {
  const server = new Server();
  const names = Object.keys(API) as (keyof typeof API)[];
  const streams = (name: keyof typeof API) => name === 'list' || name === 'watch';
  const encode = (method: ApiMethod, fields: MessageFields) => Buffer.from(encodeMessage(method.response, fields));
  const definitions = names.map((name) => [
    name,
    {
      path: API[name].path,
      requestStream: false,
      responseStream: streams(name),
      requestSerialize: raw,
      requestDeserialize: raw,
      responseSerialize: raw,
      responseDeserialize: raw,
    },
  ]);
  const read = (name: keyof typeof API, bytes: Buffer): MessageFields => {
    const fields = decodeMessage(API[name].request, bytes);
    return fields.ok ? fields.value : {};
  };
  const handlers = names.map((name) => [
    name,
    streams(name)
      ? (call: ServerWritableStream<Buffer, Buffer>) => {
          const told = answerCall(name, read(name, call.request));
          if (Array.isArray(told)) for (const one of told) call.write(encode(API[name], one));
          call.end();
        }
      : (call: ServerUnaryCall<Buffer, Buffer>, done: (error: object | null, bytes?: Buffer) => void) => {
          const told = answerCall(name, read(name, call.request));
          if ('fields' in told) done(null, encode(API[name], told.fields));
          else done(told);
        },
  ]);
  server.addService(Object.fromEntries(definitions), Object.fromEntries(handlers));
  return server;
}

/** In maintenance mode anybody may read and apply a configuration; everything else is for administrators. */
const IN_MAINTENANCE: ReadonlySet<keyof typeof API> = new Set([
  'version',
  'applyConfiguration',
  'serviceList',
  'get',
  'list',
]);

function answer(
  host: SimHost,
  as: 'maintenance' | 'cluster',
  facts: ApiFacts,
  name: keyof typeof API,
  fields: MessageFields,
  order: (order: ApiOrder) => void,
): Unary | readonly MessageFields[] {
  if (as === 'maintenance' && !IN_MAINTENANCE.has(name)) return refuse(status.PERMISSION_DENIED, 'not authorized');
  const resources = () => ({ ...hardwareResources(host), ...stateResources(as, facts) });
  switch (name) {
    case 'version':
      return {
        fields: { messages: [{ version: { tag: facts.version, arch: 'amd64' }, platform: { name: 'metal' } }] },
      };
    case 'serviceList':
      return {
        fields: {
          messages: [
            { services: facts.services().map((id) => serviceOf(id, facts.preparing?.().includes(id) === true)) },
          ],
        },
      };
    case 'get': {
      const text = resources()[textField(fields, 'type')]?.[textField(fields, 'id')];
      return text === undefined
        ? refuse(status.NOT_FOUND, 'resource does not exist')
        : { fields: resourceOf(textField(fields, 'id'), text) };
    }
    case 'list':
      return Object.entries(resources()[textField(fields, 'type')] ?? {}).map(([id, text]) => resourceOf(id, text));
    case 'applyConfiguration':
      return applyConfig(as, facts, fields, order);
    case 'reboot':
      order({ is: 'reboot' });
      return { fields: {} };
    case 'reset':
      order({ is: 'reset', reboots: fields.reboot === true });
      return { fields: {} };
    case 'bootstrap':
      if (facts.preparing?.().includes('etcd') !== true)
        return refuse(status.ALREADY_EXISTS, 'etcd data directory is not empty');
      order({ is: 'bootstrap' });
      return { fields: {} };
    case 'watch':
      return [];
  }
}

const serviceOf = (id: string, isPreparing: boolean) =>
  isPreparing
    ? { id, state: 'Preparing', health: { unknown: true, last_message: '' } }
    : { id, state: 'Running', health: { healthy: true, last_message: '' } };

const resourceOf = (id: string, text: string): MessageFields => ({
  resource: { metadata: { id }, spec: { yaml_spec: text } },
});

function stateResources(as: 'maintenance' | 'cluster', facts: ApiFacts): SimResources {
  const config = facts.config();
  return {
    'MachineStatuses.runtime.talos.dev': {
      machine: JSON.stringify({ stage: facts.stage(), status: { ready: true, unmetConditions: [] } }),
    },
    ...(as === 'maintenance' || config === undefined
      ? {}
      : { 'MachineConfigs.config.talos.dev': { v1alpha1: config.text } }),
  };
}

function applyConfig(
  as: 'maintenance' | 'cluster',
  facts: ApiFacts,
  fields: MessageFields,
  order: (order: ApiOrder) => void,
): Unary {
  const config = parseSimConfig(Buffer.from(bytesField(fields, 'data')));
  if (!config.ok) return refuse(status.INVALID_ARGUMENT, config.error);
  const done: Unary = { fields: { messages: [{ warnings: [], mode: 1, mode_details: 'Applied' }] } };
  if (fields.dry_run === true) return done;
  if (as === 'cluster') facts.takeConfig(config.value);
  // Documents without a v1alpha1 one are applied, and maintenance goes on.
  else if (config.value.isComplete) order({ is: 'config', config: config.value });
  return done;
}
