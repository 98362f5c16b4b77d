import type { NodeSpec } from '../core/spec.ts';
import type { BootNet } from '../netboot/boot-site.ts';
import { ASKERS, likeReceived, warmUpPacket } from './warm-up-packets.ts';
import { openWarmUpRoad } from './warm-up-road.ts';
import type { UnheardServer } from './warm-up-server.ts';

/** Machines that ask one server of the warm-up, one after the other and again, a few of them at a time. */
export interface WarmUpAsker {
  /** So many more of them ask, where not too many wait for an answer yet. */
  readonly ask: (most: number) => void;
  readonly answered: () => number;
  /** Those that were answered at least once. */
  readonly served: () => readonly NodeSpec[];
  /** Who waits now will get no answer: others may ask in its place. */
  readonly forget: () => void;
  readonly isDone: () => boolean;
  readonly tick: () => void;
  readonly stop: () => Promise<void>;
}

interface Asking {
  readonly discover: Buffer;
  request: Buffer | undefined;
  address: number;
}

const MOST_WAITING = 64;
/** Half of all transaction ids are beyond what V8 keeps as a small integer: code that never met one is thrown away. */
const FIRST_XID = 0x8000_0000;
const OFFER = 2;
const AT = { xid: 4, yiaddr: 16, messageType: 242 } as const;
/** Of so many packets one comes as Node gives it, the others as they are read past Node, which is what runs where it can. */
const READ_BY_NODE = 16;

export async function createWarmUpAsker(
  server: UnheardServer,
  specs: readonly NodeSpec[],
  net: BootNet,
  each: number,
  generation: number,
): Promise<WarmUpAsker | undefined> {
  const total = specs.length * each;
  const machines: Asking[] = [];
  let asked = 0;
  let answered = 0;
  let waiting = 0;
  let forgotten = 0;
  const served = new Set<NodeSpec>();
  const road = await openWarmUpRoad({
    iface: net.spec.interface,
    generation,
    onAsk: server.receive,
    onReply: (bytes) => {
      const index = bytes.length > AT.messageType ? bytes.readUInt32BE(AT.xid) - FIRST_XID : -1;
      // Any program of this host may send to a port of loopback.
      if (index < 0 || index >= asked) return;
      if (bytes[AT.messageType] === OFFER) {
        request(index, bytes.readUInt32BE(AT.yiaddr));
        return;
      }
      answered += 1;
      waiting = Math.max(0, waiting - 1);
      served.add(specs[index % specs.length] as NodeSpec);
    },
  });
  if (road === undefined) {
    await server.stop();
    return undefined;
  }
  const send = (bytes: Buffer, index: number): void => {
    bytes.writeUInt32BE(FIRST_XID + index, AT.xid);
    if (index % READ_BY_NODE === 0) server.receive(road.port, likeReceived(bytes), '::ffff:0.0.0.0', 68);
    else road.ask(bytes);
  };
  /** Of each machine in turn its firmware, its iPXE and its system; each has packets of its own, which are made once. */
  const askingOf = (index: number): Asking => {
    const place = index % (specs.length * ASKERS.length);
    const known = machines[place];
    if (known !== undefined) return known;
    const discover = packet(index, { messageType: 'discover' });
    const asking = { discover, request: undefined, address: 0 };
    machines[place] = asking;
    return asking;
  };
  const packet = (index: number, options: Parameters<typeof warmUpPacket>[3]): Buffer => {
    const by = ASKERS[Math.floor(index / specs.length) % ASKERS.length] ?? 'firmware';
    return warmUpPacket(specs[index % specs.length] as NodeSpec, by, FIRST_XID + index, options);
  };
  const request = (index: number, address: number): void => {
    const asking = askingOf(index);
    if (asking.address !== address || asking.request === undefined) {
      asking.address = address;
      asking.request = packet(index, { messageType: 'request', requestedAddress: address, serverId: net.server });
    }
    send(asking.request, index);
  };
  return {
    ask: (most) => {
      for (let count = 0; count < most && asked < total && waiting < MOST_WAITING; count += 1) {
        const index = asked;
        asked += 1;
        waiting += 1;
        send(askingOf(index).discover, index);
      }
    },
    answered: () => answered,
    served: () => [...served],
    forget: () => {
      forgotten += waiting;
      waiting = 0;
    },
    isDone: () => answered + forgotten >= total,
    tick: server.tick,
    stop: async () => {
      await road.close();
      await server.stop();
    },
  };
}
