import type { Socket as UdpSocket } from 'node:dgram';
import { fail, ok, type Result } from '../core/result.ts';
import { evidenceOfLog } from '../talos/evidence-of.ts';
import { meaningOfLog } from '../talos/meaning-of-log.ts';
import { KERNEL_LOG_LINE_MAX_BYTES, type KernelLogLine, parseKernelLog } from '../talos/parse-kernel-log.ts';
import { createDropCounter, type DropCounter } from './drop-counter.ts';
import { createLineSplitter } from './line-splitter.ts';
import { listenTcp } from './listen-tcp.ts';
import { createRateGate, type RateGate } from './rate-gate.ts';
import { createPerNode } from './seen-ids.ts';
import { type BootParts, type BootServer, type ServerProblem, serverAddresses } from './server-parts.ts';
import { closeUdp, growReceiveBuffer, openUdp4 } from './udp-socket.ts';

export type KernelLogOptions = Pick<BootParts, 'engine' | 'site' | 'addresses' | 'onLog'> & {
  readonly bind: { readonly port: number; readonly address?: string };
  /** How often it is told what was passed over. */
  readonly tellDropsMs?: number;
};

const CONNECTIONS = { connections: 8192, perClient: 8 };
/** A boot has some 2,000 lines, sent at once when the network is up. */
const LINE_LIMITS = { burst: 6000, perSecond: 200, totalBurst: 500_000, totalPerSecond: 50_000 };
/** Lines that mean something; a node that logs them in a loop says nothing new. */
const FACT_LIMITS = { burst: 60, perSecond: 5, totalBurst: 20_000, totalPerSecond: 2_000 };
/** Lines by their number: what the ring of a kernel replays after a reconnect. 16 KB a node. */
const REMEMBERED = 4096;
const NODES_REMEMBERED = 1024;

interface Receiving {
  readonly options: KernelLogOptions;
  readonly lines: RateGate;
  readonly facts: RateGate;
  readonly drops: DropCounter;
  readonly following: (node: string) => Following;
}

/** What was read of one node's kernels. */
interface Following {
  readonly seen: Uint32Array;
  clockUs: number;
  atMs: number;
}

/** `talos.logging.kernel`: JSON lines over TCP, or one per datagram over UDP, on the same port. */
export async function createKernelLogReceiver(options: KernelLogOptions): Promise<Result<BootServer, ServerProblem>> {
  const receiving: Receiving = {
    options,
    lines: createRateGate(LINE_LIMITS),
    facts: createRateGate(FACT_LIMITS),
    drops: createDropCounter(options.engine, 'kernelLog', options.tellDropsMs),
    following: createPerNode(() => ({ seen: new Uint32Array(REMEMBERED), clockUs: 0, atMs: 0 }), NODES_REMEMBERED),
  };
  const { engine, addresses, bind, site } = options;
  const wanted = bind.address === undefined ? serverAddresses(site()) : [bind.address];
  const tcp = await listenTcp('the kernel log', wanted, bind.port, CONNECTIONS, (socket, client) => {
    const splitter = createLineSplitter(KERNEL_LOG_LINE_MAX_BYTES);
    const node = addresses.nodeAt(engine.fleet(), client)?.name;
    if (node !== undefined) engine.emit({ type: 'talos.connected', node, address: client, by: 'kernelLog' });
    socket.on('data', (bytes: Buffer) => {
      for (const line of splitter.push(bytes)) take(receiving, client, line);
    });
    socket.on('end', () => socket.end());
  });
  if (!tcp.ok) {
    receiving.drops.stop();
    return tcp;
  }
  const udp: UdpSocket[] = [];
  const stop = async () => {
    receiving.drops.stop();
    await Promise.all([tcp.value.stop(), ...udp.map(closeUdp)]);
  };
  for (const { address, port } of tcp.value.listens) {
    const opened = await openUdp4('the kernel log', address, port);
    if (!opened.ok) {
      await stop();
      return fail(opened.error);
    }
    growReceiveBuffer(opened.value, undefined);
    opened.value.on('error', () => undefined);
    opened.value.on('message', (bytes, peer) => take(receiving, peer.address, bytes.toString('utf8').trimEnd()));
    udp.push(opened.value);
  }
  return ok({ listens: tcp.value.listens, warnings: [], stop });
}

function take({ options, lines, facts, drops, following }: Receiving, client: string, text: string): void {
  const { engine, addresses, onLog } = options;
  const node = addresses.nodeAt(engine.fleet(), client)?.name;
  const at = engine.now();
  if (node === undefined) return;
  if (!lines.pass(node, at)) {
    drops.add(node);
    return;
  }
  const parsed = parseKernelLog(text);
  if (!parsed.ok) {
    if (facts.pass(`${node} broken`, at)) {
      onLog({ at, node, source: 'kernel', level: 'warn', text: `a log line that cannot be read: ${parsed.error}` });
    }
    return;
  }
  const line = parsed.value;
  const state = following(node);
  if (isReplay(state.seen, line)) return;
  if (isNewKernel(state, line) && facts.pass(node, at)) engine.emit({ type: 'talos.kernelStarted', node });
  onLog({ at, node, source: 'kernel', level: line.level, text: line.text });
  const fact = meaningOfLog(line.text);
  const evidence = fact === undefined ? undefined : evidenceOfLog(node, fact);
  if (evidence === undefined) return;
  if (facts.pass(node, at)) engine.emit(evidence);
  else drops.add(node);
}

/** Lines of one boot may come a little out of order by UDP; those of an older ring that is replayed are older, too. */
const CLOCK_BACK_US = 2_000_000;

function isNewKernel(state: Following, { clockUs, atMs = state.atMs }: KernelLogLine): boolean {
  const isNew = clockUs + CLOCK_BACK_US < state.clockUs && atMs >= state.atMs;
  if (isNew || clockUs > state.clockUs) state.clockUs = clockUs;
  state.atMs = Math.max(state.atMs, atMs);
  return isNew;
}

/**
 * After a reconnect the whole ring of the kernel comes again. A line is the same if it has the number and the microsecond
 * of one that was seen. A new boot counts from 0 again: its very first lines, all of microsecond 0, pass for a replay.
 */
function isReplay(seen: Uint32Array, { seq, clockUs }: KernelLogLine): boolean {
  const slot = seq % REMEMBERED;
  const mark = ((clockUs + seq * 4099) % 0xffff_fffe) + 1;
  if (seen[slot] === mark) return true;
  seen[slot] = mark;
  return false;
}
