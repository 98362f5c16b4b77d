import type { Socket } from 'node:dgram';
import { fail, ok, type Result } from '../core/result.ts';
import { createAddressPool } from '../netboot/address-pool.ts';
import { answerProxyDhcp, senderAddress } from '../netboot/answer-proxy-dhcp.ts';
import { decodeDhcp } from '../protocols/dhcp/decode-dhcp.ts';
import { encodeDhcp } from '../protocols/dhcp/encode-dhcp.ts';
import { renderIpv4 } from '../protocols/ipv4.ts';
import { createRateGate } from './rate-gate.ts';
import {
  type BootParts,
  type BootServer,
  type ListenAddress,
  type ServerProblem,
  serverAddresses,
} from './server-parts.ts';
import { loadSocketOptions } from './socket-options.ts';
import { createTally, type Tally } from './traffic.ts';
import { closeUdp, growReceiveBuffer, openUdp4 } from './udp-socket.ts';

export interface ProxyDhcpServerOptions extends BootParts {
  readonly bind: { readonly port: number; readonly address?: string };
}

const LIMITS = { burst: 20, perSecond: 5, totalBurst: 5_000, totalPerSecond: 2_000 };

/** Port 4011: unicast only, on each of our own addresses, and the answer leaves from the same port (PXE 2.1). */
export async function createProxyDhcpServer(
  options: ProxyDhcpServerOptions,
): Promise<Result<BootServer, ServerProblem>> {
  const { bind } = options;
  const wanted = bind.address === undefined ? serverAddresses(options.site()) : [bind.address];
  const sockets: Socket[] = [];
  const listens: ListenAddress[] = [];
  const native = loadSocketOptions();
  const stop = async () => {
    await Promise.all(sockets.map(closeUdp));
  };
  for (const address of wanted) {
    const opened = await openUdp4('proxyDHCP', address, bind.port);
    if (!opened.ok) {
      await stop();
      return fail(opened.error);
    }
    growReceiveBuffer(opened.value, native);
    sockets.push(opened.value);
    listens.push({ address, port: opened.value.address().port });
  }
  const tally = createTally();
  for (const socket of sockets) serve(options, socket, tally);
  return ok({ listens, warnings: [], traffic: () => tally, stop });
}

function serve(options: ProxyDhcpServerOptions, socket: Socket, tally: Tally): void {
  // No address is given here; the pool is only what the answer's view asks for.
  const pool = createAddressPool();
  const gate = createRateGate(LIMITS);
  socket.on('error', () => undefined);
  socket.on('message', (bytes, peer) => {
    const decoded = decodeDhcp(bytes);
    tally.requests += 1;
    if (!decoded.ok) tally.errors += 1;
    const { engine, rendered, artefacts } = options;
    const at = engine.now();
    // One machine asks twice; who asks a hundred times a second uses us against a third.
    if (!decoded.ok || !gate.pass(peer.address, at)) return;
    const view = { fleet: engine.fleet(), at, rendered, artefacts, site: options.site(), pool };
    const arrival = { iface: undefined, address: senderAddress(peer.address), port: peer.port };
    const answer = answerProxyDhcp(view, decoded.value, arrival);
    if (answer.learned !== undefined) options.addresses.learn(renderIpv4(answer.learned.address), answer.learned.node);
    const { reply, node, reason } = answer;
    const payload = reply === undefined ? undefined : encodeDhcp(reply.packet);
    if (payload !== undefined && reply?.to.kind === 'unicast') {
      socket.send(payload, reply.to.port, renderIpv4(reply.to.address), () => undefined);
    }
    for (const event of answer.events) engine.emit(event);
    if (node === undefined) return;
    options.onLog({ at, node, source: 'dhcp', level: 'info', text: reason });
    const here = { address: senderAddress(socket.address().address), port: socket.address().port };
    const there = { address: arrival.address, port: peer.port };
    options.captures?.keep(node, { timeMs: at, source: there, destination: here, payload: bytes, comment: reason });
    if (payload !== undefined) {
      options.captures?.keep(node, { timeMs: at, source: here, destination: there, payload, comment: reason });
    }
  });
}
