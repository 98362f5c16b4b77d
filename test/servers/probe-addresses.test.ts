import { describe, expect, test } from 'vitest';
import type { SubnetSpec } from '../../src/core/spec.ts';
import { renderIpv4 } from '../../src/protocols/ipv4.ts';
import { createSharedAddresses } from '../../src/servers/shared-addresses.ts';
import { arm } from '../netboot/boot-fixture.ts';
import { ip } from '../netboot/client-packets.ts';
import { localSubnet, shown } from '../netboot/dhcp-bench.ts';
import { FIFTH, FOREIGN, MAC, OTHER, wire } from './arp-wire.ts';

describe('an address is looked at before it is offered', () => {
  test('that of the inventory for a machine that is armed: where somebody else has it, it gets another one', () => {
    const { bench, foreign, rounds } = wire({ '10.9.0.14': FOREIGN, '10.9.0.15': FOREIGN });
    arm(bench.engine, 'n1', 'install');
    rounds();
    expect(foreign).toEqual([`10.9.0.14 ${FOREIGN} of n1`]);
    expect(shown(bench.ask('uefi', MAC))).toBe('offer 10.9.0.100 -> broadcast');
    expect(shown(bench.ask('uefi', OTHER))).toBe('offer 10.9.0.15 -> broadcast');
  });

  test('where its own system still runs there, it is its own', () => {
    const { bench, foreign, rounds } = wire({ '10.9.0.14': MAC });
    arm(bench.engine, 'n1', 'install');
    rounds();
    expect(foreign).toEqual([]);
    expect(shown(bench.ask('uefi', MAC))).toBe('offer 10.9.0.14 -> broadcast');
  });

  test('a wish is granted among those that were looked at, and no other', () => {
    const { bench, rounds } = wire({ '10.9.0.110': FOREIGN, '10.9.0.190': FOREIGN });
    rounds();
    const wishes = ['10.9.0.190', '10.9.0.110', '10.9.0.120'];
    const given = wishes.map((wish) =>
      bench.pool.choose({
        net: bench.site.nets[0] ?? expect.fail('no net'),
        key: MAC,
        node: 'n1',
        fixed: undefined,
        wish: ip(wish),
        at: bench.engine.now(),
      }),
    );
    expect(given.map((address) => renderIpv4(address ?? 0))).toEqual(['10.9.0.100', '10.9.0.100', '10.9.0.120']);
  });

  test('one whose lease ran out is looked at again: who sits there by then keeps it', () => {
    const there: Record<string, string> = {};
    const { bench, foreign, rounds } = wire(there);
    const address = renderIpv4(bench.dora('uefi', FIFTH));
    expect(address).toBe('10.9.0.100');
    bench.engine.advance(3_700_000);
    there[address] = FOREIGN;
    rounds(12);
    expect(foreign).toEqual([`10.9.0.100 ${FOREIGN}`]);
    expect(shown(bench.ask('uefi', FIFTH))).not.toContain('10.9.0.100');
  });

  test('who came a moment ago is seen: the next addresses are looked at in every round', () => {
    const there: Record<string, string> = {};
    const { bench, asked, foreign, rounds } = wire(there);
    rounds(2);
    asked.clear();
    there['10.9.0.100'] = FOREIGN;
    rounds(2);
    expect(foreign).toEqual([`10.9.0.100 ${FOREIGN}`]);
    expect(shown(bench.ask('uefi', FIFTH))).toBe('offer 10.9.0.101 -> broadcast');
  });
});

