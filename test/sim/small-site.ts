import { createSocket, type Socket } from 'node:dgram';
import { createServer as createHttp, type IncomingMessage } from 'node:http';
import { type AddressInfo, createServer as createTcp, type Server as TcpServer } from 'node:net';
import { Server as GrpcServer, ServerCredentials } from '@grpc/grpc-js';
import { classifyDhcpClient } from '../../src/protocols/dhcp/classify-dhcp-client.ts';
import { decodeDhcp } from '../../src/protocols/dhcp/decode-dhcp.ts';
import type { DhcpMessage, DhcpOptions, DhcpPacket } from '../../src/protocols/dhcp/dhcp-message.ts';
import { encodeDhcp } from '../../src/protocols/dhcp/encode-dhcp.ts';
import { decodeTftp } from '../../src/protocols/tftp/decode-tftp.ts';
import { encodeTftp } from '../../src/protocols/tftp/encode-tftp.ts';
import { negotiateTftp } from '../../src/protocols/tftp/negotiate-tftp.ts';
import { createTransfer, stepTransfer, type Transfer, type TransferAction } from '../../src/protocols/tftp/transfer.ts';
import { decodeEvent } from '../../src/talos/decode-event.ts';
import type { TalosEventBody } from '../../src/talos/talos-event.ts';

/**
 * Servers that only know one kind of answer, written apart from those of src: what the simulation sends is judged here
 * by codecs, grpc-js and node's own HTTP server, without the decisions of the product in between.
 */
export interface SmallSite {
  readonly dhcp: { readonly address: string; readonly port: number };
  readonly tftpPort: number;
  readonly base: string;
  readonly sink: string;
  readonly kernelLog: string;
  readonly seen: SiteLog;
  /** Changes answers while it runs. */
  readonly rules: SiteRules;
  close(): Promise<void>;
}

export interface SeenRequest {
  readonly atMs: number;
  readonly method: string;
  readonly url: string;
  readonly from: string;
  readonly agent: string;
}

export interface SiteLog {
  readonly dhcp: DhcpMessage[];
  readonly replies: DhcpMessage[];
  readonly tftp: string[];
  readonly http: SeenRequest[];
  /** Of each address the last body, whether or not the machine has taken it. */
  readonly sentBytes: Map<string, number>;
  readonly events: { readonly from: string; readonly id: string; readonly body: TalosEventBody }[];
  readonly log: { readonly from: string; readonly text: string }[];
}

export interface SiteRules {
  bootFile: (kind: string, message: DhcpMessage) => string | undefined;
  offer: (options: DhcpOptions) => DhcpOptions;
  files: Record<string, Buffer>;
  http: (path: string, request: IncomingMessage) => { status: number; body: Buffer | string } | undefined;
}

const SERVER = 0x7f000001;

export async function createSmallSite(rules: SiteRules): Promise<SmallSite> {
  const seen: SiteLog = { dhcp: [], replies: [], tftp: [], http: [], sentBytes: new Map(), events: [], log: [] };
  const dhcp = await openUdp();
  serveDhcp(dhcp, seen, rules);
  const tftp = await openUdp();
  const tftpSessions = serveTftp(tftp, seen, rules);
  const http = createHttp((request, response) => {
    const url = request.url ?? '';
    const from = request.socket.remoteAddress ?? '';
    const agent = request.headers['user-agent'] ?? '';
    seen.http.push({ atMs: performance.now(), method: request.method ?? '', url, from, agent });
    const answer = rules.http(url, request) ?? { status: 404, body: 'not here' };
    const last = /^bytes=0-(\d+)$/.exec(request.headers.range ?? '')?.[1];
    const body = last === undefined ? answer.body : Buffer.from(answer.body).subarray(0, Number(last) + 1);
    response.writeHead(last === undefined ? answer.status : 206, { 'content-length': Buffer.byteLength(body) });
    response.end(request.method === 'HEAD' ? undefined : body);
    seen.sentBytes.set(url, request.method === 'HEAD' ? 0 : Buffer.byteLength(body));
  });
  const sink = new GrpcServer();
  sink.register(
    '/events.EventSinkService/Publish',
    (call: { readonly request: Buffer; getPeer(): string }, done: (error: null, reply: Buffer) => void) => {
      const event = decodeEvent(call.request);
      if (event.ok) seen.events.push({ from: call.getPeer().replace(/:\d+$/, ''), ...event.value });
      done(null, Buffer.alloc(0));
    },
    (reply: Buffer) => reply,
    (bytes: Buffer) => bytes,
    'unary',
  );
  const sinkPort = await new Promise<number>((resolve, reject) =>
    sink.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    ),
  );
  const log = createTcp((socket) => {
    const from = socket.remoteAddress ?? '';
    let rest = '';
    socket.on('error', () => undefined);
    socket.on('data', (part) => {
      const lines = (rest + part.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) seen.log.push({ from, text: String(JSON.parse(line).msg) });
    });
  });
  const httpPort = await listen(http);
  const logPort = await listen(log);
  return {
    dhcp: { address: '127.0.0.1', port: dhcp.address().port },
    tftpPort: tftp.address().port,
    base: `http://127.0.0.1:${httpPort}`,
    sink: `127.0.0.1:${sinkPort}`,
    kernelLog: `tcp://127.0.0.1:${logPort}/`,
    seen,
    rules,
    async close() {
      dhcp.close();
      tftp.close();
      for (const end of [...tftpSessions]) end();
      sink.forceShutdown();
      http.closeAllConnections();
      http.close();
      log.close();
    },
  };
}

