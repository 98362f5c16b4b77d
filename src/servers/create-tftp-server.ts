import type { Socket } from 'node:dgram';
import { cleanText } from '../core/clean-text.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { Transfer } from '../netboot/answer-http.ts';
import { answerLoader } from '../netboot/answer-loader.ts';
import { decodeTftp } from '../protocols/tftp/decode-tftp.ts';
import { encodeTftp } from '../protocols/tftp/encode-tftp.ts';
import { negotiateTftp, TFTP_LIMITS, type TransferPlan } from '../protocols/tftp/negotiate-tftp.ts';
import { encodeNetascii } from '../protocols/tftp/netascii.ts';
import { createTftpImage, type TftpImage } from '../protocols/tftp/tftp-image.ts';
import { TFTP_ERROR, type TftpRequest } from '../protocols/tftp/tftp-message.ts';
import type { FileStore } from './file-store.ts';
import { createRateGate } from './rate-gate.ts';
import {
  type BootParts,
  type BootServer,
  type ListenAddress,
  type ServerProblem,
  serverAddresses,
} from './server-parts.ts';
import { loadSocketOptions, SOL_UDP, type SocketOptions, UDP_SEGMENT } from './socket-options.ts';
import { startTransfer } from './start-transfer.ts';
import { startTftpSession, type TftpSession } from './tftp-session.ts';
import { bindUdp, closeUdp, createUdp, growReceiveBuffer, openUdp4 } from './udp-socket.ts';

export interface TftpServerOptions extends BootParts {
  readonly bind: { readonly port: number; readonly address?: string };
  readonly files: FileStore;
  /** Without it the native package decides; `false` for tests and for NICs that drop segmented packets. */
  readonly segmentation?: boolean;
}

export interface TftpServer extends BootServer {
  readonly active: () => number;
}

const TICK_MS = 100;
const MAX_TRANSFERS = 4096;
/** A ROM that gives up starts again beside its old transfer; more at a time is somebody else. */
const MAX_PER_CLIENT = 8;
const IMAGES_KEPT = 16;
/** Requests have forged senders more often than not; a machine that boots asks three times. */
const LIMITS = { burst: 30, perSecond: 5, totalBurst: 10_000, totalPerSecond: 5_000 };

interface Serving {
  readonly options: TftpServerOptions;
  readonly native: SocketOptions | undefined;
  readonly sessions: Map<string, TftpSession>;
  readonly perClient: Map<string, number>;
  readonly images: Map<string, TftpImage>;
  readonly gate: ReturnType<typeof createRateGate>;
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
  const serving: Serving = {
    options,
    native,
    sessions: new Map(),
    perClient: new Map(),
    images: new Map(),
    gate: createRateGate(LIMITS),
  };
  sockets.forEach((socket, i) => {
    socket.on('error', () => undefined);
    socket.on('message', (bytes, peer) => {
      void receive(serving, socket, listens[i]?.address ?? '0.0.0.0', bytes, peer);
    });
  });
  const ticker = setInterval(() => {
    const nowMs = performance.now();
    for (const session of serving.sessions.values()) session.tick(nowMs);
  }, TICK_MS);
  return ok({
    listens,
    warnings: [],
    active: () => serving.sessions.size,
    stop: async () => {
      clearInterval(ticker);
      for (const session of [...serving.sessions.values()]) session.abort('the server stops');
      await Promise.all(sockets.map(closeUdp));
    },
  });
}

interface Peer {
  readonly address: string;
  readonly port: number;
}

async function receive(serving: Serving, socket: Socket, local: string, bytes: Buffer, peer: Peer): Promise<void> {
  const { options } = serving;
  // Nothing that a server sends from: two servers could be made to talk to each other for ever.
  if (peer.port === 67 || peer.port === 69 || peer.port === 0) return;
  const refuse = (code: number, message: string) => {
    socket.send(encodeTftp({ kind: 'error', code, message }), peer.port, peer.address, () => undefined);
  };
  if (!serving.gate.pass(peer.address, options.engine.now())) return;
  const message = decodeTftp(bytes);
  if (!message.ok) return refuse(TFTP_ERROR.illegalOperation, 'no TFTP request');
  const request = message.value;
  if (request.kind !== 'read' && request.kind !== 'write') return;
  const key = `${peer.address}:${peer.port}`;
  // Sent again before our answer arrived: the transfer answers by its own timer.
  if (serving.sessions.has(key)) return;
  const node = options.addresses.nodeAt(options.engine.fleet(), peer.address);
  const { engine, rendered, artefacts } = options;
  const view = { fleet: engine.fleet(), at: engine.now(), rendered, artefacts };
  const answer = answerLoader(view, request.file, node);
  const log = (level: 'debug' | 'info' | 'warn', text: string) =>
    options.onLog({ at: engine.now(), node: node?.name ?? '', source: 'tftp', level, text });
  if (!answer.ok) {
    log(answer.expected ? 'debug' : 'info', `${cleanText(request.file, 80)}: ${answer.reason}`);
    return refuse(TFTP_ERROR.notFound, 'file not found');
  }
  if (serving.sessions.size >= MAX_TRANSFERS || (serving.perClient.get(peer.address) ?? 0) >= MAX_PER_CLIENT) {
    log('warn', `${answer.name}: too many transfers at a time`);
    return refuse(TFTP_ERROR.undefined, 'busy, try again');
  }
  const placeholder: TftpSession = { tick: () => undefined, abort: () => undefined };
  serving.sessions.set(key, placeholder);
  const started = await begin(serving, key, local, peer, request, answer, node?.name);
  if (started.ok) return;
  serving.sessions.delete(key);
  log('warn', `${answer.name}: ${started.error.message}`);
  refuse(started.error.code, started.error.message);
}

