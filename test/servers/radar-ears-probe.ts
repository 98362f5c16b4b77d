import { openOnInterface } from '../../src/servers/interface-socket.ts';
import { loadSocketOptions } from '../../src/servers/socket-options.ts';
import { bindUdp, createUdp } from '../../src/servers/udp-socket.ts';

/** Run in a namespace: tells whether a socket for one interface can be had there, as JSON. `held` takes the port first. */
const [iface = '', how = ''] = process.argv.slice(2);
if (how === 'held') await bindUdp(createUdp('udp4'), 68, '0.0.0.0');
if (how === 'nobody') process.setuid?.(65_534);
const opened = await openOnInterface(iface, 68, how === 'noNative' ? undefined : loadSocketOptions());
process.stdout.write(`${JSON.stringify(opened.ok ? { ok: true } : opened)}\n`, () => process.exit(0));
