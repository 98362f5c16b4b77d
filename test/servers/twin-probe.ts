import { createDatagramRoom } from '../../src/protocols/datagram-room.ts';
import { indexOf } from '../../src/servers/interface-socket.ts';
import { loadLibc } from '../../src/servers/libc.ts';
import { ownMacs } from '../../src/servers/own-macs.ts';
import { ETH_P_IP, openPacketEar } from '../../src/servers/packet-ear.ts';
import { arpOfTwins, dhcpOfTwins } from '../../src/servers/twin-filter.ts';
import { type Twin, watchTwins } from '../../src/servers/twin-watch.ts';
import { ip } from '../netboot/client-packets.ts';

/**
 * Run in a namespace, with how long and our addresses: watches s0 for twins, while its other interface on that wire sends
 * what a DHCP server at our address would. Tells as JSON what was found, and how much the kernel let through.
 */
const [ms = '', ...own] = process.argv.slice(2);
const libc = loadLibc();
if (libc === undefined) throw new Error('koffi is not there');
const heard: (Twin & { readonly text: string })[] = [];
const watch = watchTwins({
  libc,
  ifaces: ['s0'],
  own: () => own,
  onDhcp: (bytes, { iface, address, mac }) => heard.push({ iface, address, mac, text: bytes.toString() }),
});
const kernel: string[] = [];
const ear = openPacketEar(libc, indexOf('s0') ?? 0, ETH_P_IP, dhcpOfTwins(own.map(ip), ownMacs()));
const other = openPacketEar(libc, indexOf('s1') ?? 0, ETH_P_IP, arpOfTwins([], new Set()));
const room = createDatagramRoom({ address: ip(own[0] ?? ''), port: 67 }, { address: 0xffffffff, port: 68 }, 100);
setInterval(() => {
  other?.send(Buffer.from(room.bytes.subarray(0, room.write(Buffer.from('ours'), 0, 4))));
  ear?.read((_, mac) => kernel.push(mac));
}, 100);
setTimeout(() => {
  const hears = watch.hears();
  const twins = watch.twins().map(({ iface, address, mac }) => ({ iface, address, mac }));
  watch.stop();
  process.stdout.write(JSON.stringify({ hears, twins, heard, kernel }), () => process.exit(0));
}, Number(ms));