async function begin(
  serving: Serving,
  key: string,
  local: string,
  peer: Peer,
  request: TftpRequest,
  answer: Extract<ReturnType<typeof answerLoader>, { readonly ok: true }>,
  node: string | undefined,
): Promise<Result<void, { readonly code: number; readonly message: string }>> {
  const { options } = serving;
  const stored = await options.files.open(answer.file);
  const whole = stored.ok ? stored.value.whole : undefined;
  if (whole === undefined) return fail({ code: TFTP_ERROR.undefined, message: 'the file cannot be served now' });
  const bytes = request.mode === 'netascii' ? encodeNetascii(whole) : whole;
  const plan = negotiateTftp(request, bytes.length, TFTP_LIMITS);
  if (!plan.ok) return plan;
  const image = imageOf(serving, `${answer.file.sha256}|${request.mode}`, bytes, plan.value.blockBytes);
  const socket = createUdp('udp4');
  try {
    await bindUdp(socket, 0, local);
    socket.connect(peer.port, peer.address);
    await new Promise<void>((resolve) => socket.once('connect', resolve));
  } catch {
    await closeUdp(socket);
    return fail({ code: TFTP_ERROR.undefined, message: 'busy, try again' });
  }
  const transfer: Transfer | undefined = node === undefined ? undefined : { kind: 'loader', node, file: answer.name };
  run(serving, key, peer, socket, image, plan.value, transfer);
  return ok(undefined);
}

function run(
  serving: Serving,
  key: string,
  peer: Peer,
  socket: Socket,
  image: TftpImage,
  plan: TransferPlan,
  transfer: Transfer | undefined,
): void {
  const { options, native } = serving;
  const segmented = plan.windowBlocks > 1 && native?.set(socket, SOL_UDP, UDP_SEGMENT, plan.blockBytes + 4) === true;
  const report = startTransfer(options.engine, transfer, plan.sizeBytes, 'tftp');
  const startedMs = performance.now();
  let acked = 0;
  serving.perClient.set(peer.address, (serving.perClient.get(peer.address) ?? 0) + 1);
  const session = startTftpSession({
    socket,
    image,
    plan,
    segmented,
    nowMs: () => performance.now(),
    onMoved: (bytes) => {
      acked = bytes;
      report.moved(bytes);
    },
    onEnd: ({ is, reason, resent }) => {
      serving.sessions.delete(key);
      const left = (serving.perClient.get(peer.address) ?? 1) - 1;
      if (left > 0) serving.perClient.set(peer.address, left);
      else serving.perClient.delete(peer.address);
      void closeUdp(socket);
      if (is === 'done') report.done(plan.sizeBytes);
      else report.aborted(acked, reason, is === 'probe');
      if (transfer === undefined) return;
      const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
      const again = resent === 0 ? '' : `, ${resent} blocks sent again`;
      const text = is === 'done' ? `${plan.sizeBytes} bytes in ${seconds} s${again}` : `${reason}${again}`;
      const file = transfer.kind === 'loader' ? transfer.file : transfer.image;
      options.onLog({
        at: options.engine.now(),
        node: transfer.node,
        source: 'tftp',
        level: is === 'failed' ? 'warn' : 'info',
        text: `${file}: ${text}`,
      });
    },
  });
  serving.sessions.set(key, session);
}

/** One per file and block size serves every client. */
function imageOf({ images }: Serving, file: string, bytes: Uint8Array, blockBytes: number): TftpImage {
  const key = `${file}|${blockBytes}`;
  const known = images.get(key);
  const image = known ?? createTftpImage(bytes, blockBytes);
  images.delete(key);
  images.set(key, image);
  const oldest = images.size > IMAGES_KEPT ? images.keys().next().value : undefined;
  if (oldest !== undefined) images.delete(oldest);
  return image;
}
