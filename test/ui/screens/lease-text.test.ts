import { expect, test } from 'vitest';
import type { EventBody } from '../../../src/core/event.ts';
import { leaseText } from '../../../src/ui/screens/fact-lines.ts';
import { apply, at, fleetOf, specOf, stateOf } from '../../core/kit.ts';

test('behind the address of another DHCP server stands no lease of ours', () => {
  const node = 'node-01';
  const mac = '52:54:00:00:00:01';
  const lease: EventBody = { type: 'lease.granted', node, mac, address: '10.77.0.1', until: at(600) };
  const away: EventBody = {
    type: 'dhcp.rivalAnswered',
    node,
    server: '10.9.9.9',
    ack: false,
    took: true,
    address: '10.9.9.50',
    file: 'none',
  };
  const ours = apply(fleetOf(specOf(node)), [0, lease]);
  expect(leaseText(ours, stateOf(ours), at(0))).toMatch(/^, lease for /);
  const theirs = apply(ours, [1, away]);
  expect(leaseText(theirs, stateOf(theirs), at(1))).toBe(', by another DHCP server');
});
