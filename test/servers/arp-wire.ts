import type { Socket } from 'node:dgram';
import type { NodeSpec, SubnetSpec } from '../../src/core/spec.ts';
import { createAddressProbe } from '../../src/servers/probe-addresses.ts';
import { nodeSpec } from '../netboot/boot-fixture.ts';
import { createDhcpBench, localSubnet } from '../netboot/dhcp-bench.ts';

export const MAC = '52:54:00:00:00:01';
export const OTHER = '52:54:00:00:00:02';
export const FIFTH = '52:54:00:00:00:05';
export const FOREIGN = '52:54:00:00:00:99';
export const fixed = (name: string, mac: string, address: string) =>
  nodeSpec(name, mac, { network: { ip: address, dns: [], ntp: [] } });

const MACHINES = [fixed('n1', MAC, '10.9.0.14'), fixed('n2', OTHER, '10.9.0.15'), nodeSpec('n5', FIFTH)];

/** A wire on which whoever stands in `there` answers to ARP before the next round; `stale` stands in the table unasked. */
export function wire(
  there: Record<string, string>,
  stale: Record<string, string> = {},
  networks: readonly SubnetSpec[] = [localSubnet()],
  machines: readonly NodeSpec[] = MACHINES,
) {
  const bench = createDhcpBench(machines, networks);
  const asked = new Set<string>();
  const foreign: string[] = [];
  const shared: string[] = [];
  const used: string[] = [];
  const routers: string[] = [];
  const free: string[] = [];
  const tooMany: string[] = [];
  const socket = {
    getSendQueueCount: () => 0,
    send: (_bytes: Buffer, _port: number, address: string) => asked.add(address),
  } as unknown as Socket;
  const probe = createAddressProbe({
    fleet: bench.engine.fleet,
    site: () => bench.site,
    pool: bench.pool,
    socketOf: () => socket,
    onForeign: (address, mac, { node, by, beside }) =>
      foreign.push(
        `${address} ${by ?? mac}${node === undefined ? '' : ` of ${node}`}${beside === undefined ? '' : ` beside ${beside}`}`,
      ),
    onUsed: (address, mac, node) => used.push(`${address} ${mac} is ${node}`),
    onTooMany: ({ spec }, mac, node) => tooMany.push(`${spec.subnet} ${node ?? mac}`),
    onRouter: ({ spec }, mac, node) => routers.push(`${spec.subnet} ${node ?? mac}`),
    onFree: (address, node) => free.push(`${address} of ${node}`),
    onShared: (address, mac, { key, node }) => shared.push(`${address} ${mac} beside ${node ?? key}`),
  });
  const rounds = (count = 3) => {
    for (let round = 0; round < count; round += 1) {
      const answered = Object.entries(there).filter(([address]) => asked.has(address));
      probe.round(bench.engine.now(), new Map([...Object.entries(stale), ...answered]));
      bench.engine.advance(2_000);
    }
  };
  return { bench, asked, foreign, shared, used, routers, free, tooMany, rounds };
}
