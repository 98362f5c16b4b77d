import { describe, expect, test } from 'vitest';
import { type AddressPool, createAddressPool } from '../../src/netboot/address-pool.ts';
import { type BootNet, isInNet } from '../../src/netboot/boot-site.ts';
import type { PoolAsk } from '../../src/netboot/pool-state.ts';
import { bootSite, createTestEngine, nodeSpec, START, siteSpec, subnet } from './boot-fixture.ts';
import { ip } from './client-packets.ts';

function netWith(from: string, to: string): BootNet {
  const [a, b] = from.split('.');
  const [net] = bootSite(
    siteSpec([subnet({ pool: { from, to }, subnet: `${a}.${b}.0.0/16`, gateway: `${a}.${b}.0.1` })]),
  ).nets;
  if (net === undefined) throw new Error('no net');
  return net;
}

const net = netWith('127.77.1.1', '127.77.1.8');

const ask = (key: string, change: Partial<PoolAsk> = {}): PoolAsk => ({
  net,
  key,
  node: key,
  fixed: undefined,
  wish: undefined,
  at: START,
  ...change,
});

function offer(pool: AddressPool, one: PoolAsk): number | undefined {
  const address = pool.choose(one);
  if (address !== undefined) pool.apply({ do: 'offer', address, ask: one });
  return address;
}

function lease(pool: AddressPool, one: PoolAsk, until = START + 3_600_000): number | undefined {
  const address = pool.choose(one);
  if (address !== undefined) pool.apply({ do: 'lease', address, ask: one, until });
  return address;
}

