import { once } from 'node:events';
import { decodeDhcp } from '../../src/protocols/dhcp/decode-dhcp.ts';
import type { DhcpMessage, DhcpPacket } from '../../src/protocols/dhcp/dhcp-message.ts';
import { encodeDhcp } from '../../src/protocols/dhcp/encode-dhcp.ts';
import { bindUdp, createUdp } from '../../src/servers/udp-socket.ts';
import { ip, packet } from '../netboot/client-packets.ts';

/**
 * Run in a machine's namespace: has 10,000 replies sent to addresses where nobody is, and more of them until its input
 * ends; meanwhile it asks for an address, and afterwards about its own, once a second for half a minute. Tells in a line
 * each what the answer was. Arguments: what is flooded, a MAC that has no part in it, and the MACs that have.
 */
const [kind = '', quiet = '', ...macs] = process.argv.slice(2);
const OWN = '10.9.0.60';
const SERVER = '10.9.0.1';
const REPLIES = 10_000;
const ASKS = 30;

const ears = createUdp('udp4', true);
await bindUdp(ears, 68, '0.0.0.0');
const mouth = createUdp('udp4', true);
await bindUdp(mouth, 68, OWN);
mouth.setBroadcast(true);
const heard = new Map<number, (message: DhcpMessage) => void>();
for (const socket of [ears, mouth])
  socket.on('message', (bytes) => {
    const decoded = decodeDhcp(Buffer.from(bytes));
    if (decoded.ok && decoded.value.op === 'reply') heard.get(decoded.value.xid)?.(decoded.value);
  });

let xid = 1;
/** The answer, or undefined after as many times as a machine asks. */
async function ask(to: string, what: DhcpPacket): Promise<DhcpMessage | undefined> {
  xid += 1;
  const own = xid;
  const bytes = encodeDhcp({ ...what, xid: own });
  let answer: DhcpMessage | undefined;
  for (let times = 0; times < ASKS && answer === undefined; times += 1) {
    mouth.send(bytes, 67, to);
    answer = await new Promise<DhcpMessage | undefined>((resolve) => {
      const timer = setTimeout(() => resolve(undefined), 1000);
      heard.set(own, (message) => {
        clearTimeout(timer);
        resolve(message);
      });
    });
  }
  heard.delete(own);
  return answer;
}

async function lease(mac: string): Promise<number> {
  const offer = await ask('255.255.255.255', packet('os', mac, {}, { messageType: 'discover' }));
  const requestedAddress = offer?.yiaddr ?? 0;
  const chosen = { messageType: 'request', requestedAddress, serverId: ip(SERVER) } as const;
  return (await ask('255.255.255.255', packet('os', mac, {}, chosen)))?.yiaddr ?? 0;
}

const leases = kind === 'renewals' ? await Promise.all(macs.map(lease)) : [];
const requests = macs.map((mac, at) => {
  const ciaddr = leases[at] ?? ip('10.9.0.200') + (at % 54);
  return encodeDhcp(packet('os', mac, { ciaddr }, { messageType: kind === 'renewals' ? 'request' : 'inform' }));
});
let isOver = false;
let begun: () => void = () => undefined;
const full = new Promise<void>((resolve) => {
  begun = resolve;
});
async function flood(): Promise<void> {
  for (let sent = 0; sent < REPLIES || !isOver; sent += 1) {
    const bytes = requests[sent % requests.length] ?? Buffer.alloc(0);
    if (kind === 'informs') bytes.writeUInt32BE(ip('10.9.0.200') + (sent % 54), 12);
    await new Promise((resolve) => mouth.send(bytes, 67, SERVER, resolve));
    if (sent === REPLIES) begun();
    // No faster than it is read from now on: what the server's own buffer loses is no answer that it did not give.
    if (sent >= REPLIES && sent % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
const flooding = flood();
await full;
const say = (message: DhcpMessage | undefined) =>
  process.stdout.write(`${message?.options.messageType ?? 'nothing'}\n`);
say(await ask('255.255.255.255', packet('bios', quiet, {}, { messageType: 'discover' })));
await once(process.stdin.resume(), 'end');
isOver = true;
await flooding;
say(await ask(SERVER, packet('os', quiet, { ciaddr: ip(OWN) }, { messageType: 'inform' })));
for (const socket of [ears, mouth]) socket.close();
