import { describe, expect, test } from 'vitest';
import type { EventBody } from '../../src/core/event.ts';
import { nodeAtAddress, STRANGERS_KEPT } from '../../src/core/fleet.ts';
import { getIn, valuesOf } from '../../src/core/shard-map.ts';
import { ACTOR, apply, at, fleetOf, specOf, stateOf, type Timed } from './kit.ts';

const base = fleetOf(specOf('node-01'), specOf('node-02'));
const macAt = (index: number) =>
  `02:00:00:${[16, 8, 0].map((bits) => ((index >> bits) & 255).toString(16).padStart(2, '0')).join(':')}`;

describe('strangers', () => {
  const seen = (index: number): EventBody => ({ type: 'stranger.seen', mac: macAt(index), asked: 'firmware' });

  test('are counted and remembered with what they said first and last', () => {
    const fleet = apply(base, [1, { ...seen(1), vendorClass: 'PXEClient' } as EventBody], [9, seen(1)]);
    expect(getIn(fleet.strangers, macAt(1))).toMatchObject({
      asks: 2,
      firstAt: at(1),
      lastAt: at(9),
      vendorClass: 'PXEClient',
    });
  });

  test('that had a boot script are remembered as such when they ask as firmware again', () => {
    const script: EventBody = { type: 'stranger.seen', mac: macAt(1), asked: 'script' };
    expect(getIn(apply(base, [1, seen(1)]).strangers, macAt(1))?.scripted).toBeUndefined();
    const fleet = apply(base, [1, script], [9, seen(1)]);
    expect(getIn(fleet.strangers, macAt(1))).toMatchObject({ asked: 'firmware', scripted: true });
  });

  test('are bounded: the one that was silent longest makes room', () => {
    let fleet = base;
    for (let index = 0; index < STRANGERS_KEPT + 50; index += 1) fleet = apply(fleet, [index, seen(index)]);
    expect(fleet.strangers.size).toBe(STRANGERS_KEPT);
    expect(getIn(fleet.strangers, macAt(49))).toBeUndefined();
    expect(getIn(fleet.strangers, macAt(50))).toBeDefined();
  });

  test('are none any more once the inventory names their MAC, also when a server was slow to hear of it', () => {
    const { identity } = specOf('node-03');
    const named = specOf('node-03', { identity: { ...identity, macs: [macAt(1)] } });
    const known = apply(base, [1, seen(1)], [2, seen(2)]);
    const nodes = [named];
    const loaded = apply(
      known,
      [3, { type: 'inventory.loaded', nodes, site: 'lab', hash: 'x', warnings: [] }],
      [4, seen(1)],
    );
    expect([...valuesOf(loaded.strangers)].map(({ mac }) => mac)).toEqual([macAt(2)]);
  });

  test('stay ignored when they ask again', () => {
    const ignore: EventBody = { type: 'site.strangerIgnored', mac: macAt(1), ignored: true, by: ACTOR };
    expect(getIn(apply(base, [1, seen(1)], [2, ignore], [3, seen(1)]).strangers, macAt(1))?.ignored).toBe(true);
  });
});

const TOOK = { type: 'dhcp.firmwareTook', firmware: 'uefi', via: 'dhcp' } as const;