describe('an address pool', () => {
  test('never offers one address to two machines, and says no when it is empty', () => {
    const pool = createAddressPool();
    const given = Array.from({ length: 9 }, (_, i) => offer(pool, ask(`m${i}`)));
    expect(new Set(given.slice(0, 8)).size).toBe(8);
    expect(given[8]).toBeUndefined();
  });

  test('takes an offer back after a minute, and a lease when it ends', () => {
    const pool = createAddressPool();
    for (let i = 0; i < 8; i += 1) offer(pool, ask(`m${i}`));
    expect(pool.choose(ask('late', { at: START + 61_000 }))).toBeDefined();
    const full = createAddressPool();
    for (let i = 0; i < 8; i += 1) lease(full, ask(`m${i}`));
    expect(full.choose(ask('late', { at: START + 61_000 }))).toBeUndefined();
    expect(full.choose(ask('late', { at: START + 3_600_001 }))).toBeDefined();
  });

  test('gives a machine that comes back its own address, also after its lease ended', () => {
    const pool = createAddressPool();
    const first = lease(pool, ask('m1'));
    lease(pool, ask('m2'));
    expect(pool.choose(ask('m1', { at: START + 1000 }))).toBe(first);
    expect(pool.choose(ask('m1', { at: START + 9_000_000 }))).toBe(first);
  });

  test('gives back what a machine released to the same machine, and to another one where nothing else is left', () => {
    const pool = createAddressPool();
    const first = lease(pool, ask('m1')) ?? 0;
    pool.apply({ do: 'free', address: first, key: 'm1' });
    expect(pool.heldIn(net, 'm1', START)).toBeUndefined();
    expect(pool.choose(ask('m1'))).toBe(first);
    const others = Array.from({ length: 8 }, (_, i) => lease(pool, ask(`n${i}`)));
    expect(others.indexOf(first)).toBe(7);
    expect(pool.choose(ask('m1'))).toBeUndefined();
  });

  test('an offer to who holds a lease does not shorten the lease', () => {
    const pool = createAddressPool();
    const address = lease(pool, ask('m1'));
    offer(pool, ask('m1'));
    expect(pool.heldBy('m1', address ?? 0, START + 120_000)).toEqual({ leased: true, node: 'm1' });
  });

  const wishes: readonly (readonly [string, string, string | undefined])[] = [
    ['a wish in the pool is granted', '127.77.1.5', '127.77.1.5'],
    ['a wish outside the pool is not', '127.77.9.9', undefined],
    ['our own address is never given', '127.0.0.1', undefined],
    ['the network address is never given', '127.77.0.0', undefined],
    ['the broadcast address is never given', '127.77.255.255', undefined],
    ['the gateway is never given', '127.77.0.1', undefined],
  ];
  test.each(wishes)('%s', (_, wish, expected) => {
    const chosen = createAddressPool().choose(ask('m1', { wish: ip(wish) }));
    if (expected === undefined) expect(chosen).not.toBe(ip(wish));
    else expect(chosen).toBe(ip(expected));
  });

  test('addresses of the inventory are kept for their machines, even inside the pool', () => {
    const pool = createAddressPool();
    const engine = createTestEngine([
      nodeSpec('n1', '52:54:00:00:00:01', { network: { ip: '127.77.1.3', dns: [], ntp: [] } }),
    ]);
    pool.sync(engine.fleet(), bootSite(siteSpec([subnet()])), START);
    const given = Array.from({ length: 8 }, (_, i) => offer(pool, ask(`m${i}`)));
    expect(given.filter((one) => one !== undefined)).not.toContain(ip('127.77.1.3'));
    expect(pool.mayHave(ask('m1'), ip('127.77.1.3')).why).toBe('the inventory gives it to n1');
    expect(pool.choose(ask('52:54:00:00:00:01', { node: 'n1', fixed: ip('127.77.1.3') }))).toBe(ip('127.77.1.3'));
  });

  test('the second NIC of a machine does not get the fixed address that the first one holds', () => {
    const pool = createAddressPool();
    const fixed = ip('127.77.0.50');
    expect(lease(pool, ask('nic1', { node: 'n1', fixed }))).toBe(fixed);
    expect(pool.choose(ask('nic2', { node: 'n1', fixed }))).not.toBe(fixed);
  });

  test('a declined address is kept back, and one machine can keep back only four', () => {
    const pool = createAddressPool();
    const seen = new Set<number>();
    for (let i = 0; i < 6; i += 1) {
      const address = offer(pool, ask('m1'));
      if (address === undefined) throw new Error('no address');
      pool.apply({ do: 'decline', net, address, key: 'm1', at: START });
      seen.add(address);
    }
    expect(pool.counts(START).declined).toBe(4);
    expect(pool.mayHave(ask('m2'), [...seen][0] ?? 0).ok).toBe(false);
    expect(pool.choose(ask('m2'))).toBeDefined();
  });

  test('strangers use a quarter at most; unclaimed offers make room for the next', () => {
    const pool = createAddressPool();
    const stranger = (key: string, at = START) => ask(key, { node: undefined, at });
    expect(offer(pool, stranger('s1'))).toBeDefined();
    expect(offer(pool, stranger('s2'))).toBeDefined();
    expect(offer(pool, stranger('s3'))).toBeUndefined();
    expect(offer(pool, stranger('s3', START + 11_000))).toBeDefined();
    expect(pool.counts(START + 11_000).offered).toBe(2);
  });

  test('a hundred thousand random MACs leave the machines of the inventory their addresses', () => {
    const big = netWith('127.77.1.1', '127.77.4.250');
    const pool = createAddressPool();
    for (let i = 0; i < 100_000; i += 1) offer(pool, ask(`s${i}`, { net: big, node: undefined, at: START + i }));
    expect(pool.counts(START + 100_000).offered).toBeLessThanOrEqual(255);
    for (let i = 0; i < 700; i += 1) {
      expect(offer(pool, ask(`m${i}`, { net: big, at: START + 100_000 }))).toBeDefined();
    }
  });

  test('leases survive a restart through the fleet', () => {
    const engine = createTestEngine([nodeSpec('n1', '52:54:00:00:00:01')]);
    engine.emit({ type: 'lease.granted', mac: 'm1', address: '127.77.1.4', until: START + 3_600_000, node: 'n1' });
    const pool = createAddressPool();
    pool.sync(engine.fleet(), bootSite(siteSpec([subnet()])), START);
    expect(pool.heldBy('m1', ip('127.77.1.4'), START)).toEqual({ leased: true, node: 'n1' });
    expect(pool.mayHave(ask('m2'), ip('127.77.1.4')).why).toBe('it is leased to m1');
  });

  describe('one NIC in two networks', () => {
    const other = netWith('127.78.1.1', '127.78.1.8');

    test('has an address in each, and neither ends by what is offered or leased in the other', () => {
      const pool = createAddressPool();
      const first = lease(pool, ask('m1')) ?? 0;
      const second = lease(pool, ask('m1', { net: other })) ?? 0;
      expect([first, second].map((one) => isInNet(net, one))).toEqual([true, false]);
      for (const one of [net, other, net, other]) offer(pool, ask('m1', { net: one }));
      expect([first, second].map((one) => pool.heldBy('m1', one, START + 120_000)?.leased)).toEqual([true, true]);
      expect(pool.mayHave(ask('m2'), first).why).toBe('it is leased to m1');
      expect(pool.choose(ask('m1'))).toBe(first);
      expect(pool.choose(ask('m1', { net: other }))).toBe(second);
    });

    test('has one address in each, however it moves there', () => {
      const pool = createAddressPool();
      for (let i = 1; i <= 8; i += 1) {
        for (const [one, from] of [
          [net, '127.77.1.'],
          [other, '127.78.1.'],
        ] as const)
          pool.apply({ do: 'lease', address: ip(`${from}${i}`), ask: ask('m1', { net: one }), until: START + 1000 });
      }
      expect(pool.counts(START)).toEqual({ offered: 0, leased: 2, declined: 0 });
      expect(pool.heldIn(net, 'm1', START)).toBe(ip('127.77.1.8'));
      expect(pool.heldIn(other, 'm1', START)).toBe(ip('127.78.1.8'));
    });

    test('gives back the one that it names', () => {
      const pool = createAddressPool();
      const first = lease(pool, ask('m1')) ?? 0;
      const second = lease(pool, ask('m1', { net: other })) ?? 0;
      pool.apply({ do: 'free', address: second, key: 'm1' });
      expect(pool.heldIn(other, 'm1', START)).toBeUndefined();
      expect(pool.heldIn(net, 'm1', START)).toBe(first);
      expect(pool.hasLease('m1', START)).toBe(true);
      pool.apply({ do: 'decline', net, address: first, key: 'm1', at: START });
      expect(pool.hasLease('m1', START)).toBe(false);
    });

    test('has both of them after a restart', () => {
      const engine = createTestEngine([nodeSpec('n1', '52:54:00:00:00:01')]);
      const until = START + 3_600_000;
      for (const [address, subnet] of [
        ['127.77.1.4', '127.77.0.0/16'],
        ['127.78.1.4', '127.78.0.0/16'],
      ] as const)
        engine.emit({ type: 'lease.granted', mac: 'm1', address, until, node: 'n1', subnet });
      const pool = createAddressPool();
      pool.sync(engine.fleet(), bootSite(siteSpec([net.spec, other.spec])), START);
      expect(pool.heldIn(net, 'm1', START)).toBe(ip('127.77.1.4'));
      expect(pool.heldIn(other, 'm1', START)).toBe(ip('127.78.1.4'));
    });
  });

  test('an address that a foreign machine uses is passed over', () => {
    const pool = createAddressPool();
    const [next] = pool.upcoming(net, 1, START);
    expect(pool.markSeen({ net, address: next ?? 0, mac: 'other', at: START })).toBe(true);
    expect(pool.markSeen({ net, address: next ?? 0, mac: 'other', at: START })).toBe(false);
    expect(pool.choose(ask('m1'))).not.toBe(next);
  });

  test('choosing among 10,000 leases takes no longer than among 100', () => {
    const wide = netWith('127.77.1.1', '127.77.128.1');
    const run = (leases: number) => {
      const pool = createAddressPool();
      for (let i = 0; i < leases; i += 1) lease(pool, ask(`old${i}`, { net: wide }));
      const started = performance.now();
      for (let i = 0; i < 2000; i += 1) offer(pool, ask(`new${i}`, { net: wide }));
      return performance.now() - started;
    };
    run(100);
    const best = (leases: number) => Math.min(...Array.from({ length: 5 }, () => run(leases)));
    // Generous: two cores are shared. A linear search takes a hundred times as long.
    expect(best(10_000)).toBeLessThan(best(100) * 20 + 10);
  });
});
