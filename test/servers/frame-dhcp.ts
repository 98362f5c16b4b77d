import { createAddressBook } from '../../src/netboot/address-book.ts';
import { createDhcpServer } from '../../src/servers/create-dhcp-server.ts';
import { bootSite, createTestEngine, NOBODY_ARMED, nodeSpec, siteSpec } from '../netboot/boot-fixture.ts';
import { localSubnet } from '../netboot/dhcp-bench.ts';

/** Run in a namespace: DHCP on s0 for the machine with this MAC. */
const site = bootSite(siteSpec([localSubnet({ interface: 's0' })]));
const engine = createTestEngine([nodeSpec('n1', process.argv[2] ?? '')], true);
const server = await createDhcpServer({
  engine,
  site: () => site,
  ...NOBODY_ARMED,
  addresses: createAddressBook(engine.fleet()),
  onLog: () => undefined,
  bind: { port: 67 },
});
process.stdout.write(`${JSON.stringify(server.ok ? 'ready' : server.error)}\n`);
