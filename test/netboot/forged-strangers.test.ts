import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { leasesOfMac } from '../../src/core/lease.ts';
import { createMachineId } from '../../src/protocols/dhcp/structured-codecs.ts';
import { renderIpv4 } from '../../src/protocols/ipv4.ts';
import { nodeSpec, subnet, uuidOf } from './boot-fixture.ts';
import { ip } from './client-packets.ts';
import { createDhcpBench, type DhcpBench, localSubnet, shown } from './dhcp-bench.ts';

/** Strangers who know every UUID and switch port of the site, and no MAC of it. */

const macOf = (i: number) => `52:54:00:00:01:${i.toString(16).padStart(2, '0')}`;
const forgedMac = (i: number) => `52:54:00:00:09:${i.toString(16).padStart(2, '0')}`;
/** Within the pool, and beyond it. */
const reservedOf = (i: number) => (i % 3 === 0 ? undefined : i % 3 === 1 ? `10.9.0.${110 + i}` : `10.9.0.${20 + i}`);
const MACHINES = 9;
const BY_UUID = 'by-uuid';
const RELAY = ip('10.20.0.1');
/** One part in four of both pools, and one address of each machine that has no MAC on record. */
const SHARE = 25 + 10 + 2;

const addressed = (address: string | undefined) => ({
  network: { ...(address === undefined ? {} : { ip: address }), dns: [], ntp: [] },
});
const machines = Array.from({ length: MACHINES }, (_, i) =>
  nodeSpec(`n${i}`, macOf(i), {
    ...addressed(reservedOf(i)),
    identity: { macs: [macOf(i)], uuid: uuidOf(macOf(i)), switchPort: `ge-${i}` },
  }),
);
const byUuid = nodeSpec(BY_UUID, macOf(50), {
  ...addressed('10.9.0.150'),
  identity: { macs: [], uuid: uuidOf(macOf(50)) },
});
const byPort = nodeSpec('by-port', macOf(51), { identity: { macs: [], switchPort: 'ge-51' } });
const relayed = subnet({
  relay: '10.20.0.1',
  subnet: '10.20.0.0/24',
  pool: { from: '10.20.0.50', to: '10.20.0.89' },
  gateway: '10.20.0.1',
});
const site = () => createDhcpBench([...machines, byUuid, byPort], [localSubnet(), relayed]);

const UUIDS = [...machines, byUuid].map(({ identity }) => identity.uuid ?? '');
const PORTS = ['ge-0', 'ge-1', 'ge-51'];

interface Act {
  readonly mac: number;
  readonly say: 'discover' | 'request' | 'decline' | 'release' | 'inform' | 'whole' | 'wait';
  readonly uuid: number;
  readonly port: number;
  readonly address: number;
  readonly relayed: boolean;
  readonly system: boolean;
}

const acts = fc.array(
  fc.record<Act>({
    mac: fc.nat(79),
    say: fc.constantFrom('discover', 'request', 'decline', 'release', 'inform', 'whole', 'whole', 'wait'),
    uuid: fc.nat(UUIDS.length),
    port: fc.nat(PORTS.length),
    address: fc.integer({ min: ip('10.9.0.1'), max: ip('10.9.0.254') }),
    relayed: fc.boolean(),
    system: fc.boolean(),
  }),
  { minLength: 60, maxLength: 120 },
);

function play(on: DhcpBench, act: Act): void {
  if (act.say === 'wait') {
    on.engine.advance(7_000);
    return;
  }
  const mac = forgedMac(act.mac);
  const uuid = UUIDS[act.uuid];
  const port = PORTS[act.port];
  const raw = Uint8Array.from([1, port?.length ?? 0, ...Buffer.from(port ?? '')]);
  const claims = {
    machineId: uuid === undefined ? { raw: new Uint8Array(17) } : createMachineId(uuid),
    ...(act.relayed && port !== undefined ? { relayInfo: { raw } } : {}),
  };
  const change = act.relayed ? { giaddr: RELAY } : {};
  const ask = (messageType: Exclude<Act['say'], 'whole' | 'wait'>, address: number, ciaddr = 0) =>
    on.ask(
      act.system ? 'os' : 'uefi',
      mac,
      { ...change, ciaddr },
      {
        ...claims,
        messageType,
        ...(ciaddr === 0 ? { requestedAddress: address } : {}),
      },
    );
  const held = on.pool.heldIn(on.site.nets[0] ?? expect.fail('no net'), mac, on.engine.now()) ?? act.address;
  if (act.say === 'release' || act.say === 'inform') ask(act.say, 0, held);
  else if (act.say !== 'whole') ask(act.say, act.say === 'discover' ? act.address : held);
  else {
    const offered = ask('discover', act.address).reply?.packet.yiaddr;
    if (offered !== undefined) ask('request', offered);
    if (act.address % 3 === 0) ask('decline', offered ?? act.address);
  }
}

