import { decodeDhcp } from '../../src/protocols/dhcp/decode-dhcp.ts';
import { encodeDhcp } from '../../src/protocols/dhcp/encode-dhcp.ts';
import { renderIpv4 } from '../../src/protocols/ipv4.ts';
import { bindUdp, createUdp } from '../../src/servers/udp-socket.ts';
import { packet } from '../netboot/client-packets.ts';

/** Run in a namespace: a machine that asks without rest, and tells the first offer. */

const [mac = '', everybody = ''] = process.argv.slice(2);
const EVERY_MS = 20;
const socket = createUdp('udp4', true);
await bindUdp(socket, 68, '0.0.0.0');
socket.setBroadcast(true);
const sent = encodeDhcp(packet('os', mac));
socket.on('message', (bytes) => {
  const message = decodeDhcp(bytes);
  if (!message.ok || message.value.op !== 'reply') return;
  process.stdout.write(renderIpv4(message.value.yiaddr));
  process.exit(0);
});
setInterval(() => socket.send(sent, 67, everybody), EVERY_MS);
process.stderr.write('asks\n');
