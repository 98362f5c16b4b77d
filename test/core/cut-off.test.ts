import { expect, test } from 'vitest';
import { renderRows, toRow } from '../../src/cli/node-rows.ts';
import { cutOffNow } from '../../src/core/cut-off.ts';
import type { CutOffNet, EventBody } from '../../src/core/event.ts';
import type { NodeSpec } from '../../src/core/spec.ts';
import { apply, armed, at, fleetOf, specOf, stateOf, stored, withoutBmc } from './kit.ts';

const CUT: CutOffNet = { subnet: '10.78.0.0/24', why: 'eth2 has no link (is the cable in?)', since: at(3) };
const dhcp = (cutOff: readonly CutOffNet[]): EventBody => ({
  type: 'service.changed',
  service: 'DHCP',
  state: { is: 'ok', listens: '10.78.0.1:67', cutOff },
});
const at78 = (ip?: string): NodeSpec =>
  withoutBmc(specOf('node-01', { network: { ...(ip === undefined ? {} : { ip }), dns: [], ntp: [] } }));

function fleetWith(spec: NodeSpec, cutOff: readonly CutOffNet[], ...more: readonly EventBody[]) {
  const events = [armed('install'), stored(), ...more, dhcp(cutOff)];
  return apply(fleetOf(spec), ...events.map((body) => [1, body] as const));
}

test.each<readonly [string, string | undefined, readonly CutOffNet[], CutOffNet | undefined]>([
  ['of the network of its ip', '10.78.0.9', [CUT], CUT],
  ['of another one', '10.77.0.9', [CUT], undefined],
  ['of no network that is known', undefined, [CUT], undefined],
  ['of no network that is known, and none is reached', undefined, [{ ...CUT, isAll: true }], { ...CUT, isAll: true }],
  ['of its network, with nothing wrong there', '10.78.0.9', [], undefined],
])('an armed machine %s', (_, ip, cutOff, told) => {
  const fleet = fleetWith(at78(ip), cutOff);
  expect(cutOffNow(fleet, stateOf(fleet))).toEqual(told);
});

test('where it was last counts as its network', () => {
  const here: EventBody = { type: 'dhcp.osAsked', node: 'node-01', mac: '52:54:00:00:00:01', address: '10.78.0.120' };
  const fleet = fleetWith(at78(), [CUT], here);
  expect(cutOffNow(fleet, stateOf(fleet))).toEqual(CUT);
});

test('one that is not armed has no use for it', () => {
  const fleet = apply(fleetOf(at78('10.78.0.9')), [1, dhcp([CUT])]);
  expect(cutOffNow(fleet, stateOf(fleet))).toBeUndefined();
});

test('its row says it, in place of what a person could do at the machine in vain', () => {
  const row = (cutOff: readonly CutOffNet[]): string => {
    const fleet = fleetWith(at78('10.78.0.9'), cutOff);
    return renderRows([toRow(stateOf(fleet), { fleet, nowMs: at(5) })]);
  };
  expect(row([])).toContain('F12 for network');
  expect(row([CUT])).not.toContain('F12 for network');
  expect(row([CUT])).toContain("waits for this host's network 10.78.0.0/24: eth2 has no link (is the cable in?), 2 s");
});
