import { indexOf } from '../../src/servers/interface-socket.ts';
import { loadLibc } from '../../src/servers/libc.ts';
import { ETH_P_ARP, openPacketEar } from '../../src/servers/packet-ear.ts';
import { arpOfTwins } from '../../src/servers/twin-filter.ts';

/** Run in a namespace, with how long: says on o0 by ARP that 10.9.0.1 is at 50000 MACs in turn, more than can be counted. */
const MACS = 50_000;
const AT_ONCE = 200;
const libc = loadLibc();
const ear =
  libc === undefined ? undefined : openPacketEar(libc, indexOf('o0') ?? 0, ETH_P_ARP, arpOfTwins([], new Set()));
if (ear === undefined) throw new Error('no socket for packets');
const bytes = Buffer.from('00010800060400025254000000000a0900010000000000000a090001', 'hex');
let sent = 0;
setInterval(() => {
  for (let one = 0; one < AT_ONCE; one += 1) {
    bytes.writeUInt16BE(sent % MACS, 12);
    ear.send(bytes);
    sent += 1;
  }
}, 10);
setTimeout(() => process.exit(0), Number(process.argv[2]));
