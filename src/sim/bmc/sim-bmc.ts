import {
  createServer as createHttp,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { SimFaults } from './faults.ts';
import { personalityOf } from './personalities.ts';
import type { PersonalityName } from './personality.ts';
import { createSelfSigned, type SelfSigned } from './self-signed.ts';
import { createSimPower } from './sim-power.ts';
import { sendSim } from './sim-send.ts';
import { answerSim } from './sim-serve.ts';
import { createSimSessions, type SimCredentials, type SimSessions } from './sim-sessions.ts';
import {
  createSimState,
  type SimBoot,
  type SimIdentity,
  type SimMachine,
  type SimState,
  simIdentity,
} from './sim-state.ts';

export interface SimBmcOptions {
  readonly personality: PersonalityName;
  readonly faults?: SimFaults;
  readonly port?: number;
  readonly host?: string;
  /** `true` makes a certificate; several BMCs may share one that was made before. */
  readonly tls?: boolean | SelfSigned;
  /** TLS 1.1 at most, as BMCs of 2015 have it. */
  readonly oldTls?: boolean;
  readonly credentials?: SimCredentials;
  /** 1 is the time of real hardware; 0.001 makes two minutes of POST a tenth of a second. */
  readonly timeScale?: number;
  readonly machine?: SimMachine;
  readonly identity?: Partial<SimIdentity>;
  readonly index?: number;
  readonly power?: 'On' | 'Off';
  /** How many of its first requests are kept to be looked at; in a crowd that is most of its memory. */
  readonly keepsRequests?: number;
}

export interface SimBmc {
  readonly url: string;
  readonly fingerprint: string | undefined;
  readonly credentials: SimCredentials;
  readonly identity: SimIdentity;
  /** For looking at, not for setting; faults are set by `setFaults`. */
  readonly state: SimState;
  readonly sessions: SimSessions;
  readonly requests: { count: number; inFlight: number; peak: number; readonly seen: string[] };
  setFaults(faults: SimFaults): void;
  /** The firmware's question at the start: an override that was set once is gone after it. */
  takeBoot(): SimBoot;
  loseMains(): void;
  setProgress(progress: string): void;
  addLog(severity: 'OK' | 'Warning' | 'Critical', text: string): void;
  /** Another certificate from the next connection on. */
  changeCertificate(): string | undefined;
  close(): Promise<void>;
}

const KEPT_REQUESTS = 500;
const OLD_TLS = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;

function createListener(
  context: Parameters<typeof answerSim>[0],
  requests: SimBmc['requests'],
  keeps: number,
): RequestListener {
  return (request: IncomingMessage, response: ServerResponse) => {
    requests.count += 1;
    requests.inFlight += 1;
    requests.peak = Math.max(requests.peak, requests.inFlight);
    if (requests.seen.length < keeps) requests.seen.push(`${request.method ?? ''} ${request.url ?? ''}`);
    response.once('close', () => {
      requests.inFlight -= 1;
    });
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('error', () => response.destroy());
    request.on('end', () => {
      const answer = answerSim(context, request, Buffer.concat(parts).toString());
      void sendSim(context, request, response, answer);
    });
  };
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

export async function createSimBmc(options: SimBmcOptions): Promise<SimBmc> {
  const personality = personalityOf(options.personality);
  const identity = { ...simIdentity(options.index ?? 1), ...options.identity };
  const credentials = options.credentials ?? { username: 'root', password: 'calvin' };
  const timeScale = options.timeScale ?? 1;
  const msOf = (seconds: number) => seconds * 1_000 * timeScale;
  const state = createSimState(personality, identity, options.faults ?? {});
  state.power = options.power ?? 'Off';
  const power = createSimPower(state, options.machine, msOf);
  const sessions = createSimSessions(state, credentials, msOf);
  const requests = { count: 0, inFlight: 0, peak: 0, seen: [] as string[] };
  const newCertificate = () => createSelfSigned(`${personality.name}.sim`, new Date());
  let certificate = options.tls === true ? newCertificate() : options.tls === false ? undefined : options.tls;
  const host = options.host ?? '127.0.0.1';
  const context = { state, sessions, power, msOf, base: '', served: 0 };
  const listener = createListener(context, requests, options.keepsRequests ?? KEPT_REQUESTS);
  const server =
    certificate === undefined
      ? createHttp(listener)
      : createHttps({ key: certificate.key, cert: certificate.cert, ...(options.oldTls ? OLD_TLS : {}) }, listener);
  // A crowd of BMCs must not keep a process alive by itself, nor die of a client that hangs up.
  server.on('clientError', (_, socket) => socket.destroy());
  server.on('tlsClientError', () => undefined);
  const port = await listen(server, options.port ?? 0, host);
  const url = `${certificate === undefined ? 'http' : 'https'}://${host}:${port}`;
  context.base = url;
  return {
    url,
    get fingerprint() {
      return certificate?.fingerprint;
    },
    credentials,
    identity,
    state,
    sessions,
    requests,
    setFaults(faults) {
      state.faults = faults;
    },
    takeBoot: power.takeBoot,
    loseMains: power.loseMains,
    setProgress(progress) {
      state.progress = progress;
    },
    addLog(severity, text) {
      state.log.push({ at: new Date(), severity, text });
    },
    changeCertificate() {
      if (!('setSecureContext' in server)) return undefined;
      certificate = newCertificate();
      server.setSecureContext({ key: certificate.key, cert: certificate.cert });
      return certificate.fingerprint;
    },
    close() {
      power.close();
      server.closeAllConnections();
      return new Promise((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}
