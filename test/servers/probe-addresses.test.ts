import type { Socket } from 'node:dgram';
import { describe, expect, test } from 'vitest';
import { renderIpv4 } from '../../src/protocols/ipv4.ts';
import { createAddressProbe } from '../../src/servers/probe-addresses.ts';
import { arm, nodeSpec } from '../netboot/boot-fixture.ts';
import { ip } from '../netboot/client-packets.ts';
import { createDhcpBench, shown } from '../netboot/dhcp-bench.ts';

const MAC = '52:54:00:00:00:01';
const OTHER = '52:54:00:00:00:02';
const FOREIGN = '52:54:00:00:00:99';
const fixed = (name: string, mac: string, address: string) =>
  nodeSpec(name, mac, { network: { ip: address, dns: [], ntp: [] } });

/** A wire on which whoever stands in `there` answers to ARP before the next round. */
function wire(there: Readonly<Record<string, string>>) {
  const bench = createDhcpBench([fixed('n1', MAC, '10.9.0.14'), fixed('n2', OTHER, '10.9.0.15')]);
  const asked = new Set<string>();
  const foreign: string[] = [];
  const socket = {
    getSendQueueCount: () => 0,
    send: (_bytes: Buffer, _port: number, address: string) => asked.add(address),
  } as unknown as Socket;
  const probe = createAddressProbe({
    fleet: bench.engine.fleet,
    site: () => bench.site,
    pool: bench.pool,
    socketOf: () => socket,
    onForeign: (address, mac) => foreign.push(`${address} ${mac}`),
  });
  const rounds = () => {
    for (let round = 0; round < 3; round += 1) {
      const answered = Object.entries(there).filter(([address]) => asked.has(address));
      probe.round(bench.engine.now(), new Map(answered));
      bench.engine.advance(2_000);
    }
  };
  return { bench, foreign, rounds };
}

describe('an address is looked at before it is offered', () => {
  test('that of the inventory for a machine that is armed: where somebody else has it, it gets another one', () => {
    const { bench, foreign, rounds } = wire({ '10.9.0.14': FOREIGN, '10.9.0.15': FOREIGN });
    arm(bench.engine, 'n1', 'install');
    rounds();
    expect(foreign).toEqual([`10.9.0.14 ${FOREIGN}`]);
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
});
