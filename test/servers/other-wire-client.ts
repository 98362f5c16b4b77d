import { decodeDhcp } from '../../src/protocols/dhcp/decode-dhcp.ts';
import { encodeDhcp } from '../../src/protocols/dhcp/encode-dhcp.ts';
import { renderIpv4 } from '../../src/protocols/ipv4.ts';
import { bindUdp, createUdp } from '../../src/servers/udp-socket.ts';
import { ip, packet } from '../netboot/client-packets.ts';

/** Run in a namespace: asks by broadcast, or as the relay of 10.20.0.1 at one address; tells what it is offered, by whom. */

const [mac = '', asked = '255.255.255.255'] = process.argv.slice(2);
const isRelay = asked !== '255.255.255.255';
const LOST_AFTER_MS = 1500;
const socket = createUdp('udp4', true);
await (isRelay ? bindUdp(socket, 67, '10.20.0.1') : bindUdp(socket, 68, '0.0.0.0'));
socket.setBroadcast(true);
const sent = packet('os', mac, isRelay ? { giaddr: ip('10.20.0.1') } : {});
const tell = (text: string): void => {
  process.stdout.write(text);
  process.exit(0);
};
socket.on('message', (bytes, from) => {
  const message = decodeDhcp(bytes);
  if (!message.ok || message.value.op !== 'reply' || message.value.xid !== sent.xid) return;
  tell(`${renderIpv4(message.value.yiaddr)} by ${from.address}`);
});
setTimeout(() => tell('nothing'), LOST_AFTER_MS);
socket.send(encodeDhcp(sent), 67, asked);
