import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { STRANGERS_KEPT } from '../../src/core/fleet.ts';
import { encodeDhcp } from '../../src/protocols/dhcp/encode-dhcp.ts';
import { renderIpv4 } from '../../src/protocols/ipv4.ts';
import { nodeSpec } from '../netboot/boot-fixture.ts';
import { ip, packet } from '../netboot/client-packets.ts';
import { createRandom } from '../seeded-random.ts';
import { type BootStack, startBootStack } from './boot-stack.ts';
import { openRelay, type Relay, tftpGet } from './sim-machine.ts';

/** Somebody on the wire makes up MACs as fast as the server takes them, with discovery switched on. */

const PACKETS = 100_000;
const EVERY = 2_000;
const MACHINES = PACKETS / EVERY;
const LOADER_OF_EVERY = 10;
/** As the stack's network has it. */
const POOL = 200;
/** No more on their way than the receive buffer holds: what the kernel drops is no answer of ours. */
const IN_FLIGHT = 200;
const ANSWER_MS = 60_000;

const macOf = (i: number) => `52:54:00:00:02:${i.toString(16).padStart(2, '0')}`;
/** Every other one has an address in the pool by the inventory, the rest take what is free. */
const reservedOf = (i: number) => (i % 2 === 0 ? `127.77.1.${100 + i}` : undefined);

let stack: BootStack;
let relay: Relay;
beforeAll(async () => {
  const nodes = Array.from({ length: MACHINES }, (_, i) => {
    const address = reservedOf(i);
    return nodeSpec(`n${i}`, macOf(i), {
      network: { ...(address === undefined ? {} : { ip: address }), dns: [], ntp: [] },
    });
  });
  stack = await startBootStack({ nodes });
  relay = await openRelay(stack.ports.dhcp);
});
afterAll(async () => {
  relay.close();
  await stack.stop();
});

/** One packet, of which MAC, transaction and machine id are written anew each time. */
function createForger(): () => Buffer {
  const random = createRandom(11);
  const relayInfo = { raw: Uint8Array.from([1, 4, ...Buffer.from('ge-1'), 19, 0]) };
  const bytes = encodeDhcp({
    ...packet('uefi', macOf(0), { giaddr: ip('127.77.0.1'), hops: 1 }, { relayInfo }),
    maxSizeBytes: 1472,
  });
  const id = bytes.indexOf(Buffer.of(97, 17));
  return () => {
    for (const at of [4, 5, 6, 7, 29, 30, 31, 32, 33, id + 3, id + 9, id + 17]) bytes[at] = Math.floor(random() * 256);
    // Locally administered: none of ours is forged.
    bytes[28] = 2;
    return bytes;
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

async function flood(forge: () => Buffer, count: number): Promise<void> {
  for (let sent = 0; sent < count; sent += IN_FLIGHT) {
    const before = stack.dhcp.counts().received;
    for (let i = 0; i < IN_FLIGHT; i += 1) relay.socket.send(Buffer.from(forge()), stack.ports.dhcp, '127.0.0.1');
    // Turns, not time: a busy machine only takes longer. A lost packet must not end in a hang.
    for (let turns = 0; turns < 20_000 && stack.dhcp.counts().received < before + IN_FLIGHT; turns += 1) await turn();
  }
}

/** Each step is asked for once. */
async function boots(i: number): Promise<string> {
  const mac = macOf(i);
  const offer = await relay.ask(packet('uefi', mac, { xid: 1000 + i }), ANSWER_MS);
  if (offer === undefined) return 'no offer';
  const { serverId } = offer.options;
  const request = {
    messageType: 'request',
    requestedAddress: offer.yiaddr,
    ...(serverId === undefined ? {} : { serverId }),
  } as const;
  const ack = await relay.ask(packet('uefi', mac, { xid: 1000 + i }, request), ANSWER_MS);
  return ack === undefined ? 'no ack' : renderIpv4(ack.yiaddr);
}

test('100,000 forged machines keep none of ours from its address or its loader, and cost no memory', {
  timeout: 180_000,
}, async () => {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  const heap = () => {
    gc();
    return process.memoryUsage().heapUsed;
  };
  const by = { user: 'test', from: 'tty1' };
  stack.engine.emit({ type: 'site.discoverySwitched', until: stack.engine.now() + 3_600_000, by });
  const forge = createForger();
  const addresses: string[] = [];
  let early = 0;
  let rushes = 0;
  for (let i = 0; i < MACHINES; i += 1) {
    // The machine asks while the forged ones are on their way.
    const flooded = flood(forge, EVERY);
    addresses.push(await boots(i));
    if (stack.parts.rush?.isOn() === true) rushes += 1;
    if (i % LOADER_OF_EVERY === 0)
      expect(await tftpGet(stack.ports.tftp, 'ipxe.efi', `127.77.3.${i + 1}`)).toEqual(stack.loader);
    await flooded;
    if (i === Math.floor(MACHINES / 5)) early = heap();
  }
  expect(rushes).toBeGreaterThan(0);
  expect(heap() - early).toBeLessThan(24 * 1024 * 1024);
  expect(stack.dhcp.counts().received).toBeGreaterThan(PACKETS * 0.99);
  expect(addresses.filter((one) => one.startsWith('no '))).toEqual([]);
  expect(new Set(addresses).size).toBe(MACHINES);
  for (let i = 0; i < MACHINES; i += 2) expect(addresses[i]).toBe(reservedOf(i));
  // Of the pool strangers have what no machine of the inventory may come for, whoever they are; and a list that a person could read.
  expect(stack.dhcp.pool.counts(stack.engine.now()).offered).toBeLessThanOrEqual(POOL - MACHINES);
  expect(stack.engine.fleet().strangers.size).toBeLessThanOrEqual(STRANGERS_KEPT);
  expect(stack.engine.events.length).toBeLessThan(20_000);
  expect(stack.dhcp.counts().eventsCut).toBeGreaterThan(PACKETS / 2);
});
