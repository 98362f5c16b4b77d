import { expect, test } from 'vitest';
import type { PoolUse } from '../../src/netboot/pool-use.ts';
import { nodeSpec, subnet } from './boot-fixture.ts';
import { ip } from './client-packets.ts';
import { createDhcpBench, localSubnet } from './dhcp-bench.ts';

const mac = (i: number) => `52:54:00:00:00:0${i}`;
const fixed = (i: number, address: string) => nodeSpec(`n${i}`, mac(i), { network: { ip: address, dns: [], ntp: [] } });

/** Ten addresses, of which one is the gateway's and one our own; and a second network, where nothing happens. */
const NETWORKS = [
  localSubnet({ pool: { from: '10.9.0.1', to: '10.9.0.10' }, gateway: '10.9.0.10' }),
  subnet({
    subnet: '10.8.0.0/16',
    relay: '10.8.0.1',
    gateway: '10.8.0.1',
    pool: { from: '10.8.0.2', to: '10.8.200.1' },
  }),
  subnet({ subnet: '10.7.0.0/16', relay: '10.7.0.1', gateway: '10.7.0.1', dhcp: 'proxy' }),
];
const NOTHING = { reserved: 0, offered: 0, leased: 0, declined: 0, foreign: 0 };
const QUIET: PoolUse = { subnet: '10.8.0.0/16', addresses: { ...NOTHING, free: 200 * 256 } };

test('each address of a pool is counted in one state, and the machines outside of it in none', () => {
  // The address of n3 is no address of the pool.
  const on = createDhcpBench(
    [
      fixed(1, '10.9.0.2'),
      fixed(2, '10.9.0.3'),
      fixed(3, '10.9.0.77'),
      ...[4, 5, 6].map((i) => nodeSpec(`n${i}`, mac(i))),
    ],
    NETWORKS,
  );
  const uses = () => on.pool.uses(on.site, on.engine.now());
  on.ask('os', mac(6));
  on.pool.apply({ do: 'dropOffer', net: on.site.nets[0] ?? expect.fail('no net'), key: mac(6) });
  expect(uses()).toEqual([{ subnet: '10.9.0.0/24', addresses: { ...NOTHING, free: 6, reserved: 2 } }, QUIET]);
  on.dora('os', mac(1));
  on.dora('os', mac(3));
  on.ask('os', mac(4));
  const declined = on.dora('os', mac(5));
  on.ask('os', mac(5), {}, { messageType: 'decline', requestedAddress: declined, serverId: ip('10.9.0.1') });
  const net = on.site.nets[0] ?? expect.fail('no net');
  on.pool.markSeen({ net, address: ip('10.9.0.9'), mac: mac(9), at: on.engine.now() });
  expect(uses()).toEqual([
    { subnet: '10.9.0.0/24', addresses: { free: 3, reserved: 1, offered: 1, leased: 1, declined: 1, foreign: 1 } },
    QUIET,
  ]);
  on.engine.advance(3_700_000);
  expect(uses()).toEqual([{ subnet: '10.9.0.0/24', addresses: { ...NOTHING, free: 6, reserved: 2 } }, QUIET]);
});
