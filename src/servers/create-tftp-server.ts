import type { Socket } from 'node:dgram';
import { cleanText } from '../core/clean-text.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { Transfer } from '../netboot/answer-http.ts';
import { answerLoader } from '../netboot/answer-loader.ts';
import { decodeTftp } from '../protocols/tftp/decode-tftp.ts';
import { encodeTftp } from '../protocols/tftp/encode-tftp.ts';
import { TFTP_ERROR } from '../protocols/tftp/tftp-message.ts';
import type { FileStore } from './file-store.ts';
import { createRateGate } from './rate-gate.ts';
import {
  type BootParts,
  type BootServer,
  type ListenAddress,
  type ServerProblem,
  serverAddresses,
} from './server-parts.ts';
import { loadSocketOptions } from './socket-options.ts';
import { startTransfer, type TransferReport } from './start-transfer.ts';
import { createTftpCapture, type TftpCapture } from './tftp-capture.ts';
import { createTftpRunner, type TftpReports, type TftpRunner } from './tftp-runner.ts';
import { createTally, type Tally } from './traffic.ts';
import { closeUdp, growReceiveBuffer, openUdp4 } from './udp-socket.ts';

export interface TftpServerOptions extends BootParts {
  readonly bind: { readonly port: number; readonly address?: string };
  readonly files: FileStore;
  /** Without it the native package decides; `false` for tests and for NICs that drop segmented packets. */
  readonly segmentation?: boolean;
  /** Who sends: bulk threads. Without them this thread does. */
  readonly runner?: TftpRunner;
}

export interface TftpServer extends BootServer {
  readonly active: () => number;
}

const MAX_TRANSFERS = 4096;
/** A whole room behind one router is one address; a quarter of all is what one hostile client can take from the others. */
const MAX_PER_CLIENT = MAX_TRANSFERS / 4;
/**
 * A machine that boots asks three times, and a thousand may share an address. What a forged sender can have sent to his
 * victim is one packet of 516 bytes per request and six more, so that this is less than a megabyte a second.
 */
const LIMITS = { burst: 3_000, perSecond: 200, totalBurst: 10_000, totalPerSecond: 5_000 };
const BUSY_LINES = { burst: 3, perSecond: 0.1, totalBurst: 30, totalPerSecond: 1 };

interface Serving {
  readonly options: TftpServerOptions;
  readonly runner: TftpRunner;
  /** By address and port of the client: how to break it off. */
  readonly sessions: Map<string, (reason: string) => void>;
  readonly perClient: Map<string, number>;
  readonly gate: ReturnType<typeof createRateGate>;
  readonly busyLines: ReturnType<typeof createRateGate>;
  readonly tally: Tally;
  stopped: boolean;
}

export async function createTftpServer(options: TftpServerOptions): Promise<Result<TftpServer, ServerProblem>> {
  const { bind } = options;
  const wanted = bind.address === undefined ? serverAddresses(options.site()) : [bind.address];
  const sockets: Socket[] = [];
  const listens: ListenAddress[] = [];
  const native = options.segmentation === false ? undefined : loadSocketOptions();
  for (const address of wanted) {
    const opened = await openUdp4('TFTP', address, bind.port);
    if (!opened.ok) {
      await Promise.all(sockets.map(closeUdp));
      return fail(opened.error);
    }
    growReceiveBuffer(opened.value, native);
    sockets.push(opened.value);
    listens.push({ address, port: opened.value.address().port });
  }
  const own = createTftpRunner(options.files, native);
  const runner = options.runner ?? own;
  const serving: Serving = {
    options,
    runner,
    sessions: new Map(),
    perClient: new Map(),
    gate: createRateGate(LIMITS),
    busyLines: createRateGate(BUSY_LINES),
    tally: createTally(),
    stopped: false,
  };
  sockets.forEach((socket, i) => {
    socket.on('error', () => undefined);
    socket.on('message', (bytes, peer) => {
      receive(serving, socket, listens[i] ?? { address: '0.0.0.0', port: bind.port }, bytes, peer);
    });
  });
  return ok({
    listens,
    warnings: [],
    active: () => serving.sessions.size,
    traffic: () => serving.tally,
    stop: async () => {
      serving.stopped = true;
      for (const abort of [...serving.sessions.values()]) abort('the server stops');
      own.stop();
      await Promise.all(sockets.map(closeUdp));
    },
  });
}

interface Peer {
  readonly address: string;
  readonly port: number;
}

function whyBusy({ sessions, perClient }: Serving, address: string): string | undefined {
  if (sessions.size >= MAX_TRANSFERS) return `${sessions.size} transfers run`;
  const own = perClient.get(address) ?? 0;
  return own >= MAX_PER_CLIENT ? `${own} transfers run to ${address} alone` : undefined;
}

