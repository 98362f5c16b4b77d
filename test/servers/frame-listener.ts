import { loadSocketOptions } from '../../src/servers/socket-options.ts';
import { bindUdp, createUdp, growReceiveBuffer } from '../../src/servers/udp-socket.ts';

/** Run in a namespace: a client's port; tells each datagram as one line of JSON. */
const socket = createUdp('udp4', true);
await bindUdp(socket, 68, '0.0.0.0');
growReceiveBuffer(socket, loadSocketOptions());
socket.on('message', (bytes, { address, port }) => {
  process.stdout.write(`${JSON.stringify({ from: `${address}:${port}`, hex: bytes.toString('hex') })}\n`);
});
process.stdout.write('"listening"\n');
