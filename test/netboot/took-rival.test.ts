import { expect, test } from 'vitest';
import type { EventBody } from '../../src/core/event.ts';
import { nodeSpec } from './boot-fixture.ts';
import { type ClientKind, ip } from './client-packets.ts';
import { createDhcpBench, localSubnet } from './dhcp-bench.ts';

const MAC = '52:54:00:00:00:01';
const STRANGER = '52:54:00:00:00:99';
const server = '10.9.0.2';
const RIVAL = { type: 'dhcp.rivalAnswered', node: 'n1', server, ack: false } as const;
const WHERE = { address: '10.9.0.150' };
const NAMED = { type: 'rival.heard', server, mac: '', offers: '', iface: 'eth1', namedBy: 'n1' };
const takes = { messageType: 'request', serverId: ip(server), requestedAddress: ip('10.9.0.150') } as const;

test.each<readonly [string, ClientKind, 'authoritative' | 'proxy', readonly object[]]>([
  [
    'firmware that takes it says so of itself, and names the server',
    'uefi',
    'authoritative',
    [{ ...RIVAL, ...WHERE, took: true, file: 'unheard' }, NAMED],
  ],
  ['a system may renew with whom it likes', 'os', 'authoritative', [{ ...RIVAL, ...WHERE }, NAMED]],
  ['in proxy mode it is whom addresses come from', 'uefi', 'proxy', [{ type: 'dhcp.firmwareTook', via: 'proxy' }]],
])('a REQUEST for the offer of another server: %s', (_, kind, dhcp, expected) => {
  const on = createDhcpBench([nodeSpec('n1', MAC)], [localSubnet({ dhcp })]);
  const { events, reply } = on.ask(kind, MAC, {}, takes);
  expect(reply).toBeUndefined();
  expect(events).toMatchObject(expected);
  expect(events.map((event) => 'took' in event)).toEqual(expected.map((event) => 'took' in event));
});

test('a REQUEST for the offer of the first server says so, and lists no rival', () => {
  const on = createDhcpBench([nodeSpec('n1', MAC)], [localSubnet({ answerAfterSeconds: 8 })]);
  const first = { first: true };
  expect(on.ask('uefi', MAC, {}, takes).events).toEqual([
    { ...RIVAL, ...WHERE, took: true, file: 'unheard', ...first },
  ]);
  expect(on.ask('os', MAC, {}, takes).events).toEqual([{ ...RIVAL, ...WHERE, ...first }]);
  expect(on.ask('bios', STRANGER, {}, takes).events).toEqual([]);
});

test.each<readonly [string, EventBody | undefined, object]>([
  ['nothing of it was heard', undefined, { file: 'unheard' }],
  ['it was heard to name none', RIVAL, { file: 'none' }],
  ['it was heard to name one', { ...RIVAL, bootFile: 'pxelinux.0' }, { bootFile: 'pxelinux.0' }],
  ['only its NAK was heard', { ...RIVAL, refused: true }, { file: 'unheard' }],
  ['another one was heard', { ...RIVAL, server: '10.9.0.3' }, { file: 'unheard' }],
])('the boot file of the offer that it takes: %s', (_, heard, expected) => {
  const on = createDhcpBench([nodeSpec('n1', MAC)]);
  if (heard !== undefined) on.engine.emit(heard);
  const [event] = on.ask('bios', MAC, {}, takes).events;
  expect(event).toEqual({ ...RIVAL, ...WHERE, took: true, ...expected });
});

test('a stranger names the server as well; an address of our own is no rival', () => {
  const on = createDhcpBench([nodeSpec('n1', MAC)]);
  expect(on.ask('bios', STRANGER, {}, takes).events).toEqual([{ ...NAMED, namedBy: STRANGER }]);
  const two = [
    localSubnet(),
    localSubnet({ address: '10.9.1.1', subnet: '10.9.1.0/24', pool: { from: '10.9.1.100', to: '10.9.1.199' } }),
  ];
  const ours = createDhcpBench([nodeSpec('n1', MAC)], two);
  expect(ours.ask('bios', MAC, {}, { ...takes, serverId: ip('10.9.1.1') }).events).toEqual([]);
});
