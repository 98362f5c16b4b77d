import { emptyFleet } from '../core/fleet.ts';
import type { ArtefactPort } from '../core/ports.ts';
import { ok } from '../core/result.ts';
import type { NodeSpec } from '../core/spec.ts';
import type { TimeMs } from '../core/time.ts';
import { createEngine, type Engine } from '../engine/create-engine.ts';
import { createAddressBook } from '../netboot/address-book.ts';
import type { BootNet, BootSite } from '../netboot/boot-site.ts';
import type { DhcpOptions } from '../protocols/dhcp/dhcp-message.ts';
import { encodeDhcp } from '../protocols/dhcp/encode-dhcp.ts';
import { createMachineId } from '../protocols/dhcp/structured-codecs.ts';
import { createCaptureRing } from '../servers/capture-ring.ts';
import { createDhcpDesk } from '../servers/dhcp-desk.ts';
import { encodeLine } from '../store/journal-line.ts';
import { lineOf } from './event-line.ts';
import { createLogBatch } from './log-batch.ts';

export interface WarmUpParts {
  readonly site: BootSite;
  readonly artefacts: ArtefactPort;
  readonly specs: readonly NodeSpec[];
  readonly now: () => TimeMs;
}

/** A smaller rack is answered in an instant either way. */
const WORTH_IT = 100;
const EXCHANGES_PER_MACHINE = 12;
const TURN = 16;
/** On a machine that is busy with other things nobody waits longer for the start. */
const LONGEST_MS = 1_000;

/**
 * The first thousand machines after a start were answered by code that V8 had not compiled yet, at three times the cost of
 * later ones. So machines of the inventory are answered once before there is a socket, by a server of its own with an
 * engine of its own: no packet, no event and no lease of it leaves this function.
 */
export async function warmUpDhcp({ site, artefacts, specs, now }: WarmUpParts): Promise<number> {
  const net = site.nets.find((one) => one.spec.dhcp === 'authoritative' && one.relay === undefined);
  const known = specs.filter((spec) => spec.identity.macs.length > 0).slice(0, WORTH_IT);
  if (net === undefined || known.length < WORTH_IT) return 0;
  const engine = unheardEngine(known, now);
  const desk = createDhcpDesk({
    engine,
    site: () => site,
    rendered: { of: () => undefined },
    artefacts,
    addresses: createAddressBook(engine.fleet()),
    onLog: unheardLog(engine),
    captures: createCaptureRing(),
    whenStored: () => Promise.resolve(),
  });
  const began = performance.now();
  const exchanges = known.length * EXCHANGES_PER_MACHINE;
  let answered = 0;
  let requests: Buffer[] = [];
  const machineAt = (index: number) => known[index % known.length] as NodeSpec;
  const send = (reply: Uint8Array) => {
    const bytes = Buffer.from(reply.buffer, reply.byteOffset, reply.length);
    const index = bytes.readUInt32BE(4);
    if (bytes[242] === OFFER) requests.push(requestOf(machineAt(index), index, net, bytes.readUInt32BE(16)));
    else answered += 1;
  };
  const port = { iface: net.spec.interface, send: { send, getSendQueueCount: () => 0 } };
  for (let index = 0; index < exchanges && performance.now() - began < LONGEST_MS; index += TURN) {
    const waiting = requests;
    requests = [];
    for (const bytes of waiting) desk.receive(port, bytes, '0.0.0.0', 68);
    for (let at = index; at < index + TURN; at += 1) {
      desk.receive(port, packetOf(machineAt(at), at, { messageType: 'discover' }), '0.0.0.0', 68);
    }
    // What else begins at a start has its turn, and the replies of this one are "sent".
    await new Promise((resolve) => setImmediate(resolve));
  }
  return answered;
}

const OFFER = 2;

function unheardEngine(specs: readonly NodeSpec[], now: () => TimeMs): Engine {
  let seq = 0;
  const engine = createEngine({
    fleet: emptyFleet(now()),
    journal: {
      append: (record) => {
        seq += 1;
        encodeLine(`${seq} ${JSON.stringify(record)}`, false);
        return seq;
      },
      durable: () => Promise.resolve(ok(undefined)),
    },
    effects: { run: () => undefined },
    now,
  });
  engine.emit({ type: 'inventory.loaded', nodes: specs, site: 'warm-up', hash: '', warnings: [] });
  return engine;
}

function unheardLog(engine: Engine): ReturnType<typeof createLogBatch>['add'] {
  const batch = createLogBatch(() => undefined);
  engine.follow((event) => {
    const line = lineOf(event);
    if (line !== undefined) batch.add(line);
  });
  return batch.add;
}

const PXE_CODES = Uint8Array.of(
  1,
  3,
  6,
  12,
  15,
  28,
  42,
  43,
  54,
  60,
  66,
  67,
  97,
  128,
  129,
  130,
  131,
  132,
  133,
  134,
  135,
);

const requestOf = (spec: NodeSpec, index: number, net: BootNet, address: number): Buffer =>
  packetOf(spec, index, { messageType: 'request', requestedAddress: address, serverId: net.server });

/** Of firmware, then of iPXE, in turns: what a boot asks. */
function packetOf({ identity }: NodeSpec, index: number, more: DhcpOptions): Buffer {
  const ipxe = Math.floor(index / WORTH_IT) % 2 === 1;
  const chaddr = Buffer.from((identity.macs[0] ?? '').replaceAll(':', ''), 'hex');
  const options: DhcpOptions = {
    ...more,
    maxMessageSize: 1472,
    requestedCodes: PXE_CODES,
    ...(identity.uuid === undefined ? {} : { machineId: createMachineId(identity.uuid) }),
    undi: { type: 1, major: 3, minor: 0 },
    arch: [7],
    vendorClass: 'PXEClient:Arch:00007:UNDI:003000',
    ...(ipxe ? { userClass: ['iPXE'], ipxe: [{ code: 19, data: Uint8Array.of(1) }] } : {}),
  };
  const none = { hops: 0, secs: 0, ciaddr: 0, yiaddr: 0, siaddr: 0, giaddr: 0, sname: '', file: '' };
  return encodeDhcp({ op: 'request', htype: 1, hlen: 6, xid: index, broadcast: true, chaddr, ...none, options });
}
