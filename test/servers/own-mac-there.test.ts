import { describe, expect, test } from 'vitest';
import { describeContested } from '../../src/core/contested.ts';
import { renderIpv4 } from '../../src/protocols/ipv4.ts';
import { arm, nodeSpec, uuidOf } from '../netboot/boot-fixture.ts';
import { ip } from '../netboot/client-packets.ts';
import { createDhcpBench, localSubnet, shown } from '../netboot/dhcp-bench.ts';
import { FIFTH, FOREIGN, fixed, MAC, OTHER, wire } from './arp-wire.ts';

/** The server lost its state, or is another one than before: machines run at addresses of which it knows nothing. */

const AT = '10.9.0.175';
const REQUEST = { messageType: 'request' } as const;

type Bench = ReturnType<typeof wire>['bench'];
const renews = (bench: Bench, mac: string, address: string) =>
  shown(bench.ask('os', mac, { ciaddr: ip(address) }, REQUEST));
const boots = (bench: Bench, mac: string, address: string) =>
  shown(bench.ask('os', mac, {}, { ...REQUEST, requestedAddress: ip(address) }));
const acked = (address: string) => [`ack ${address} -> ${address}:68`, `ack ${address} -> broadcast`];

describe('a machine of the inventory answers by its own MAC at an address that it has not from us', () => {
  test('it renews that, begins a system with it, and is offered it', () => {
    for (const ask of [
      (bench: Bench) => renews(bench, FIFTH, AT),
      (bench: Bench) => boots(bench, FIFTH, AT),
      (bench: Bench) => shown(bench.ask('uefi', FIFTH, {}, { requestedAddress: ip(AT) })),
      (bench: Bench) => shown(bench.ask('uefi', FIFTH)),
    ]) {
      const { bench, foreign, used, rounds } = wire({}, { [AT]: FIFTH });
      rounds(8);
      expect([...acked(AT), `offer ${AT} -> broadcast`]).toContain(ask(bench));
      expect([foreign, used]).toEqual([[], [`${AT} ${FIFTH} is n5`]]);
    }
  });

  test('nobody else gets it, and a stranger keeps nothing so', () => {
    const { bench, foreign, used, rounds } = wire({}, { [AT]: FIFTH, '10.9.0.176': FOREIGN });
    bench.engine.emit({
      type: 'site.discoverySwitched',
      until: bench.engine.now() + 60_000,
      by: { user: 'u', from: 'here' },
    });
    rounds(8);
    expect(boots(bench, OTHER, AT)).toBe('nak -> broadcast');
    expect(bench.ask('os', OTHER, { ciaddr: ip(AT) }, REQUEST).reason).toBe(`refused: ${AT}: n5 uses it`);
    const wished = bench.ask('uefi', FOREIGN, {}, { requestedAddress: ip('10.9.0.176') }).reply?.packet.yiaddr ?? 0;
    expect(renderIpv4(wished)).toBe('10.9.0.100');
    expect([foreign, used]).toEqual([[`10.9.0.176 ${FOREIGN}`], [`${AT} ${FIFTH} is n5`]]);
  });

  test('whichever of its MACs answers; without a wish only the one that does is offered it', () => {
    const [first, second] = ['52:54:00:00:00:21', '52:54:00:00:00:22'];
    const identity = { macs: [first, second], uuid: uuidOf(first) };
    const { bench, rounds } = wire({}, { [AT]: second }, undefined, [nodeSpec('n21', first, { identity })]);
    rounds(8);
    expect(shown(bench.ask('bios', first))).toBe('offer 10.9.0.100 -> broadcast');
    expect(renews(bench, first, AT)).toBe(`ack ${AT} -> ${AT}:68`);
  });

  test('at two addresses it keeps both, and is offered neither unasked', () => {
    const { bench, rounds } = wire({}, { [AT]: FIFTH, '10.9.0.180': FIFTH });
    rounds(8);
    expect(shown(bench.ask('uefi', FIFTH))).toBe('offer 10.9.0.100 -> broadcast');
    expect([renews(bench, FIFTH, AT), boots(bench, FIFTH, '10.9.0.180')]).toEqual([
      acked(AT)[0],
      acked('10.9.0.180')[1],
    ]);
  });

  test('that the inventory gives to another one: it has to leave it, and is told why', () => {
    const machines = [fixed('n1', MAC, AT), nodeSpec('n5', FIFTH)];
    const { bench, used, rounds } = wire({}, { [AT]: FIFTH }, undefined, machines);
    rounds(8);
    expect(bench.ask('os', FIFTH, { ciaddr: ip(AT) }, REQUEST).reason).toBe(
      `refused: ${AT}: the inventory gives it to n1`,
    );
    expect(shown(bench.ask('os', FIFTH))).toBe('offer 10.9.0.100 -> broadcast');
    expect(used).toEqual([]);
  });

  test('that an armed machine is to get: both are named', () => {
    const { bench, foreign, used, rounds } = wire({ '10.9.0.14': FIFTH });
    arm(bench.engine, 'n1', 'install');
    rounds(8);
    expect([foreign, used]).toEqual([['10.9.0.14 n5 of n1'], []]);
    expect(describeContested({ node: 'n1', address: '10.9.0.14', how: 'inventory', mac: FIFTH, usedBy: 'n5' })).toMatch(
      `its ip 10.9.0.14 is used by n5, ${FIFTH}, which is no MAC of n1: `,
    );
  });

  test('and the inventory has come to know it only now, or knows it no more', () => {
    const machines = [nodeSpec('n1', MAC)];
    const { bench, foreign, used, rounds } = wire({}, { [AT]: FIFTH }, undefined, machines);
    rounds(8);
    bench.engine.load([...machines, nodeSpec('n5', FIFTH)]);
    // Before the next look too.
    expect(renews(bench, FIFTH, AT)).toBe(`ack ${AT} -> ${AT}:68`);
    expect([foreign, used]).toEqual([[`${AT} ${FIFTH}`], []]);

    const gone = wire({}, { [AT]: FIFTH }, undefined, [...machines, nodeSpec('n5', FIFTH)]);
    gone.rounds(8);
    gone.bench.engine.load(machines);
    gone.rounds(8);
    expect([gone.foreign, gone.used]).toEqual([[`${AT} ${FIFTH} beside n5`], [`${AT} ${FIFTH} is n5`]]);
    expect(boots(gone.bench, MAC, AT)).toBe('nak -> broadcast');
  });

  test('the mark of before is taken back once the inventory knows it', () => {
    const { bench, used, rounds } = wire({}, { [AT]: FIFTH }, undefined, [nodeSpec('n1', MAC)]);
    rounds(8);
    bench.engine.load([nodeSpec('n1', MAC), nodeSpec('n5', FIFTH)]);
    rounds(8);
    expect(used).toEqual([`${AT} ${FIFTH} is n5`]);
    expect(shown(bench.ask('uefi', FIFTH))).toBe(`offer ${AT} -> broadcast`);
  });

  test('and somebody else as well: neither gets it, and it is told once, however often the two change', () => {
    for (const other of [FOREIGN, MAC]) {
      const stale = { [AT]: FIFTH };
      const machines = [nodeSpec('n1', MAC), nodeSpec('n5', FIFTH)];
      const { bench, foreign, used, rounds } = wire({}, stale, undefined, machines);
      for (let turn = 0; turn < 20; turn += 1) {
        stale[AT] = turn % 2 === 0 ? FIFTH : other;
        rounds(1);
      }
      expect(used).toEqual([`${AT} ${FIFTH} is n5`]);
      expect(foreign).toEqual([`${AT} ${other === MAC ? 'n1' : other} beside n5`]);
      expect([renews(bench, FIFTH, AT), renews(bench, MAC, AT)]).toEqual(['nak -> broadcast', 'nak -> broadcast']);
    }
  });

  test('which may be long ago, where it was not asked for: who renews is there, who begins waits for an answer', () => {
    const stale: Record<string, string> = { [AT]: FIFTH };
    const { bench, asked, rounds } = wire({}, stale);
    rounds(1);
    expect(boots(bench, FIFTH, AT)).toBe('nak -> broadcast');
    expect(shown(bench.ask('uefi', FIFTH))).toBe('offer 10.9.0.100 -> broadcast');
    asked.clear();
    rounds(1);
    expect(asked).toContain(AT);
    // The kernel has asked everybody by now.
    stale[AT] = FOREIGN;
    rounds(8);
    expect(boots(bench, FIFTH, AT)).toBe('nak -> broadcast');
    const again = wire({}, { [AT]: FIFTH });
    again.rounds(1);
    expect(renews(again.bench, FIFTH, AT)).toBe(`ack ${AT} -> ${AT}:68`);
    const fresh = wire({ '10.9.0.110': FIFTH });
    fresh.rounds(3);
    expect(boots(fresh.bench, FIFTH, '10.9.0.110')).toBe('ack 10.9.0.110 -> broadcast');
  });

  test('of a rack that runs already a few are asked for in each round, and all in turn', () => {
    const rack = Array.from({ length: 90 }, (_, at) => nodeSpec(`r${at}`, `52:54:00:00:01:${at + 10}`));
    const stale = Object.fromEntries(rack.map(({ identity }, at) => [`10.9.0.${105 + at}`, identity.macs[0] ?? '']));
    const { asked, rounds } = wire({}, stale, undefined, rack);
    rounds(1);
    const seen = new Set<string>();
    for (let round = 0; round < 3; round += 1) {
      asked.clear();
      rounds(1);
      const doubted = [...asked].filter((address) => address in stale);
      expect(doubted.length).toBeLessThanOrEqual(64);
      for (const address of doubted) seen.add(address);
    }
    expect(seen.size).toBe(90);
  });

  test('it is told once, and kept for it as long as it stands there', () => {
    const stale: Record<string, string> = { [AT]: FIFTH };
    const { bench, used, rounds } = wire({}, stale);
    rounds(900);
    expect(used).toEqual([`${AT} ${FIFTH} is n5`]);
    expect(boots(bench, OTHER, AT)).toBe('nak -> broadcast');
    delete stale[AT];
    rounds(400);
    expect(bench.pool.slotAt(ip(AT))?.until).toBeLessThan(bench.engine.now());
  });
});

