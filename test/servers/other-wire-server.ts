import { createAddressBook } from '../../src/netboot/address-book.ts';
import { createDhcpServer } from '../../src/servers/create-dhcp-server.ts';
import { bootSite, createTestEngine, NOBODY_ARMED, nodeSpec, siteSpec, subnet } from '../netboot/boot-fixture.ts';
import { localSubnet } from '../netboot/dhcp-bench.ts';

/** Run in a namespace: DHCP for a network on s0, another one on s1, and one behind a relay that knows us by that of s1. */

const [mac = ''] = process.argv.slice(2);
const on = (name: string, third: number) =>
  localSubnet({
    interface: name,
    address: `10.9.${third}.1`,
    subnet: `10.9.${third}.0/24`,
    pool: { from: `10.9.${third}.100`, to: `10.9.${third}.150` },
    gateway: `10.9.${third}.1`,
  });
const relayed = subnet({
  relay: '10.20.0.1',
  address: '10.9.1.1',
  subnet: '10.20.0.0/24',
  pool: { from: '10.20.0.100', to: '10.20.0.150' },
  gateway: '10.20.0.1',
});
let site = bootSite(siteSpec([on('s0', 0), on('s1', 1), relayed]));
// Read again, each of the two is said to be on the interface of the other.
process.on('SIGHUP', () => {
  site = bootSite(siteSpec([on('s1', 0), on('s0', 1), relayed]));
});
const engine = createTestEngine([nodeSpec('n1', mac)], true);
const say = (line: unknown) => process.stdout.write(`${JSON.stringify(line)}\n`);
const server = await createDhcpServer({
  engine,
  site: () => site,
  ...NOBODY_ARMED,
  addresses: createAddressBook(engine.fleet()),
  onLog: () => undefined,
  bind: { port: 67 },
  onNews: say,
});
say(server.ok ? { listens: server.value.listens } : server.error);