function receive(serving: Serving, socket: Socket, local: ListenAddress, bytes: Buffer, peer: Peer): void {
  const { options } = serving;
  // Nothing that a server sends from: two servers could be made to talk to each other for ever.
  if (peer.port === 67 || peer.port === 69 || peer.port === 0) return;
  if (!serving.gate.pass(peer.address, options.engine.now())) return;
  const node = options.addresses.nodeAt(options.engine.fleet(), peer.address);
  const capture = createTftpCapture(options, node?.name, local, peer);
  const refuse = (code: number, message: string, why = message) => {
    serving.tally.errors += 1;
    // A bulk thread may report after the server was stopped.
    if (serving.stopped) return;
    const error = encodeTftp({ kind: 'error', code, message });
    capture.refused(error, why);
    socket.send(error, peer.port, peer.address, () => undefined);
  };
  const message = decodeTftp(bytes);
  if (!message.ok) {
    capture.asked(bytes, `not to be understood: ${message.error}`);
    refuse(TFTP_ERROR.illegalOperation, 'no TFTP request');
    return;
  }
  const request = message.value;
  if (request.kind !== 'read' && request.kind !== 'write') return;
  serving.tally.requests += 1;
  const key = `${peer.address}:${peer.port}`;
  // Sent again before our answer arrived: the transfer answers by its own timer.
  if (serving.sessions.has(key)) {
    capture.asked(bytes, 'sent again before our answer was there');
    return;
  }
  const { engine, rendered, artefacts } = options;
  const view = { fleet: engine.fleet(), at: engine.now(), rendered, artefacts };
  const answer = answerLoader(view, request.file, node);
  const log = (level: 'debug' | 'info' | 'warn', text: string) =>
    options.onLog({ at: engine.now(), node: node?.name ?? '', source: 'tftp', level, text });
  capture.asked(bytes, answer.ok ? `the machine may have ${answer.name}` : answer.reason);
  if (!answer.ok) {
    log(answer.expected ? 'debug' : 'info', `${cleanText(request.file, 80)}: ${answer.reason}`);
    refuse(TFTP_ERROR.notFound, 'file not found', answer.reason);
    return;
  }
  const busy = whyBusy(serving, peer.address);
  if (busy !== undefined) {
    if (serving.busyLines.pass(peer.address, engine.now())) log('warn', `${answer.name}: refused, ${busy}`);
    refuse(TFTP_ERROR.undefined, `${busy}; try again`);
    return;
  }
  serving.perClient.set(peer.address, (serving.perClient.get(peer.address) ?? 0) + 1);
  const end = (): void => {
    serving.sessions.delete(key);
    const left = (serving.perClient.get(peer.address) ?? 1) - 1;
    if (left > 0) serving.perClient.set(peer.address, left);
    else serving.perClient.delete(peer.address);
  };
  const transfer = node === undefined ? undefined : ({ kind: 'loader', node: node.name, file: answer.name } as const);
  const { name, file } = answer;
  const to = { address: peer.address, port: peer.port };
  const order = { local: local.address, peer: to, request, file, recorded: capture.isKept };
  // Before it starts: a request that comes again while the file is read is the same transfer.
  serving.sessions.set(key, () => undefined);
  const abort = serving.runner.start(order, reportsOf(serving, { transfer, name, log, refuse, end, capture }));
  if (serving.sessions.has(key)) serving.sessions.set(key, abort);
}

type Log = (level: 'debug' | 'info' | 'warn', text: string) => void;

interface OneTransfer {
  readonly transfer: Transfer | undefined;
  readonly name: string;
  readonly log: Log;
  readonly refuse: (code: number, message: string) => void;
  readonly end: () => void;
  readonly capture: TftpCapture;
}

/** What a transfer means: events where it is known whose it is, and one line at its end. */
function reportsOf(
  { options, sessions, tally }: Serving,
  { transfer, name, log, refuse, end, capture }: OneTransfer,
): TftpReports {
  let report: TransferReport | undefined;
  let sizeBytes = 0;
  let countedBytes = 0;
  const count = (bytes: number) => {
    tally.bytes += Math.max(0, bytes - countedBytes);
    countedBytes = Math.max(countedBytes, bytes);
  };
  const startedMs = performance.now();
  return {
    began: (size) => {
      sizeBytes = size;
      report = startTransfer(options.engine, transfer, size, 'tftp', () => sessions.size);
    },
    moved: (bytes) => {
      count(bytes);
      report?.moved(bytes);
    },
    seen: capture.seen,
    refused: (code, message) => {
      end();
      log('warn', `${name}: ${message}`);
      refuse(code, message);
    },
    ended: ({ is, reason, resent, ackedBytes }) => {
      end();
      count(is === 'done' ? sizeBytes : ackedBytes);
      if (is === 'failed') tally.errors += 1;
      if (is === 'done') report?.done(sizeBytes);
      else report?.aborted(ackedBytes, reason, is === 'probe');
      if (transfer === undefined) return;
      const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
      const again = resent === 0 ? '' : `, ${resent} blocks sent again`;
      const text = is === 'done' ? `${sizeBytes} bytes in ${seconds} s${again}` : `${reason}${again}`;
      capture.ended(`end of ${name}: ${text}`);
      log(is === 'failed' ? 'warn' : 'info', `${name}: ${text}`);
    },
  };
}
