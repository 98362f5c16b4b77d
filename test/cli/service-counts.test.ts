import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { dhcpNumbers, serviceCounts } from '../../src/cli/service-counts.ts';
import { encodeDhcp } from '../../src/protocols/dhcp/encode-dhcp.ts';
import { helpOf } from '../../src/servers/metric-families.ts';
import { bindUdp, closeUdp, createUdp } from '../../src/servers/udp-socket.ts';
import { nodeSpec } from '../netboot/boot-fixture.ts';
import { ip, packet } from '../netboot/client-packets.ts';
import { type BootStack, startBootStack } from '../servers/boot-stack.ts';

const MAC = '52:54:00:1a:bd:0b';
let stack: BootStack;
beforeEach(async () => {
  stack = await startBootStack({ nodes: [nodeSpec('n1', MAC)] });
});
afterEach(() => stack.stop());

test('every number that is scraped has a sentence that says what it means', () => {
  const names = Object.keys(serviceCounts(new Map([['DHCP', stack.dhcp]]), undefined));
  names.push('tftp_active_transfers', 'http_connections', 'http_active_transfers');
  expect(names).toContain('dhcp_cut_total');
  expect(names.filter((name) => (helpOf(name)?.split(' ').length ?? 0) < 4)).toEqual([]);
});

test('addresses and silences are those of the server that runs now', async () => {
  const { pools, silences } = dhcpNumbers(new Map([['DHCP', stack.dhcp]]));
  const left = () => pools().map(({ addresses: { free, offered } }) => ({ free, offered }));
  expect(left()).toEqual([{ free: 200, offered: 0 }]);
  const socket = createUdp('udp4');
  await bindUdp(socket, 0, '127.0.0.1');
  const ask = (mac: string) =>
    socket.send(encodeDhcp(packet('uefi', mac, { giaddr: ip('127.77.0.1'), hops: 1 })), stack.ports.dhcp, '127.0.0.1');
  ask('52:54:00:00:00:99');
  ask(MAC);
  await vi.waitFor(() => expect(left()).toEqual([{ free: 199, offered: 1 }]), { timeout: 20_000 });
  expect(silences()).toEqual([['DHCP', expect.objectContaining({ stranger: 1, gate: 0, pool: 0 })]]);
  await closeUdp(socket);
  expect(dhcpNumbers(new Map()).pools()).toEqual([]);
});
