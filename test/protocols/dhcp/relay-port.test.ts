import { expect, test } from 'vitest';
import { listRelayPorts } from '../../../src/protocols/dhcp/relay-port.ts';

const raw = new Uint8Array(0);
const text = (value: string) => Buffer.from(value, 'latin1');

test.each([
  ['nothing known', { raw }, []],
  ['a remote alone is no port', { raw, remoteId: text('sw1') }, []],
  ['a named port', { raw, circuitId: text('Eth1/7') }, ['Eth1/7']],
  ['both', { raw, circuitId: text('Eth1/7\0'), remoteId: text('sw1') }, ['sw1/Eth1/7', 'Eth1/7']],
  [
    'numbers',
    { raw, circuitId: Buffer.of(0, 4, 0, 7, 1, 7), remoteId: text('sw1') },
    ['sw1/000400070107', '000400070107'],
  ],
  ['text that paints is hex', { raw, circuitId: text('\u001b[2J') }, ['1b5b324a']],
])('%s', (_name, info, expected) => {
  expect(listRelayPorts(info)).toEqual(expected);
});
