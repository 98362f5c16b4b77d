import { expect, test } from 'vitest';
import { nodeSpec } from './boot-fixture.ts';
import { type ClientKind, ip } from './client-packets.ts';
import { createDhcpBench, localSubnet } from './dhcp-bench.ts';

const MAC = '52:54:00:00:00:01';
const RIVAL = { type: 'dhcp.rivalAnswered', node: 'n1', server: '10.9.0.2', ack: false };

test.each<readonly [string, ClientKind, 'authoritative' | 'proxy', readonly object[]]>([
  ['firmware that takes it says so of itself', 'uefi', 'authoritative', [{ ...RIVAL, took: true }]],
  ['a system may renew with whom it likes', 'os', 'authoritative', [RIVAL]],
  ['in proxy mode it is whom addresses come from', 'uefi', 'proxy', [{ type: 'dhcp.firmwareTook', via: 'proxy' }]],
])('a REQUEST for the offer of another server: %s', (_, kind, dhcp, expected) => {
  const on = createDhcpBench([nodeSpec('n1', MAC)], [localSubnet({ dhcp })]);
  const takes = { messageType: 'request', serverId: ip('10.9.0.2'), requestedAddress: ip('10.9.0.150') } as const;
  const { events, reply } = on.ask(kind, MAC, {}, takes);
  expect(reply).toBeUndefined();
  expect(events).toMatchObject(expected);
  expect(events.map((event) => 'took' in event)).toEqual(expected.map((event) => 'took' in event));
});
