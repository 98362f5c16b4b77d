import { Worker } from 'node:worker_threads';
import { createAddressBook } from '../../src/netboot/address-book.ts';
import { createTokenBook } from '../../src/netboot/attempt-token.ts';
import { createDhcpServer } from '../../src/servers/create-dhcp-server.ts';
import { createHttpServer } from '../../src/servers/create-http-server.ts';
import { createProxyDhcpServer } from '../../src/servers/create-proxy-dhcp-server.ts';
import { createRadar } from '../../src/servers/create-radar.ts';
import { createRouterAdvertiser } from '../../src/servers/create-router-advertiser.ts';
import { createFileStore } from '../../src/servers/file-store.ts';
import type { RadarStart } from '../../src/servers/radar-thread.ts';
import { bootSite, createTestEngine, NOBODY_ARMED, nodeSpec, siteSpec, subnet } from '../netboot/boot-fixture.ts';

/** Runs inside a namespace, told by its arguments; one JSON line per event on stdout. */

const [mode = 'authoritative', ...macs] = process.argv.slice(2);
const net = (iface: string, third: number) => {
  const { relay: _relay, ...rest } = subnet({
    interface: iface,
    address: `10.9.${third}.1`,
    dhcp: mode === 'proxy' ? 'proxy' : 'authoritative',
    subnet: `10.9.${third}.0/24`,
    pool: { from: `10.9.${third}.100`, to: `10.9.${third}.150` },
    gateway: `10.9.${third}.1`,
    // The other one is not ours alone.
    dedicated: (mode === 'dedicated' || mode === 'late') && third !== 1,
  });
  return rest;
};
const OWN = [{ code: 224, hex: Buffer.from('of the machine').toString('hex') }];
/** Behind a relay at 10.9.1.2, which has 10.20.0.1 on the other side, and knows us by an address of its own. */
const relayed = subnet({
  relay: '10.20.0.1',
  address: '10.9.1.3',
  subnet: '10.20.0.0/24',
  pool: { from: '10.20.0.100', to: '10.20.0.150' },
  gateway: '10.20.0.1',
  routes: [{ to: '10.80.0.0/16', via: '10.20.0.9' }],
});
const late = mode === 'late' ? [net('s2', 2)] : [];
const site = bootSite(siteSpec([net('s0', 0), net('s1', 1), relayed, ...late]));
let served = site;
// Read again, the site has a network more, on an interface that may come later.
process.on('SIGHUP', () => {
  served = bootSite(siteSpec([...site.spec.networks, net('s2', 2)]));
});
const engine = createTestEngine(
  macs.map((mac, i) => nodeSpec(`n${i + 1}`, mac, { network: { dns: [`10.9.0.${50 + i}`], ntp: [], options: OWN } })),
  true,
);
const say = (line: unknown) => process.stdout.write(`${JSON.stringify(line)}\n`);
const parts = {
  engine: {
    ...engine,
    emit: (event: Parameters<typeof engine.emit>[0]) => {
      engine.emit(event);
      say(event);
    },
  },
  site: () => served,
  ...NOBODY_ARMED,
  tokens: createTokenBook(Buffer.from('secret')),
  addresses: createAddressBook(engine.fleet()),
  // For tests that look for a text in what it says.
  onLog: ({ level, text }: { readonly level: string; readonly text: string }) =>
    void (level === 'warn' && process.stderr.write(`${text}\n`)),
};
const startThread = (start: RadarStart) =>
  new Worker(new URL('../../src/servers/bulk-thread-main.ts', import.meta.url), { workerData: start });
const radar = await createRadar({ ...parts, startThread });
const dhcp = await createDhcpServer({
  ...parts,
  bind: { port: 67 },
  onReply: radar.heard,
  onNews: (news) => say({ type: 'news', ...news }),
});
const proxy = await createProxyDhcpServer({ ...parts, bind: { port: 4011 } });
const http = await createHttpServer({ ...parts, bind: { port: 80 }, files: createFileStore() });
say({ type: 'warnings', warnings: radar.warnings });
for (const server of [dhcp, proxy, http]) {
  if (!server.ok) {
    say({ type: 'failed', ...server.error });
    process.exit(1);
  }
  say({ type: 'warnings', warnings: server.value.warnings });
}
const isDedicated = mode === 'dedicated' || mode === 'late';
const advertiser = isDedicated ? createRouterAdvertiser({ ...parts, path: process.env['PATH'] }) : undefined;
say({ type: 'ready' });
process.on('SIGTERM', () => void (advertiser?.stop() ?? Promise.resolve()).then(() => process.exit(0)));
