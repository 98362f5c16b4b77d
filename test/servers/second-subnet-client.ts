import { execFileSync } from 'node:child_process';
import type { Socket } from 'node:dgram';
import { setTimeout } from 'node:timers/promises';
import { decodeDhcp } from '../../src/protocols/dhcp/decode-dhcp.ts';
import { encodeDhcp } from '../../src/protocols/dhcp/encode-dhcp.ts';
import { renderIpv4 } from '../../src/protocols/ipv4.ts';
import { bindUdp, createUdp } from '../../src/servers/udp-socket.ts';
import { ip, packet } from '../netboot/client-packets.ts';

/** Run in a namespace: a machine of the second subnet, or a relay. Tells each answer, and from where it came. */

const [mac = '', port = '67', ...tasks] = process.argv.slice(2);
const EVERYBODY = '255.255.255.255';
const OWN = '10.9.10.100';
const LOST_AFTER_MS = 4000;
/** A second answer comes right after the first. */
const TWICE_WITHIN_MS = 100;
let xid = 0x5000;

async function open(at: number, address: string): Promise<Socket> {
  const socket = createUdp('udp4', true);
  await bindUdp(socket, at, address);
  socket.setBroadcast(true);
  return socket;
}

async function ask(socket: Socket, to: string, change: Parameters<typeof packet>[2], options: object): Promise<void> {
  xid += 1;
  const sent = packet('os', mac, { ...change, xid });
  let times = 0;
  const answer = new Promise<object>((resolve) => {
    socket.on('message', (bytes, from) => {
      const message = decodeDhcp(bytes);
      if (!message.ok || message.value.xid !== sent.xid) return;
      times += 1;
      const { messageType, serverId = 0 } = message.value.options;
      const address = renderIpv4(message.value.yiaddr);
      resolve({ type: messageType, address, from: `${from.address}:${from.port}`, serverId: renderIpv4(serverId) });
    });
  });
  socket.send(encodeDhcp({ ...sent, options: { ...sent.options, ...options } }), Number(port), to);
  const told = await Promise.race([answer, setTimeout(LOST_AFTER_MS, 'nothing')]);
  await setTimeout(TWICE_WITHIN_MS);
  socket.removeAllListeners('message');
  process.stdout.write(`${JSON.stringify(typeof told === 'string' ? told : { ...told, times })}\n`);
}

const machine = await open(68, '0.0.0.0');
const wish = { requestedAddress: ip(OWN) };
for (const task of tasks) {
  if (task === 'discover') await ask(machine, EVERYBODY, {}, { ...wish, messageType: 'discover' });
  else if (task === 'request')
    await ask(machine, EVERYBODY, {}, { ...wish, messageType: 'request', serverId: ip('10.9.10.1') });
  else if (task === 'renew') await ask(machine, '10.9.10.1', { ciaddr: ip(OWN) }, { messageType: 'request' });
  else if (task.startsWith('relay=')) {
    const relay = await open(67, '10.20.0.1');
    await ask(relay, task.slice('relay='.length), { giaddr: ip('10.20.0.1') }, { messageType: 'discover' });
    relay.close();
  } else execFileSync('sh', ['-c', task]);
}
process.exit(0);