describe('strangers who forge what they can', () => {
  test('take no more than their share, and no machine on record loses its address to them', { timeout: 60_000 }, () => {
    let most = 0;
    fc.assert(
      fc.property(acts, fc.boolean(), (history, discovering) => {
        const on = site();
        const by = { user: 'test', from: 'tty1' };
        const until = on.engine.now() + 3_600_000;
        if (discovering) on.engine.emit({ type: 'site.discoverySwitched', until, by });
        for (const act of history) play(on, act);
        const { offered, leased, declined } = on.pool.counts(on.engine.now());
        most = Math.max(most, offered + leased + declined);
        expect(offered + leased + declined).toBeLessThanOrEqual(SHARE);
        // Nobody who only says a name speaks for the machine that has it.
        for (let i = 0; i < 80; i += 1)
          for (const { node } of leasesOfMac(on.engine.fleet(), forgedMac(i))) expect(node ?? '').not.toMatch(/^n/);
        for (const [i, { name }] of machines.entries()) {
          const address = renderIpv4(on.dora('uefi', macOf(i)));
          expect(address, name).toBe(reservedOf(i) ?? address);
        }
      }),
      { seed: 20_261_121, numRuns: 40 },
    );
    // Strangers who never came near their share would prove nothing.
    expect(most).toBeGreaterThan(SHARE / 2);
  });

  test('eight who say the UUID of one machine do not stand between it and its reserved address', () => {
    const on = site();
    const machineId = createMachineId(uuidOf(macOf(1)));
    for (let i = 0; i < 8; i += 1) {
      const offer = on.ask('uefi', forgedMac(i), {}, { machineId });
      expect(offer.node).toBe('n1');
      expect(shown(offer)).not.toContain('10.9.0.111');
    }
    expect(shown(on.ask('uefi', macOf(1)))).toBe('offer 10.9.0.111 -> broadcast');
  });

  test('a machine with more NICs on record than anybody expects has an address for each', () => {
    const macs = Array.from({ length: 12 }, (_, i) => macOf(i));
    const on = createDhcpBench([nodeSpec('wide', macOf(0), { identity: { macs } })]);
    expect(new Set(macs.map((mac) => on.dora('os', mac))).size).toBe(12);
  });
});

describe('a machine that only its UUID names', () => {
  const machineId = createMachineId(uuidOf(macOf(50)));
  const boots = (on: DhcpBench, mac: string) => {
    const offered = on.ask('uefi', mac, {}, { machineId }).reply?.packet.yiaddr ?? 0;
    return shown(
      on.ask(
        'uefi',
        mac,
        {},
        { machineId, messageType: 'request', requestedAddress: offered, serverId: ip('10.9.0.1') },
      ),
    );
  };

  test('gets its reserved address by the first NIC that comes, and its system keeps it', () => {
    const on = site();
    expect(boots(on, macOf(50))).toBe('ack 10.9.0.150 -> broadcast');
    expect(leasesOfMac(on.engine.fleet(), macOf(50))).toMatchObject([{ node: BY_UUID }]);
    // No option 97 here: the system is known by the lease of its firmware.
    const keeps = { messageType: 'request', requestedAddress: ip('10.9.0.150') } as const;
    expect(shown(on.ask('os', macOf(50), {}, keeps))).toBe('ack 10.9.0.150 -> broadcast');
    expect(leasesOfMac(on.engine.fleet(), macOf(50))).toMatchObject([{ node: BY_UUID }]);
  });

  test('is not robbed of it by who says the same later', () => {
    const on = site();
    boots(on, macOf(50));
    expect(boots(on, forgedMac(1))).toMatch(/^ack 10\.9\.0\.1\d\d/);
    expect(boots(on, forgedMac(1))).not.toContain('10.9.0.150');
    on.engine.advance(30 * 60_000);
    expect(boots(on, macOf(50))).toBe('ack 10.9.0.150 -> broadcast');
  });
});