function openUdp(): Promise<Socket> {
  const socket = createSocket('udp4');
  return new Promise((resolve) => socket.bind(0, '127.0.0.1', () => resolve(socket)));
}

function listen(server: TcpServer): Promise<number> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));
}

function serveDhcp(socket: Socket, seen: SiteLog, rules: SiteRules): void {
  socket.on('message', (bytes, from) => {
    const decoded = decodeDhcp(bytes);
    if (!decoded.ok) return;
    const message = decoded.value;
    if (message.op === 'reply') {
      seen.replies.push(message);
      return;
    }
    seen.dhcp.push(message);
    const { messageType, serverId } = message.options;
    if (serverId !== undefined && serverId !== SERVER) return;
    if (messageType !== 'discover' && messageType !== 'request') return;
    const client = classifyDhcpClient(message);
    const bootFile = client.kind === 'os' ? undefined : rules.bootFile(client.kind, message);
    // One machine, one address, whoever asks: by the last two bytes of its MAC.
    const yiaddr = 0x7f4d0900 + (message.chaddr[4] ?? 0) * 256 + (message.chaddr[5] ?? 0);
    const packet: DhcpPacket = {
      ...message,
      op: 'reply',
      hops: 0,
      secs: 0,
      yiaddr,
      siaddr: SERVER,
      file: bootFile ?? '',
      options: rules.offer({
        messageType: messageType === 'discover' ? 'offer' : 'ack',
        serverId: SERVER,
        leaseSeconds: 3600,
        subnetMask: 0xffff0000,
        ...(bootFile === undefined ? {} : { bootFile }),
        ...(client.kind === 'httpBoot' ? { vendorClass: 'HTTPClient' } : {}),
        ...(client.kind === 'ipxe' ? { ipxe: [{ code: 176, data: Uint8Array.of(1) }] } : {}),
        ...(message.options.relayInfo === undefined ? {} : { relayInfo: message.options.relayInfo }),
      }),
    };
    socket.send(encodeDhcp({ ...packet, extra: [] }), from.port, from.address);
  });
}

function serveTftp(socket: Socket, seen: SiteLog, rules: SiteRules): Set<() => void> {
  const open = new Set<() => void>();
  socket.on('message', (bytes, from) => {
    const decoded = decodeTftp(bytes);
    if (!decoded.ok || decoded.value.kind !== 'read') return;
    const request = decoded.value;
    const options = request.options.map(({ name, value }) => `${name}=${value}`).join(' ');
    seen.tftp.push(`${from.address} ${request.file} ${options}`.trim());
    const session = createSocket('udp4');
    const end = () => {
      if (!open.delete(end)) return;
      clearInterval(timer);
      session.close();
    };
    open.add(end);
    const send = (message: Buffer) => open.has(end) && session.send(message, from.port, from.address);
    const file = rules.files[request.file];
    const plan = file === undefined ? undefined : negotiateTftp(request, file.length);
    let transfer: Transfer | undefined;
    const act = (action: TransferAction) => {
      if (file === undefined || plan?.ok !== true) return;
      const { blockBytes } = plan.value;
      if (action.kind === 'sendOack') send(encodeTftp({ kind: 'oack', options: plan.value.accepted }));
      if (action.kind === 'send') {
        for (let i = action.from; i < action.to; i += 1) {
          const data = file.subarray(i * blockBytes, (i + 1) * blockBytes);
          send(encodeTftp({ kind: 'data', block: (i + 1) & 0xffff, data }));
        }
      }
      if (action.kind === 'probeEnded') seen.tftp.push(`${from.address} ${request.file} probed`);
      if (action.kind === 'done') seen.tftp.push(`${from.address} ${request.file} sent`);
      if (action.kind === 'failed') seen.tftp.push(`${from.address} ${request.file} failed`);
      if (['done', 'failed', 'probeEnded'].includes(action.kind)) setImmediate(end);
    };
    const step = (input: Parameters<typeof stepTransfer>[1]) => {
      if (transfer === undefined) return;
      const [next, action] = stepTransfer(transfer, input);
      transfer = next;
      act(action);
    };
    const timer = setInterval(() => step({ kind: 'tick', nowMs: performance.now() }), 50);
    session.on('message', (part) => {
      const message = decodeTftp(part);
      if (!message.ok) return;
      const nowMs = performance.now();
      if (message.value.kind === 'ack') step({ kind: 'ack', block: message.value.block, nowMs });
      if (message.value.kind === 'error') step({ ...message.value, nowMs });
    });
    session.bind(0, '127.0.0.1', () => {
      if (plan?.ok !== true) {
        send(encodeTftp({ kind: 'error', code: 1, message: 'File not found' }));
        setImmediate(end);
        return;
      }
      const [next, action] = createTransfer(plan.value, performance.now());
      transfer = next;
      act(action);
    });
  });
  return open;
}
