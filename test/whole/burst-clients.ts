import { decodeDhcp } from '../../src/protocols/dhcp/decode-dhcp.ts';
import { encodeDhcp } from '../../src/protocols/dhcp/encode-dhcp.ts';
import { renderIpv4 } from '../../src/protocols/ipv4.ts';
import { loadSocketOptions } from '../../src/servers/socket-options.ts';
import { bindUdp, createUdp, growReceiveBuffer } from '../../src/servers/udp-socket.ts';
import { ip, packet } from '../netboot/client-packets.ts';
import { burstMac } from './burst-mac.ts';

/**
 * Run in a namespace: machines that ask for a boot in one instant. The first few take what `rival` offers and no other,
 * the rest what `server` does, until each has it: an address with its ACK, or (of a proxy) the offer alone.
 */
const [server = '', rival = '', machines = '', takers = ''] = process.argv.slice(2);
const AGAIN_MS = 1_000;

interface Machine {
  readonly mac: string;
  readonly xid: number;
  /** Whose answer it takes. */
  readonly of: string;
  /** What it says again until it is answered. */
  says: Buffer;
  isDone: boolean;
}

const all: readonly Machine[] = Array.from({ length: Number(machines) }, (_, index) => {
  const [mac, xid] = [burstMac(index), 0x5000_0000 + index];
  const of = index < Number(takers) ? rival : server;
  return { mac, xid, of, says: encodeDhcp(packet('uefi', mac, { xid })), isDone: false };
});
const byXid = new Map(all.map((machine) => [machine.xid, machine]));

const socket = createUdp('udp4');
await bindUdp(socket, 68, '0.0.0.0');
socket.setBroadcast(true);
growReceiveBuffer(socket, loadSocketOptions());
const say = ({ says }: Machine) => socket.send(says, 67, '255.255.255.255');
socket.on('message', (bytes) => {
  const decoded = decodeDhcp(bytes);
  if (!decoded.ok || decoded.value.op !== 'reply') return;
  const { xid, yiaddr, options } = decoded.value;
  const machine = byXid.get(xid);
  if (machine === undefined || machine.isDone || options.serverId !== ip(machine.of)) return;
  if (options.messageType === 'ack' || (options.messageType === 'offer' && yiaddr === 0)) machine.isDone = true;
  if (options.messageType !== 'offer' || yiaddr === 0) return;
  const request = { messageType: 'request', serverId: options.serverId, requestedAddress: yiaddr } as const;
  machine.says = encodeDhcp(packet('uefi', machine.mac, { xid }, request));
  say(machine);
});
all.forEach(say);
const waiting = () => all.filter((machine) => !machine.isDone);
while (waiting().length > 0) {
  await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  waiting().forEach(say);
}
process.stdout.write(`${renderIpv4(ip(server))} and ${renderIpv4(ip(rival))} have answered all\n`, () =>
  process.exit(0),
);
