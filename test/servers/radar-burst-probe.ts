import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { type HeardAnswer, openEars } from '../../src/servers/radar-ears.ts';
import { bindUdp, createUdp } from '../../src/servers/udp-socket.ts';

/**
 * Run in a namespace: a burst of our own broadcasts, in whose middle somebody else speaks, while nobody reads. Tells as
 * JSON what was heard afterwards. Arguments: interface, our address, a packet of ours in hex, and a command that is the rival.
 */
const [iface = '', address = '', hex = '', ...rival] = process.argv.slice(2);
const OURS = 2_000;

const heard: HeardAnswer[] = [];
let frames = 0;
const count = (): void => {
  frames += 1;
};
const ears = await openEars({ ifaces: [iface], port: 68, own: [address] }, (one) => heard.push(one), count);
const socket = createUdp('udp4', true);
await bindUdp(socket, 67, address);
socket.setBroadcast(true);
const packet = Buffer.from(hex, 'hex');
/** As the engine does: one system call each, and no turn of the loop between them. */
const sendMany = (count: number): void => {
  for (let sent = 0; sent < count; sent += 1) socket.send(packet, 68, '255.255.255.255');
};
sendMany(OURS / 2);
const [command = '', ...args] = rival;
execFileSync(command, args);
sendMany(OURS / 2);
const queued = socket.getSendQueueCount();
// Said by the same rival when there is room again: once this is heard, all before it was read or lost.
const isLast = () => heard.at(-1)?.answer.yiaddr === 0;
while (!isLast()) await promisify(execFile)(command, [...args, 'last']);
socket.close();
await once(socket, 'close');
await ears.stop();
process.stdout.write(JSON.stringify({ heard, frames, queued, warnings: ears.warnings }), () => process.exit(0));
