import { describe, expect, test } from 'vitest';
import type { EventBody } from '../../src/core/event.ts';
import { nodeAtAddress } from '../../src/core/fleet.ts';
import { fleetText, parseFleet } from '../../src/core/fleet-json.ts';
import { countLeases, leasesOfMac } from '../../src/core/lease.ts';
import { apply, at, fleetOf, specOf, type Timed } from './kit.ts';

const base = fleetOf(specOf('node-01'), specOf('node-02'));
const mac = '52:54:00:00:00:01';
type Granting = Extract<EventBody, { readonly type: 'lease.granted' }>;
/** As older versions told it. */
const grant = (address: string): Granting => ({ type: 'lease.granted', mac, address, until: at(900), node: 'node-01' });
const end = (address: string): EventBody => ({ type: 'lease.ended', mac, address, why: 'expired' });
const holder = (address: string, ...events: readonly Timed[]) => nodeAtAddress(apply(base, ...events), address)?.name;

describe('leases of one MAC in two networks', () => {
  const grantIn = (subnet: string, address: string): Granting => ({ ...grant(address), subnet });
  const [first, second] = [grantIn('10.77.1.0/24', '10.77.1.9'), grantIn('10.88.0.0/22', '10.88.2.9')];
  const left = (...events: readonly Timed[]) => leasesOfMac(apply(base, ...events), mac).map((one) => one.address);

  test('stand beside each other, and both addresses are its own', () => {
    const both: readonly Timed[] = [
      [1, first],
      [2, second],
      [3, first],
      [4, second],
    ];
    expect(left(...both)).toEqual(['10.77.1.9', '10.88.2.9']);
    for (const address of ['10.77.1.9', '10.88.2.9']) expect(holder(address, ...both)).toBe('node-01');
    expect(countLeases(apply(base, ...both))).toBe(2);
  });

  test('end where it moves within one of them, and where one is ended by name', () => {
    const moved = grantIn('10.88.0.0/22', '10.88.1.1');
    expect(left([1, first], [2, second], [3, moved])).toEqual(['10.77.1.9', '10.88.1.1']);
    expect(holder('10.88.2.9', [1, first], [2, second], [3, moved])).toBeUndefined();
    expect(left([1, first], [2, second], [3, end('10.77.1.9')])).toEqual(['10.88.2.9']);
    expect(holder('10.77.1.9', [1, first], [2, second], [3, end('10.77.1.9')])).toBeUndefined();
    expect(left([1, first], [2, second], [3, end('10.77.1.9')], [4, end('10.88.2.9')])).toEqual([]);
  });

  test('are one in a journal of an older version, which is kept by the first grant in another network', () => {
    const older: readonly Timed[] = [
      [1, grant('10.88.2.9')],
      [2, grant('10.77.1.9')],
    ];
    expect(left(...older)).toEqual(['10.77.1.9']);
    expect(left(...older, [3, second])).toEqual(['10.77.1.9', '10.88.2.9']);
    expect(left(...older, [3, grantIn('10.77.1.0/24', '10.77.1.10')])).toEqual(['10.77.1.10']);
  });

  test('go through the snapshot, in the form in which older versions wrote the one', () => {
    const fleet = apply(base, [1, first], [2, second]);
    const text = fleetText(fleet);
    expect(JSON.parse(text).leases).toMatchObject([
      [mac, { address: '10.77.1.9' }],
      [mac, { address: '10.88.2.9' }],
    ]);
    const again = parseFleet(JSON.parse(text));
    expect(again.ok && leasesOfMac(again.value, mac)).toEqual(leasesOfMac(fleet, mac));
  });

  test('are all of the machine to which a new inventory gives the MAC', () => {
    const others = [specOf('node-07', { identity: { macs: [mac] }, network: { dns: [], ntp: [] } })];
    const loaded: EventBody = { type: 'inventory.loaded', nodes: others, site: 'lab', hash: 'z', warnings: [] };
    const both: readonly Timed[] = [
      [1, first],
      [2, second],
      [3, loaded],
    ];
    for (const address of ['10.77.1.9', '10.88.2.9']) expect(holder(address, ...both)).toBe('node-07');
  });
});