describe('leases', () => {
  const grant = (address: string, node?: string, mac = '52:54:00:00:00:01'): EventBody => ({
    type: 'lease.granted',
    mac,
    address,
    until: at(900),
    ...(node === undefined ? {} : { node }),
  });
  const end = (address: string, mac = '52:54:00:00:00:01'): EventBody => ({
    type: 'lease.ended',
    mac,
    address,
    why: 'expired',
  });
  const holder = (address: string, ...events: readonly Timed[]) => nodeAtAddress(apply(base, ...events), address)?.name;

  test('say who is at an address', () => {
    expect(holder('10.77.1.9', [1, grant('10.77.1.9', 'node-01')])).toBe('node-01');
    expect(holder('10.77.1.9', [1, grant('10.77.1.9', 'node-01')], [2, grant('10.77.1.8', 'node-01')])).toBeUndefined();
    expect(holder('10.77.1.9', [1, grant('10.77.1.9', 'node-01')], [2, end('10.77.1.9')])).toBeUndefined();
  });

  const mac = '52:54:00:00:00:01';
  type Taking = Extract<EventBody, { readonly type: 'dhcp.firmwareTook' | 'dhcp.ipxeAsked' | 'dhcp.osAsked' }>;
  const took: readonly [string, Taking & { readonly address: string }][] = [
    ['firmware', { ...TOOK, node: 'node-01', mac, address: '10.77.1.9', hostName: 'h' }],
    ['iPXE', { type: 'dhcp.ipxeAsked', node: 'node-01', mac, address: '10.77.1.9', xid: 7, hostName: 'h' }],
    ['a system', { type: 'dhcp.osAsked', node: 'node-01', mac, address: '10.77.1.9', hostName: 'h' }],
  ];
  for (const [who, event] of took) {
    test(`are granted by what ${who} proves when it takes one, as if each had been told alone`, () => {
      const until = at(900);
      const alone: EventBody = {
        type: 'lease.granted',
        node: 'node-01',
        mac,
        address: event.address,
        until,
        hostName: 'h',
      };
      const before: Timed[] = [[1, grant('10.77.1.8', 'node-01')]];
      expect(apply(base, ...before, [2, { ...event, leasedUntil: until }])).toEqual(
        apply(base, ...before, [2, alone], [2, event]),
      );
    });
  }

  test('the inventory says it where no lease does, and again after a lease', () => {
    expect(holder('10.77.0.2')).toBe('node-02');
    expect(
      holder(
        '10.77.0.2',
        [1, grant('10.77.0.2', 'node-02', '52:54:00:00:00:02')],
        [2, end('10.77.0.2', '52:54:00:00:00:02')],
      ),
    ).toBe('node-02');
  });

  test('an address that a stranger leased is no machine of the inventory', () => {
    expect(holder('10.77.0.2', [1, grant('10.77.0.2', undefined, macAt(7))])).toBeUndefined();
    expect(holder('10.77.0.2', [1, grant('10.77.0.2', undefined, macAt(7))], [2, end('10.77.0.2', macAt(7))])).toBe(
      'node-02',
    );
  });

  test('the end of an old lease does not take the address of the new holder', () => {
    expect(
      holder(
        '10.77.1.9',
        [1, grant('10.77.1.9', 'node-01')],
        [2, grant('10.77.1.9', 'node-02', '52:54:00:00:00:02')],
        [3, end('10.77.1.9')],
      ),
    ).toBe('node-02');
  });

  test('outlive a reload of the inventory', () => {
    const loaded: EventBody = {
      type: 'inventory.loaded',
      nodes: [specOf('node-01')],
      site: 'lab',
      hash: 'x',
      warnings: [],
    };
    expect(holder('10.77.1.9', [1, grant('10.77.1.9', 'node-01')], [2, loaded])).toBe('node-01');
  });
});

test('rivals are bounded, and counted', () => {
  let fleet = base;
  for (let index = 0; index < 100; index += 1) {
    const rival: EventBody = {
      type: 'rival.heard',
      server: `10.9.0.${index}`,
      mac: macAt(1),
      offers: 'an address',
      iface: 'eth1',
    };
    fleet = apply(fleet, [index, rival], [index, rival]);
  }
  expect(Object.keys(fleet.rivals)).toHaveLength(64);
  expect(fleet.rivals['10.9.0.99']?.count).toBe(2);
});

test('switches close by themselves', () => {
  const by = ACTOR;
  const open = apply(
    base,
    [1, { type: 'site.discoverySwitched', until: at(60), by }],
    [1, { type: 'site.glassBroken', reason: 'r', until: at(90), by }],
    [2, { type: 'site.panicSwitched', on: true, by }],
  );
  expect(Object.keys(apply(open, [59, { type: 'clock.ticked' }]).switches).sort()).toEqual([
    'discoveryUntil',
    'glass',
    'panic',
  ]);
  expect(Object.keys(apply(open, [60, { type: 'clock.ticked' }]).switches).sort()).toEqual(['glass', 'panic']);
  expect(Object.keys(apply(open, [91, { type: 'clock.ticked' }]).switches)).toEqual(['panic']);
});

test('a machine that names a new model at every boot does not fill the memory', () => {
  let fleet = base;
  for (let index = 0; index < 400; index += 1) {
    const hardware = { product: `model ${index}` };
    fleet = apply(
      fleet,
      [
        index,
        { type: 'http.scriptAsked', node: 'node-01', address: '10.77.0.1', answer: 'local', reason: '', hardware },
      ],
      [index, { type: 'loader.sent', node: 'node-01', file: 'ipxe.efi', totalBytes: 1 }],
    );
  }
  expect(Object.keys(fleet.modelVariants)).toHaveLength(256);
  expect(stateOf(fleet).evidence.length).toBeLessThanOrEqual(48);
});