describe('a host with an address of its own, that nobody can get from us', () => {
  test('is left alone, wherever it sits; only what armed machines come for is theirs', () => {
    const { bench, foreign, rounds } = wire({}, { '10.9.0.2': FOREIGN, '10.9.0.254': FOREIGN, '10.9.0.14': FOREIGN });
    rounds(400);
    expect(foreign).toEqual([]);
    expect(['10.9.0.2', '10.9.0.254', '10.9.0.14'].map((address) => bench.pool.slotAt(ip(address)))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    arm(bench.engine, 'n1', 'install');
    rounds(2);
    expect(foreign).toEqual([`10.9.0.14 ${FOREIGN} of n1`]);
  });

  test('is kept for a machine of ours that stands there, and asks for it when it boots', () => {
    const { bench, foreign, rounds } = wire({}, { '10.9.0.60': FIFTH, '10.9.0.254': OTHER });
    rounds(20);
    expect(foreign).toEqual([]);
    const boots = (address: string) =>
      shown(bench.ask('os', FIFTH, {}, { messageType: 'request', requestedAddress: ip(address) }));
    expect([boots('10.9.0.61'), boots('10.9.0.60')]).toEqual(['nak -> broadcast', 'ack 10.9.0.60 -> broadcast']);
    expect(bench.pool.slotAt(ip('10.9.0.254'))).toBeUndefined();
  });

  test('is left alone inside of the pool too, where that is our router', () => {
    const router = localSubnet({ pool: { from: '10.9.0.100', to: '10.9.0.254' } });
    const { foreign, rounds } = wire({}, { '10.9.0.253': FOREIGN, '10.9.0.254': FOREIGN }, [router]);
    rounds();
    expect(foreign).toEqual([`10.9.0.253 ${FOREIGN}`]);
  });

  test('is left alone where a lease of an older, larger pool ran out; while that lasts, two machines use one address', () => {
    const stale: Record<string, string> = {};
    const { bench, foreign, shared, rounds } = wire({}, stale);
    const net = bench.site.nets[0] ?? expect.fail('no net');
    const ask = { net, key: FIFTH, node: 'n5', fixed: undefined, wish: undefined, at: bench.engine.now() };
    bench.pool.apply({ do: 'lease', address: ip('10.9.0.60'), ask, until: bench.engine.now() + 60_000 });
    stale['10.9.0.60'] = FOREIGN;
    rounds(20);
    expect(shared).toEqual([`10.9.0.60 ${FOREIGN} beside n5`]);
    rounds(20);
    expect(bench.pool.slotAt(ip('10.9.0.60'))).toMatchObject({ state: 'leased', key: FIFTH });
    expect(foreign).toEqual([]);
  });
});

describe('an address that two machines use', () => {
  test('is told of its holder once it is sure, and again while it lasts; the lease goes on', () => {
    const stale: Record<string, string> = {};
    const { bench, foreign, shared, rounds } = wire({}, stale);
    const address = renderIpv4(bench.dora('uefi', MAC));
    stale[address] = FOREIGN;
    rounds(5);
    expect(shared).toEqual([]);
    rounds(5);
    expect(shared).toEqual([`${address} ${FOREIGN} beside n1`]);
    rounds(180);
    expect(shared).toHaveLength(2);
    expect(foreign).toEqual([]);
    expect(shown(bench.ask('uefi', MAC))).toBe(`offer ${address} -> broadcast`);
  });

  test('is not told where the kernel drops who was there before, nor of another NIC of the same machine', () => {
    const stale: Record<string, string> = {};
    const { bench, shared, rounds } = wire({}, stale);
    const address = renderIpv4(bench.dora('uefi', MAC));
    stale[address] = FOREIGN;
    rounds(4);
    stale[address] = MAC;
    rounds(10);
    expect(shared).toEqual([]);
  });
});

describe('who answers for whatever address is asked for', () => {
  const ROUTER = '52:54:00:00:00:fe';
  const { pool: _pool, ...bare } = localSubnet();
  const small = (to: string) => localSubnet({ pool: { from: '10.9.0.100', to } });
  const everywhere = (mac: string) =>
    Object.fromEntries(Array.from({ length: 254 }, (_, at) => [`10.9.0.${at + 1}`, mac]));
  const freeIn = ({ pool, site, engine }: ReturnType<typeof wire>['bench']) =>
    pool.uses(site, engine.now()).map(({ addresses }) => addresses.foreign);

  test.each<readonly [string, SubnetSpec]>([
    ['a pool of a hundred', localSubnet()],
    ['a pool of twenty', small('10.9.0.119')],
    ['a pool of three', small('10.9.0.102')],
    ['a pool of one', small('10.9.0.100')],
    ['no pool', bare],
  ])('is a router: with %s it is told once, and all get their addresses', (_, network) => {
    const { bench, foreign, routers, rounds } = wire(everywhere(ROUTER), {}, [network]);
    arm(bench.engine, 'n1', 'install');
    rounds(400);
    expect([foreign, routers]).toEqual([[], [`10.9.0.0/24 ${ROUTER}`]]);
    expect(shown(bench.ask('uefi', MAC))).toBe('offer 10.9.0.14 -> broadcast');
    if (network.pool !== undefined) expect(shown(bench.ask('uefi', FIFTH))).toBe('offer 10.9.0.100 -> broadcast');
  });

  test('is known at a start by what the kernel still holds of it', () => {
    const { foreign, routers, rounds } = wire({}, everywhere(ROUTER));
    rounds(1);
    expect([foreign, routers]).toEqual([[], [`10.9.0.0/24 ${ROUTER}`]]);
  });

  test('is not believed where it is a machine of the inventory', () => {
    const { bench, used, routers, rounds } = wire(everywhere(FIFTH));
    rounds();
    expect([used, routers]).toEqual([[], ['10.9.0.0/24 n5']]);
    expect(shown(bench.ask('uefi', OTHER))).toBe('offer 10.9.0.15 -> broadcast');
  });

  test('beside it a single host is found by its own MAC', () => {
    const there = { ...everywhere(ROUTER), '10.9.0.100': FOREIGN, '10.9.0.14': FOREIGN };
    const { bench, foreign, rounds } = wire(there);
    arm(bench.engine, 'n1', 'install');
    rounds();
    expect(foreign.sort()).toEqual([`10.9.0.100 ${FOREIGN}`, `10.9.0.14 ${FOREIGN} of n1`]);
  });

  test('what was believed of it before is taken back', () => {
    const there: Record<string, string> = { '10.9.0.14': ROUTER, '10.9.0.100': ROUTER, '10.9.0.102': ROUTER };
    const { bench, foreign, routers, free, rounds } = wire(there);
    arm(bench.engine, 'n1', 'install');
    rounds();
    expect([foreign.length, routers]).toEqual([3, []]);
    Object.assign(there, everywhere(ROUTER));
    rounds(32);
    expect([foreign.length, routers, free]).toEqual([3, [`10.9.0.0/24 ${ROUTER}`], ['10.9.0.14 of n1']]);
    expect(freeIn(bench)).toEqual([0]);
    expect(shown(bench.ask('uefi', MAC))).toBe('offer 10.9.0.14 -> broadcast');
  });

  test('and of one host that has several no more is believed than strangers may hold', () => {
    const there = { '10.9.0.100': FOREIGN, '10.9.0.101': FOREIGN, '10.9.0.102': FOREIGN };
    const { bench, routers, rounds } = wire(there, {}, [small('10.9.0.103')]);
    rounds();
    expect([freeIn(bench), routers]).toEqual([[1], []]);
    const hundred = wire(there);
    hundred.rounds();
    expect(freeIn(hundred.bench)).toEqual([3]);
  });
});

describe('a host with many addresses', () => {
  const from = (first: number, count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`10.9.0.${first + index}`, FOREIGN]));
  const small = (to: string) => localSubnet({ pool: { from: '10.9.0.100', to } });

  test.each([
    ['ten in a pool of a hundred', from(100, 10), localSubnet(), '10.9.0.110'],
    ['four in a pool of sixteen', from(100, 4), small('10.9.0.115'), '10.9.0.104'],
  ])('%s: none of them is given', (_, there, network, next) => {
    const { bench, foreign, routers, tooMany, rounds } = wire(there, {}, [network]);
    rounds(20);
    expect([foreign.length, routers, tooMany]).toEqual([Object.keys(there).length, [], []]);
    expect(shown(bench.ask('uefi', FIFTH))).toBe(`offer ${next} -> broadcast`);
  });

  test('that of an armed machine among them is not given either', () => {
    const { bench, foreign, routers, rounds } = wire({ ...from(110, 9), '10.9.0.14': FOREIGN });
    arm(bench.engine, 'n1', 'install');
    rounds(20);
    expect([foreign.length, routers]).toEqual([10, []]);
    expect(shown(bench.ask('uefi', MAC))).toBe('offer 10.9.0.100 -> broadcast');
  });

  test('keeps no more of a pool than strangers may hold: above that it is told, once', () => {
    const { foreign, routers, tooMany, rounds } = wire(from(100, 40));
    rounds(200);
    expect([foreign.length, routers, tooMany]).toEqual([25, [], [`10.9.0.0/24 ${FOREIGN}`]]);
  });

  test('that has nearly all of a network, in which nobody is quiet, answers for all', () => {
    const whole = localSubnet({ pool: { from: '10.9.0.2', to: '10.9.0.253' } });
    const { foreign, routers, rounds } = wire(from(2, 252), {}, [whole]);
    rounds();
    expect([foreign, routers]).toEqual([[], [`10.9.0.0/24 ${FOREIGN}`]]);
  });
});

