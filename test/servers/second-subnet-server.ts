import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createAddressBook } from '../../src/netboot/address-book.ts';
import { createDhcpServer } from '../../src/servers/create-dhcp-server.ts';
import { bootSite, createTestEngine, NOBODY_ARMED, nodeSpec, siteSpec, subnet } from '../netboot/boot-fixture.ts';
import { localSubnet } from '../netboot/dhcp-bench.ts';

/** Run in a namespace: DHCP for two subnets on s0, and for one behind a relay that knows us by a third address there. */

const [mac = '', port = '67'] = process.argv.slice(2);
const netOf = (third: number) =>
  localSubnet({
    interface: 's0',
    address: `10.9.${third}.1`,
    subnet: `10.9.${third}.0/24`,
    pool: { from: `10.9.${third}.100`, to: `10.9.${third}.150` },
    gateway: `10.9.${third}.1`,
  });
const relayed = subnet({
  relay: '10.20.0.1',
  address: '10.9.0.3',
  subnet: '10.20.0.0/24',
  pool: { from: '10.20.0.100', to: '10.20.0.150' },
  gateway: '10.20.0.1',
});
let site = bootSite(siteSpec([netOf(0), netOf(10), relayed]));
// Read again, the site has only the second of them on the interface.
process.on('SIGHUP', () => {
  site = bootSite(siteSpec([netOf(10), relayed]));
});
// A disk hangs, and with it all threads that read.
process.on('SIGUSR2', () => {
  const frozen = join(mkdtempSync(join(tmpdir(), 'frozen-')), 'disk');
  execFileSync('mkfifo', [frozen]);
  for (let thread = 0; thread < 8; thread += 1) void open(frozen);
  setTimeout(() => {
    rmSync(dirname(frozen), { recursive: true });
    say({ frozen: true });
  }, 200);
});
const engine = createTestEngine([nodeSpec('n1', mac)], true);
const say = (line: unknown) => process.stdout.write(`${JSON.stringify(line)}\n`);
const server = await createDhcpServer({
  engine,
  site: () => site,
  ...NOBODY_ARMED,
  addresses: createAddressBook(engine.fleet()),
  onLog: () => undefined,
  bind: { port: Number(port) },
  onNews: say,
});
say(server.ok ? { listens: server.value.listens } : server.error);