test('a machine of the inventory that renews is at that address, looked at or not; one that begins may not be', () => {
  const { bench, rounds } = wire({});
  rounds(8);
  expect(boots(bench, FIFTH, '10.9.0.190')).toBe('nak -> broadcast');
  expect(renews(bench, FIFTH, '10.9.0.190')).toBe('ack 10.9.0.190 -> 10.9.0.190:68');
  expect(shown(bench.ask('os', FOREIGN, { ciaddr: ip('10.9.0.191') }, REQUEST))).toMatch(/^silence/);
});

test('behind a relay, where no MAC is seen: who renews is the one that answered there', () => {
  const far = localSubnet({ subnet: '10.20.0.0/24', pool: { from: '10.20.0.50', to: '10.20.0.99' } });
  const { interface: _none, ...relayed } = far;
  const on = createDhcpBench([nodeSpec('n5', FIFTH)], [{ ...relayed, relay: '10.20.0.1', gateway: '10.20.0.1' }]);
  const net = on.site.nets[0] ?? expect.fail('no net');
  const address = ip('10.20.0.60');
  on.pool.markSeen({ net, address, mac: undefined, at: on.engine.now() });
  const by = { giaddr: ip('10.20.0.1') };
  expect(shown(on.ask('os', FIFTH, by, { ...REQUEST, requestedAddress: address }))).toBe('nak -> 10.20.0.1:67');
  expect(shown(on.ask('os', FIFTH, by, { requestedAddress: address }))).not.toContain('10.20.0.60');
  expect(shown(on.ask('os', FIFTH, { ...by, ciaddr: address }, REQUEST))).toBe('ack 10.20.0.60 -> 10.20.0.1:67');
});

