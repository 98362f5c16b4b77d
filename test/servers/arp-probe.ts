import { setTimeout } from 'node:timers/promises';
import { createAddressBook } from '../../src/netboot/address-book.ts';
import { renderIpv4 } from '../../src/protocols/ipv4.ts';
import { createDhcpServer } from '../../src/servers/create-dhcp-server.ts';
import { arm, bootSite, createTestEngine, NOBODY_ARMED, nodeSpec, siteSpec } from '../netboot/boot-fixture.ts';
import { ip } from '../netboot/client-packets.ts';
import { localSubnet } from '../netboot/dhcp-bench.ts';

/** Run in a namespace: DHCP on s0, `n1` is armed and to get 10.9.0.14. Tells what that and `n2` would be offered. */

const MAC = '52:54:00:00:00:01';
const OTHER = '52:54:00:00:00:02';
const [how] = process.argv.slice(2);
const { pool: _pool, ...bare } = localSubnet({ interface: 's0' });
const net = how === 'bare' ? bare : { ...bare, pool: { from: '10.9.0.100', to: '10.9.0.119' } };
const site = bootSite(siteSpec([net]));
const engine = createTestEngine(
  [nodeSpec('n1', MAC, { network: { ip: '10.9.0.14', dns: [], ntp: [] } }), nodeSpec('n2', OTHER)],
  true,
);
arm(engine, 'n1', 'install');
const logs: string[] = [];
const server = await createDhcpServer({
  engine,
  site: () => site,
  ...NOBODY_ARMED,
  addresses: createAddressBook(engine.fleet()),
  onLog: ({ text }) => void logs.push(text),
  bind: { port: 67 },
});
if (!server.ok) throw new Error(server.error.why);
const { pool } = server.value;
const [here] = site.nets;
if (here === undefined) throw new Error('no network');
const offered = (key: string, node: string, fixed?: string): string => {
  const wanted = fixed === undefined ? undefined : ip(fixed);
  const address = pool.choose({ net: here, key, node, fixed: wanted, wish: undefined, at: engine.now() });
  return address === undefined ? 'nothing' : renderIpv4(address);
};
for (;;) {
  const line = { n1: offered(MAC, 'n1', '10.9.0.14'), n2: offered(OTHER, 'n2'), logs };
  process.stdout.write(`${JSON.stringify(line)}\n`);
  await setTimeout(250);
}
