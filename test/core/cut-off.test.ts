import { expect, test } from 'vitest';
import { renderRows, toRow } from '../../src/cli/node-rows.ts';
import { cutOffNow } from '../../src/core/cut-off.ts';
import type { CutOffNet, EventBody } from '../../src/core/event.ts';
import type { Fleet } from '../../src/core/fleet.ts';
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

const [MAC, FAR] = ['52:54:00:00:00:01', '10.77.0.120'];
const node = 'node-01';
const asks: EventBody = {
  type: 'dhcp.firmwareAsked',
  node,
  mac: MAC,
  firmware: 'uefi',
  arch: 7,
  xid: 1,
  secs: 0,
  reason: 'armed',
};
const took = (address: string): EventBody => ({
  type: 'dhcp.firmwareTook',
  node,
  mac: MAC,
  address,
  firmware: 'uefi',
  via: 'dhcp',
});
const fetches: EventBody = { type: 'image.requested', node, image: 'kernel', totalBytes: 1000 };
const boot = (address: string): readonly EventBody[] => [
  asks,
  took(address),
  { type: 'dhcp.ipxeAsked', node, mac: MAC, address, xid: 2 },
  { type: 'http.scriptAsked', node, answer: 'install', reason: 'armed', mac: MAC, address, hardware: {} },
  fetches,
];
/** Each second one more. */
const goingOn = (start: Fleet, from: number, ...more: readonly EventBody[]): Fleet =>
  apply(start, ...more.map((body, index) => [from + index, body] as const));
const startOf = (ip?: string): Fleet => goingOn(fleetOf(at78(ip)), 0, armed('install'), stored());
const cutAt = (fleet: Fleet, second: number): Fleet => apply(fleet, [second, dhcp([{ ...CUT, since: at(second) }])]);
const shownBy = (fleet: Fleet) => [stateOf(fleet).phase.is, cutOffNow(fleet, stateOf(fleet))?.subnet];

test('while it boots, where it is now counts, and not its ip', () => {
  for (let steps = 2; steps <= 5; steps += 1) {
    const phase = ['requesting', 'ipxe', 'script', 'kernel'][steps - 2];
    const far = cutAt(goingOn(startOf('10.78.0.9'), 1, ...boot(FAR).slice(0, steps)), 9);
    expect(shownBy(far)).toEqual([phase, undefined]);
    const near = cutAt(goingOn(startOf('10.77.0.9'), 1, ...boot('10.78.0.120').slice(0, steps)), 9);
    expect(shownBy(near)).toEqual([phase, '10.78.0.0/24']);
  }
});

test('firmware that asks has no address yet, but is heard', () => {
  const fleet = cutAt(goingOn(startOf('10.78.0.9'), 1, asks), 9);
  expect(shownBy(fleet)).toEqual(['firmware', '10.78.0.0/24']);
  expect(shownBy(apply(fleet, [12, asks]))).toEqual(['firmware', undefined]);
});

test('what goes on since is not cut off; that a transfer was given up is no sign of that', () => {
  const fleet = cutAt(goingOn(startOf(), 1, ...boot('10.78.0.120')), 9);
  const gaveUp: EventBody = { type: 'image.aborted', node, image: 'kernel', sentBytes: 10, reason: 'silent for 60 s' };
  expect(shownBy(apply(fleet, [70, gaveUp]))).toEqual(['kernel', '10.78.0.0/24']);
  const moves: EventBody = {
    type: 'image.progressed',
    node,
    image: 'kernel',
    sentBytes: 500,
    totalBytes: 1000,
    bytesPerSecond: 9,
  };
  expect(shownBy(apply(fleet, [12, moves]))).toEqual(['kernel', undefined]);
});

test('before its boot, one that was heard in another network since is not waiting for that of its ip', () => {
  const there: EventBody = { type: 'dhcp.osAsked', node, mac: MAC, address: FAR };
  const fleet = cutAt(goingOn(startOf('10.78.0.9'), 1, there), 9);
  expect(shownBy(fleet)).toEqual(['armed', '10.78.0.0/24']);
  expect(shownBy(apply(fleet, [12, there]))).toEqual(['armed', undefined]);
  // Past its link, by another road: its boot will not come that way.
  expect(shownBy(apply(fleet, [12, { ...there, address: '10.78.0.9' }]))).toEqual(['armed', '10.78.0.0/24']);
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