describe('an address outside of the pool that goes from one of ours to another, as a virtual one does', () => {
  const VIRTUAL = '10.9.0.60';
  const machines = [nodeSpec('n1', MAC), nodeSpec('n5', FIFTH)];

  test('is nothing to tell, and of who has it now', () => {
    const stale: Record<string, string> = { [VIRTUAL]: MAC };
    const { bench, foreign, shared, used, rounds } = wire({}, stale, undefined, machines);
    const holder = () => bench.pool.slotAt(ip(VIRTUAL));
    rounds(20);
    expect(holder()).toMatchObject({ state: 'used', node: 'n1' });
    for (const [mac, node] of [
      [FIFTH, 'n5'],
      [MAC, 'n1'],
      [FIFTH, 'n5'],
    ] as const) {
      stale[VIRTUAL] = mac;
      rounds(20);
      expect(holder()).toMatchObject({ state: 'used', node, mac });
    }
    expect([foreign, shared, used]).toEqual([[], [], []]);
    expect([renews(bench, FIFTH, VIRTUAL), boots(bench, MAC, VIRTUAL)]).toEqual([
      acked(VIRTUAL)[0],
      'nak -> broadcast',
    ]);
  });

  test('nor where a machine that nobody knows has it in between', () => {
    const stale: Record<string, string> = { [VIRTUAL]: MAC };
    const { foreign, shared, used, rounds } = wire({}, stale, undefined, machines);
    for (const mac of [MAC, FOREIGN, FIFTH, FOREIGN]) {
      stale[VIRTUAL] = mac;
      rounds(8);
    }
    expect([foreign, shared, used]).toEqual([[], [], []]);
  });
});
