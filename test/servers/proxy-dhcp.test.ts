import { once } from 'node:events';
import { afterEach, expect, test, vi } from 'vitest';
import { serviceCounts } from '../../src/cli/service-counts.ts';
import { createAddressBook } from '../../src/netboot/address-book.ts';
import { decodeDhcp } from '../../src/protocols/dhcp/decode-dhcp.ts';
import { encodeDhcp } from '../../src/protocols/dhcp/encode-dhcp.ts';
import { createProxyDhcpServer, type ProxyDhcpServer } from '../../src/servers/create-proxy-dhcp-server.ts';
import { helpOf } from '../../src/servers/metric-families.ts';
import { createProxyDhcpDesk } from '../../src/servers/proxy-dhcp-desk.ts';
import { MAY_WAIT } from '../../src/servers/reply-roads.ts';
import { createReplyWatch } from '../../src/servers/reply-watch.ts';
import { bindUdp, closeUdp, createUdp } from '../../src/servers/udp-socket.ts';
import {
  ALL_LOADERS,
  bootSite,
  createTestEngine,
  NOTHING_RENDERED,
  nodeSpec,
  siteSpec,
} from '../netboot/boot-fixture.ts';
import { ip, packet } from '../netboot/client-packets.ts';
import { localSubnet } from '../netboot/dhcp-bench.ts';
import { must } from './boot-stack.ts';

const macOf = (i: number) => `52:54:00:00:${Math.floor(i / 100) + 10}:${(i % 100) + 10}`;

/** Two hundred machines on a segment of ours where another server gives the addresses. */
function site(subnet: string, address: string) {
  const { pool: _pool, ...rest } = localSubnet({ dhcp: 'proxy', subnet, address });
  const served = bootSite(siteSpec([rest]));
  const engine = createTestEngine(Array.from({ length: 200 }, (_, i) => nodeSpec(`n${i}`, macOf(i))));
  return {
    engine,
    parts: {
      engine,
      site: () => served,
      rendered: NOTHING_RENDERED,
      artefacts: ALL_LOADERS,
      addresses: createAddressBook(engine.fleet()),
      onLog: () => undefined,
    },
  };
}

const asks = (i: number, from: string) =>
  encodeDhcp(packet('uefi', macOf(i), { ciaddr: ip(from), broadcast: false }, { messageType: 'request' }));

/** A desk of which the road to the segment takes nothing more: each address waits for an answer to ARP. */
function stuckDesk() {
  const { engine, parts } = site('10.9.0.0/16', '10.9.0.1');
  const desk = createProxyDhcpDesk(parts);
  const held: string[] = [];
  const free = { send: () => expect.fail('no other road'), getSendQueueCount: () => 0 };
  const neighbour = {
    send: (_bytes: Uint8Array, _at: number, _size: number, port: number, host: string) => held.push(`${host}:${port}`),
    getSendQueueCount: () => held.length,
  };
  const port = { local: { address: '10.9.0.1', port: 4011 }, roads: { broadcast: free, routed: free, neighbour } };
  const ask = (i: number, from: string) => desk.receive(port, asks(i, from), from, 4011);
  const told: (string | undefined)[] = [];
  const watch = createReplyWatch({
    ports: () => [{ iface: undefined, roads: port.roads }],
    cut: desk.cut,
    asks: { neighbours: 'requests of firmware that has its address', port: 4011 },
    onWarning: (warning) => told.push(warning),
  });
  return { desk, held, ask, told, round: () => watch.round(engine.now()) };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('answers to machines that are not there wait up to a bound, the rest are counted, and it is told', async () => {
  const { desk, held, ask, told, round } = stuckDesk();
  for (let i = 0; i < 200; i += 1) ask(i, `10.9.1.${i + 1}`);
  await turn();
  expect(held).toHaveLength(MAY_WAIT.neighbour + 1);
  expect(held[0]).toBe('10.9.1.1:4011');
  expect(desk.counts()).toMatchObject({ received: 200, sendErrors: 200 - held.length, cut: 0 });
  round();
  expect(told).toEqual([
    expect.stringMatching(/^requests of firmware.*are not answered.*tcpdump -eni any udp port 4011$/),
  ]);
});

test('one machine that shouts is answered as often as any needs, and named', async () => {
  const { desk, held, ask, told, round } = stuckDesk();
  for (let i = 0; i < 100; i += 1) ask(7, '10.9.1.7');
  await turn();
  expect(held).toHaveLength(20);
  expect(desk.counts()).toMatchObject({ received: 100, cut: 80 });
  round();
  expect(told).toEqual([expect.stringContaining(`${macOf(7)} asks for more answers`)]);
});

let server: ProxyDhcpServer | undefined;
afterEach(() => server?.stop());

test('over real sockets the answer comes from the port that was asked, and every number has its sentence', async () => {
  const { parts } = site('127.0.0.0/8', '127.0.0.1');
  server = must(await createProxyDhcpServer({ ...parts, bind: { port: 0, address: '127.0.0.1' } }));
  const [{ port } = { port: 0 }] = server.listens;
  const socket = createUdp('udp4');
  await bindUdp(socket, 0, '127.0.0.9');
  socket.send(asks(1, '127.0.0.9'), port, '127.0.0.1');
  const [bytes, from] = (await once(socket, 'message')) as [Buffer, { port: number }];
  const answer = decodeDhcp(bytes);
  expect(answer).toMatchObject({ ok: true, value: { file: 'ipxe.efi', options: { messageType: 'ack' } } });
  expect(from.port).toBe(port);
  socket.send(Buffer.alloc(9), port, '127.0.0.1');
  const counts = () => serviceCounts(new Map([['proxyDHCP', server ?? expect.fail('no server')]]), undefined);
  await vi.waitFor(() =>
    expect(counts()).toMatchObject({
      proxy_dhcp_received_total: 2,
      proxy_dhcp_sent_total: 1,
      proxy_dhcp_broken_total: 1,
      proxy_dhcp_cut_total: 0,
      proxy_dhcp_send_errors_total: 0,
    }),
  );
  expect(server.traffic?.()).toEqual({ requests: 2, errors: 1, bytes: bytes.length });
  expect(Object.keys(counts()).filter((name) => (helpOf(name)?.split(' ').length ?? 0) < 4)).toEqual([]);
  await closeUdp(socket);
});
