import type { ArtefactPort } from '../core/ports.ts';
import type { NodeSpec } from '../core/spec.ts';
import type { TimeMs } from '../core/time.ts';
import type { BootNet, BootSite } from '../netboot/boot-site.ts';
import { warmUpPacket } from './warm-up-packets.ts';
import { openUnheardServer, type UnheardServer } from './warm-up-server.ts';

export interface WarmUpParts {
  readonly site: BootSite;
  readonly artefacts: ArtefactPort;
  readonly specs: readonly NodeSpec[];
  readonly now: () => TimeMs;
}

/** A smaller rack is answered in an instant either way. */
const WORTH_IT = 100;
/** What a machine says is cut after forty events: with more machines than this, each asks twice as firmware and twice as iPXE. */
const MOST_MACHINES = 1000;
const EXCHANGES = 4000;
const TURN = 16;
/** On a machine that is busy with other things nobody waits longer for the start. */
const LONGEST_MS = 1_500;
/** Half of all transaction ids are beyond what V8 keeps as a small integer: code that never met one is thrown away. */
const FIRST_XID = 0x8000_0000;
const OFFER = 2;

/**
 * The first thousand machines after a start were answered by code that V8 had not compiled yet, at three times the cost of
 * later ones. So machines of the inventory are answered once before there is a socket, by servers of its own: no packet, no
 * event and no lease of them leaves this function. There are two, in turns: what is compiled for the functions of one
 * server alone is thrown away when the real one comes.
 */
export async function warmUpDhcp(parts: WarmUpParts): Promise<number> {
  const { site, specs } = parts;
  const net = site.nets.find((one) => one.spec.dhcp === 'authoritative' && one.relay === undefined);
  const known = specs.filter((spec) => spec.identity.macs.length > 0).slice(0, MOST_MACHINES);
  if (net === undefined || known.length < WORTH_IT) return 0;
  const servers: UnheardServer[] = [];
  for (let count = 0; count < 2; count += 1) {
    const opened = await openUnheardServer({ ...parts, specs: known });
    if (opened.ok) servers.push(opened.value);
  }
  const answered = await exchange(servers, known, net);
  for (const server of servers) await server.stop();
  return answered;
}

async function exchange(servers: readonly UnheardServer[], known: readonly NodeSpec[], net: BootNet): Promise<number> {
  const began = performance.now();
  let answered = 0;
  let requests: (() => void)[] = [];
  const ask = (server: UnheardServer, index: number, offered?: number): void => {
    const spec = known[index % known.length];
    if (spec === undefined) return;
    const by = Math.floor(index / known.length) % 2 === 1 ? 'ipxe' : 'firmware';
    const options =
      offered === undefined
        ? ({ messageType: 'discover' } as const)
        : ({ messageType: 'request', requestedAddress: offered, serverId: net.server } as const);
    const send = (reply: Uint8Array) => {
      const bytes = Buffer.from(reply.buffer, reply.byteOffset, reply.length);
      const address = bytes.readUInt32BE(16);
      if (bytes[242] === OFFER) requests.push(() => ask(server, index, address));
      else answered += 1;
    };
    const socket = { send, getSendQueueCount: () => 0 };
    const roads = { broadcast: socket, routed: socket, neighbour: socket };
    const port = { iface: net.spec.interface, roads, isBroadcast: true };
    // A socket of both families hears of IPv4 like this.
    server.receive(port, warmUpPacket(spec, by, FIRST_XID + index, options), '::ffff:0.0.0.0', 68);
  };
  for (let index = 0; index < EXCHANGES && performance.now() - began < LONGEST_MS; index += TURN) {
    const server = servers[(index / TURN) % servers.length];
    const waiting = requests;
    requests = [];
    for (const request of waiting) request();
    if (server !== undefined) for (let at = index; at < index + TURN; at += 1) ask(server, at);
    if (index % (TURN * 32) === 0) for (const one of servers) one.tick();
    // What else begins at a start has its turn, and the replies of this one are "sent".
    await new Promise((resolve) => setImmediate(resolve));
  }
  return answered;
}