describe('the address of a machine where somebody else stood', () => {
  const { pool: _pool, ...bare } = localSubnet();
  const AT = '10.9.0.14';
  const offered = `offer ${AT} -> broadcast`;

  test.each([
    ['a pool', localSubnet()],
    ['no pool', bare],
  ])('is its own again seconds after that one is gone, with %s', (_, network) => {
    const there: Record<string, string> = { [AT]: FOREIGN };
    const { bench, foreign, free, rounds } = wire(there, {}, [network]);
    arm(bench.engine, 'n1', 'install');
    rounds(30);
    expect(shown(bench.ask('uefi', MAC))).not.toBe(offered);
    delete there[AT];
    rounds(2);
    expect(shown(bench.ask('uefi', MAC))).not.toBe(offered);
    rounds(2);
    expect(shown(bench.ask('uefi', MAC))).toBe(offered);
    expect([foreign, free]).toEqual([[`${AT} ${FOREIGN} of n1`], [`${AT} of n1`]]);
  });

  test('is not given where it answers again, late, or only now and then', () => {
    const there: Record<string, string> = {};
    const { bench, free, rounds } = wire(there, {}, [bare]);
    arm(bench.engine, 'n1', 'install');
    for (let time = 0; time < 20; time += 1) {
      there[AT] = FOREIGN;
      rounds(1);
      delete there[AT];
      rounds(2);
    }
    expect([free, shown(bench.ask('uefi', MAC))]).toEqual([[], expect.stringMatching(/^silence/)]);
  });

  test('is looked at again at once when it is free: who comes back is found', () => {
    const there: Record<string, string> = { [AT]: FOREIGN };
    const { bench, foreign, rounds } = wire(there, {}, [bare]);
    arm(bench.engine, 'n1', 'install');
    rounds(3);
    expect(shown(bench.ask('uefi', MAC))).toMatch(/^silence/);
    delete there[AT];
    rounds(5);
    there[AT] = FOREIGN;
    rounds(2);
    expect(foreign).toHaveLength(2);
    expect(shown(bench.ask('uefi', MAC))).toMatch(/^silence/);
  });

  test('and that it declined: free when whoever was seen there is gone, else after its time', () => {
    const decline = { messageType: 'decline', requestedAddress: ip(AT), serverId: ip('10.9.0.1') } as const;
    const there: Record<string, string> = {};
    const { bench, free, rounds } = wire(there, {}, [bare]);
    bench.dora('uefi', MAC);
    bench.ask('os', MAC, {}, decline);
    rounds(30);
    expect(shown(bench.ask('uefi', MAC))).toMatch(/^silence/);
    there[AT] = FOREIGN;
    rounds(3);
    delete there[AT];
    rounds(5);
    expect(free).toEqual([`${AT} of n1`]);
    expect(shown(bench.ask('uefi', MAC))).toBe(offered);
  });
});

test('a host that answers at a thousand leased addresses is asked of a few of them, in this round and in all that follow', () => {
  const shared = createSharedAddresses();
  let asked = 0;
  let told = 0;
  const ask = () => {
    asked += 1;
    return true;
  };
  for (let at = 0; at <= 30_000; at += 2_000) {
    for (let address = 0; address < 1000; address += 1) if (shared.isSure(address, FOREIGN, at, ask)) told += 1;
  }
  expect([asked, told]).toEqual([8, 8]);
});
