import { describe, expect, test } from 'vitest';
import { createAddressPool } from '../../src/netboot/address-pool.ts';
import { answerDhcp } from '../../src/netboot/answer-dhcp.ts';
import { answerProxyDhcp } from '../../src/netboot/answer-proxy-dhcp.ts';
import { decodeDhcp } from '../../src/protocols/dhcp/decode-dhcp.ts';
import { encodeDhcp } from '../../src/protocols/dhcp/encode-dhcp.ts';
import { arm, nodeSpec } from './boot-fixture.ts';
import { type ClientKind, ip, packet } from './client-packets.ts';
import { createDhcpBench, localSubnet } from './dhcp-bench.ts';

const MAC = '52:54:00:00:00:01';
const KINDS: readonly ClientKind[] = ['bios', 'uefi', 'http', 'arm64', 'ipxe', 'ipxeUefi', 'os'];

/** Small and seeded, so that a failure can be run again. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 4294967296) * below);
  };
}

describe('hostile packets', () => {
  test('40,000 spoiled requests are answered or not, and never break anything', () => {
    const bench = createDhcpBench(
      [nodeSpec('n1', MAC)],
      [localSubnet(), localSubnet({ relay: '10.20.0.1', subnet: '10.20.0.0/24' })],
    );
    bench.render(arm(bench.engine, 'n1', 'install'));
    const random = seeded(7);
    const originals = KINDS.flatMap((kind) =>
      (['discover', 'request', 'decline', 'release', 'inform'] as const).map((messageType) =>
        encodeDhcp(packet(kind, MAC, { giaddr: random(3) === 0 ? ip('10.20.0.1') : 0 }, { messageType })),
      ),
    );
    let replies = 0;
    for (let i = 0; i < 40_000; i += 1) {
      const bytes = Buffer.from(originals[random(originals.length)] ?? Buffer.alloc(300));
      for (let spoil = random(6); spoil > 0; spoil -= 1) bytes[random(bytes.length)] = random(256);
      const decoded = decodeDhcp(bytes.subarray(0, random(8) === 0 ? random(bytes.length) : bytes.length));
      if (!decoded.ok) continue;
      const view = {
        fleet: bench.engine.fleet(),
        at: bench.engine.now() + i * 10,
        rendered: { of: () => undefined },
        artefacts: { loader: () => undefined, artefact: () => undefined, discovery: () => undefined },
        site: bench.site,
        pool: bench.pool,
      };
      const arrival = { iface: 'eth1', address: random(2) * ip('10.9.0.150'), port: 68 };
      const answer = (random(4) === 0 ? answerProxyDhcp : answerDhcp)(view, decoded.value, arrival);
      for (const change of answer.pool) bench.pool.apply(change);
      if (answer.reply === undefined) continue;
      replies += 1;
      const sent = encodeDhcp(answer.reply.packet);
      expect(sent.length).toBeGreaterThanOrEqual(300);
      expect(sent.length).toBeLessThanOrEqual(1472);
      // Nothing but the client port, the relay, or the port that 4011 was asked from.
      if (answer.reply.to.kind === 'unicast') expect([67, 68]).toContain(answer.reply.to.port);
    }
    expect(replies).toBeGreaterThan(2000);
  });

  test('a flood from 100,000 random MACs, discovery on, leaves every machine of the inventory its address', () => {
    const nodes = Array.from({ length: 60 }, (_, i) =>
      nodeSpec(`n${i}`, `52:54:00:00:01:${i.toString(16).padStart(2, '0')}`),
    );
    const bench = createDhcpBench(nodes);
    const by = { user: 'test', from: 'tty1' };
    bench.engine.emit({ type: 'site.discoverySwitched', until: bench.engine.now() + 3_600_000, by });
    const pool = createAddressPool();
    pool.sync(bench.engine.fleet(), bench.site, bench.engine.now());
    const random = seeded(3);
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 100_000; i += 1) {
      const chaddr = Uint8Array.of(2, random(256), random(256), random(256), random(256), random(256));
      const decoded = decodeDhcp(encodeDhcp(packet('os', MAC, { chaddr })));
      if (!decoded.ok) throw new Error(decoded.error);
      const view = {
        fleet: bench.engine.fleet(),
        at: bench.engine.now() + i,
        rendered: { of: () => undefined },
        artefacts: { loader: () => undefined, artefact: () => undefined, discovery: () => undefined },
        site: bench.site,
        pool,
      };
      for (const change of answerDhcp(view, decoded.value, { iface: 'eth1', address: 0, port: 68 }).pool)
        pool.apply(change);
    }
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(200 * 1024 * 1024);
    // A pool of 100, of which 60 machines of the inventory may want one each.
    const at = bench.engine.now() + 100_000;
    expect(pool.counts(at).offered).toBeLessThanOrEqual(40);
    const net = bench.site.nets[0] ?? expect.fail('no net');
    for (const { name, identity } of nodes) {
      const ask = { net, key: identity.macs[0] ?? '', node: name, fixed: undefined, wish: undefined, at };
      const address = pool.choose(ask) ?? expect.fail(`no address for ${name}`);
      pool.apply({ do: 'offer', address, ask });
    }
  });
});
