import { describe, expect, test } from 'vitest';
import { toRow } from '../../src/cli/node-rows.ts';
import { siteLines } from '../../src/cli/site-lines.ts';
import { adviceOf, causeOf } from '../../src/core/cause.ts';
import type { EventBody } from '../../src/core/event.ts';
import { freshRivals } from '../../src/core/rivals.ts';
import { bodiesOf } from './bodies.ts';
import { apply, armed, at, fleetOf, specOf, stateOf, stored, type Timed } from './kit.ts';

const node = 'node-01';
const server = '10.9.9.9';
const e = bodiesOf(node);
const job: readonly Timed[] = [
  [0, armed('install')],
  [0, stored()],
];
const answered = (more: object = {}): EventBody => ({ type: 'dhcp.rivalAnswered', node, server, ack: false, ...more });
const nak = answered({ refused: true });
const took = (more: object) => answered({ took: true, address: '10.9.9.50', ...more });
const stateAfter = (...events: readonly Timed[]) => stateOf(apply(fleetOf(specOf(node)), ...job, ...events));
const healthAfter = (...events: readonly Timed[]) => {
  const { health } = stateAfter(...events);
  return 'code' in health ? [health.is, health.code, 'detail' in health ? health.detail : ''] : [health.is];
};

describe('a rival that refuses what we gave', () => {
  const GAVE = ['stalled', 'RIVAL_NAK', `${server} refuses (NAK) the address that we gave it, 10.77.0.1`];
  const ASKS = ['stalled', 'RIVAL_NAK', `${server} refuses (NAK) the address that it asks for`];
  const ipxe: EventBody = { type: 'dhcp.ipxeAsked', node, mac: '52:54:00:00:00:01', address: '10.77.0.1', xid: 5 };
  const os: EventBody = { type: 'dhcp.osAsked', node, mac: '52:54:00:00:00:01', address: '10.77.0.1' };

  test.each<readonly [string, readonly Timed[], readonly string[]]>([
    [
      'beside our ACK, at once',
      [
        [10, e.discover(1)],
        [11, e.took()],
        [11, nak],
      ],
      GAVE,
    ],
    [
      'heard before that was told',
      [
        [10, e.discover(1)],
        [11, nak],
        [12, e.took()],
      ],
      GAVE,
    ],
    [
      'of something long before it: what it has now is good',
      [
        [10, e.discover(1)],
        [11, nak],
        [14, e.took()],
      ],
      ['ok'],
    ],
    [
      'of something that we did not give',
      [
        [10, e.discover(1)],
        [11, nak],
      ],
      ASKS,
    ],
    [
      'in iPXE',
      [
        [10, ipxe],
        [11, nak],
      ],
      ['stalled', 'RIVAL_NAK', `${ASKS[2]}, 10.77.0.1`],
    ],
    [
      'where its loader is asked for all the same',
      [
        [10, e.discover(1)],
        [11, e.took()],
        [11, nak],
        [12, e.loader()],
      ],
      ['ok'],
    ],
    [
      'of a loader that is on its way: nothing',
      [
        [10, e.discover(1)],
        [11, e.took()],
        [12, e.loader()],
        [13, nak],
      ],
      ['ok'],
    ],
    [
      'of the system that we sent',
      [
        [10, e.discover(1)],
        [12, e.initrd()],
        [12, e.beacon()],
        [13, os],
        [14, nak],
      ],
      ['stalled', 'RIVAL_NAK', `${ASKS[2]}, 10.77.0.1`],
    ],
  ])('is named: %s', (_, events, expected) => {
    expect(healthAfter(...events)).toEqual(expected);
  });

  test('keeps the offer as it was, however often', () => {
    const rounds = [10, 16, 22, 28, 34].flatMap((from): readonly Timed[] => [
      [from, e.discover(from)],
      [from + 1, e.took()],
      [from + 1, nak],
    ]);
    const ticks = [41, 50, 60, 90].map((seconds): Timed => [seconds, e.tick()]);
    const { offerVariant, health } = stateAfter(...rounds, ...ticks);
    expect({ offerVariant, health }).toMatchObject({ offerVariant: 0, health: { code: 'RIVAL_NAK' } });
  });

  test('is told with its cause and its way out', () => {
    expect(causeOf('RIVAL_NAK')).toContain('refuses (NAK) the address');
    expect(adviceOf('RIVAL_NAK')).toContain('Switch that server off on this wire');
  });
});

describe('a rival whose address it took, by what is known of its boot file', () => {
  const TOOK = `it took the offer of ${server}`;
  const begins: Timed = [10, e.discover(1)];
  test.each<readonly [string, readonly Timed[], readonly string[]]>([
    ['it names one', [[11, took({ bootFile: 'x.0' })]], ['stalled', 'RIVAL_PXE', `${TOOK}, with boot file x.0`]],
    ['it names none', [[11, took({ file: 'none' })]], ['stalled', 'RIVAL_DHCP', `${TOOK}, which names no boot file`]],
    [
      'nobody heard',
      [[11, took({ file: 'unheard' })]],
      ['stalled', 'RIVAL_DHCP', `${TOOK}; whether that names a boot file was not heard`],
    ],
    [
      'its offer is heard later, and names none',
      [
        [11, took({ file: 'unheard' })],
        [12, answered()],
      ],
      ['stalled', 'RIVAL_DHCP', `${TOOK}, which names no boot file`],
    ],
    [
      'that of another server is heard later, and says nothing of it',
      [
        [11, took({ file: 'unheard' })],
        [12, answered({ server: '10.9.9.8' })],
      ],
      ['stalled', 'RIVAL_DHCP', `${TOOK}; whether that names a boot file was not heard`],
    ],
    [
      'its offer is heard later, and names one',
      [
        [11, took({ file: 'unheard' })],
        [12, answered({ bootFile: 'x.0' })],
      ],
      ['stalled', 'RIVAL_PXE', `${server} offered boot file x.0`],
    ],
    ['a journal of an older version does not say', [[11, e.tookRival()]], ['stalled', 'RIVAL_PXE', TOOK]],
  ])('%s', (_, events, expected) => {
    expect(healthAfter(begins, ...events)).toEqual(expected);
  });

  test('in iPXE it is named too, as far as this version said it', () => {
    const ipxe: Timed = [10, { type: 'dhcp.ipxeAsked', node, mac: '52:54:00:00:00:01', xid: 5 }];
    expect(healthAfter(ipxe, [11, took({ file: 'none' })])[1]).toBe('RIVAL_DHCP');
    expect(healthAfter(ipxe, [11, e.tookRival()])).toEqual(['ok']);
  });

  test('it is shown where it is, and nothing is sent there', () => {
    const elsewhere = stateAfter([5, e.took()], begins, [11, took({ file: 'none' })]);
    expect(toRow(elsewhere, { fleet: fleetOf(), nowMs: at(12) }).address).toBe('10.9.9.50');
    expect(elsewhere.seen.address).toBe('10.77.0.1');
    const lease: EventBody = {
      type: 'dhcp.firmwareTook',
      node,
      mac: '52:54:00:00:00:01',
      address: '10.77.0.1',
      firmware: 'uefi',
      via: 'dhcp',
      leasedUntil: at(600),
    };
    const back = stateAfter([5, e.took()], begins, [11, took({ file: 'none' })], [20, e.discover(2)], [21, lease]);
    expect(toRow(back, { fleet: fleetOf(), nowMs: at(22) }).address).toBe('10.77.0.1');
  });

  test('of what other servers answered it a few are remembered, with what each named', () => {
    const many = Array.from({ length: 9 }, (_, index): Timed => [11, answered({ server: `10.9.9.${index}` })]);
    const { rivals = [] } = stateAfter(
      begins,
      ...many,
      [12, answered({ server: '10.9.9.8', bootFile: 'x.0' })],
      [13, nak],
    ).seen;
    expect(rivals.map((one) => one.server)).toEqual(['10.9.9.6', '10.9.9.7', '10.9.9.8', server]);
    expect(rivals[2]).toEqual({ server: '10.9.9.8', at: at(12), bootFile: 'x.0' });
    expect(rivals[3]).toEqual({ server, at: 0, refusedAt: at(13) });
  });
});

describe('the first server here, to which we leave who asks for a while', () => {
  const LACKS = { lacks: { of: 'turn', why: 'it has asked for 4 s' } } as const;
  const asks = (seconds: number): Timed => [seconds, { ...e.discover(1), ...LACKS } as EventBody];
  const ipxe: Timed = [10, { type: 'dhcp.ipxeAsked', node, mac: '52:54:00:00:00:01', xid: 5, ...LACKS }];
  const firstTook = took({ bootFile: 'x.0', first: true });
  const firstAcks = answered({ ack: true, bootFile: 'x.0', first: true });
  const later = [60, 120, 600].map((seconds): Timed => [seconds, e.tick()]);
  const unarmed = (...events: readonly Timed[]) => {
    const { health } = stateOf(apply(fleetOf(specOf(node)), ...events, ...later));
    return 'code' in health ? health.code : health.is;
  };

  test.each<readonly [string, readonly Timed[]]>([
    ['it says so itself', [asks(10), [11, firstTook]]],
    ['its answer was heard', [asks(10), [11, firstAcks]]],
    ['it asked often before', [asks(10), asks(12), asks(14), [15, firstTook]]],
    ['that one names no boot file', [asks(10), [11, took({ file: 'none', first: true })]]],
    ['it is in iPXE', [ipxe, [11, firstTook]]],
    ['it is stalled already', [asks(10), asks(12), asks(14), [59, e.tick()], [60, firstTook]]],
    [
      'it came with our answer',
      [
        [10, e.discover(1)],
        [11, e.discover(1)],
        [12, e.discover(1)],
        [13, firstTook],
      ],
    ],
  ])('is no fault of a machine that takes what that one gives, where no job waits for it: %s', (_, events) => {
    expect(unarmed(...events)).toBe('ok');
  });

  test.each<readonly [string, readonly Timed[]]>([
    ['it says so itself', [asks(10), [11, firstTook]]],
    ['its answer was heard', [asks(10), [11, firstAcks]]],
    ['it is in iPXE', [ipxe, [11, firstTook]]],
  ])('keeps an armed one from its job: %s', (_, events) => {
    expect(healthAfter(...events).slice(0, 2)).toEqual(['stalled', 'FIRST_SERVER']);
    expect(healthAfter(...events)[2]).toMatch(/^the first server answered it: .*boot file x\.0$/);
    expect(adviceOf('FIRST_SERVER')).toContain('Lower `answerAfter:`');
  });

  test('has given it what it lacked', () => {
    const { phase } = stateOf(apply(fleetOf(specOf(node)), asks(10), [11, firstTook]));
    expect(phase).toMatchObject({ is: 'firmware', first: true });
    expect(phase).not.toHaveProperty('lacks');
  });

  test('has answered once: who asks on is waited for as before, and so is who was only offered something', () => {
    const again = [asks(61), asks(63), asks(65)];
    expect(unarmed(asks(10), [11, firstTook], ...again, [110, e.tick()])).toBe('SECOND_SERVER');
    const offers = answered({ bootFile: 'x.0', first: true });
    expect(unarmed(asks(10), asks(12), asks(14), [15, offers])).toBe('SECOND_SERVER');
    expect(healthAfter(asks(10), [11, offers])).toEqual(['ok']);
    expect(healthAfter(asks(10), [11, firstTook], [40, e.discover(2)])).toEqual(['ok']);
  });
});

describe('the list of other DHCP servers', () => {
  const heard = (more: object = {}): EventBody => ({
    type: 'rival.heard',
    server,
    mac: '',
    offers: '',
    iface: 'eth1',
    ...more,
  });
  const offer = heard({ offers: '10.9.9.50', bootFile: 'x.0', mac: '52:54:00:0a:00:42' });
  const lines = (nowSeconds: number, ...events: readonly Timed[]) =>
    siteLines(apply(fleetOf(), ...events), at(nowSeconds));
  const named = heard({ namedBy: node });

  test.each<readonly [string, readonly Timed[], string]>([
    [
      'its boot file and its age',
      [[1, offer]],
      'eth1 (52:54:00:0a:00:42) offers 10.9.9.50, boot file x.0, last heard of 4 s ago',
    ],
    ['that it refuses', [[1, heard({ refuses: true })]], 'eth1 refuses (NAK) what we give, last heard of 4 s ago'],
    [
      'both: a NAK takes back nothing of what it offers',
      [
        [0, offer],
        [1, heard({ refuses: true })],
      ],
      'eth1 (52:54:00:0a:00:42) refuses (NAK) what we give and offers 10.9.9.50, boot file x.0, last heard of 4 s ago',
    ],
    [
      'who named it, where nothing of it was heard',
      [[1, named]],
      'eth1 is named by the REQUEST of node-01; what it offers was not heard, last heard of 4 s ago',
    ],
    [
      'what was heard, once it was',
      [
        [0, named],
        [1, offer],
      ],
      'eth1 (52:54:00:0a:00:42) offers 10.9.9.50, boot file x.0, last heard of 4 s ago',
    ],
    [
      'and a REQUEST takes that back no more',
      [
        [0, offer],
        [1, named],
      ],
      'eth1 (52:54:00:0a:00:42) offers 10.9.9.50, boot file x.0, last heard of 4 s ago',
    ],
    [
      'that it refused, no longer than it is of late',
      [
        [-700, heard({ refuses: true })],
        [1, offer],
      ],
      'eth1 (52:54:00:0a:00:42) offers 10.9.9.50, boot file x.0, last heard of 4 s ago',
    ],
  ])('tells %s', (_, events, expected) => {
    expect(lines(5, ...events)).toEqual([`another DHCP server: ${server} on ${expected}`]);
  });

  test('heads the status no more once nothing was heard of it for ten minutes', () => {
    expect(lines(600, [1, offer])).toHaveLength(1);
    expect(lines(601, [1, offer])).toEqual([]);
  });

  const KEPT = 64;
  type Told = (index: number) => object;
  const of = (net: number, index: number) => `10.8.${net}.${index}`;
  const many = (net: number, from: number, more: Told, count = KEPT): readonly Timed[] =>
    Array.from({ length: count }, (_, index) => [from + index / 10, heard({ server: of(net, index), ...more(index) })]);
  const isNamed: Told = () => ({ namedBy: node });
  const isHeard: Told = () => ({ offers: '10.9.9.50' });
  const isFar: Told = () => ({ offers: '10.9.9.50', isFar: true });
  const NAMED = { namedBy: node };
  const listed = (...events: readonly Timed[]) => Object.keys(apply(fleetOf(), ...events).rivals);

  test.each<readonly [string, readonly Timed[], string]>([
    ['those only named, for one that was heard', [...many(0, 0, isNamed), [90, offer]], of(0, 0)],
    ['those of which came what anybody can send', [...many(0, 0, isFar), [90, offer]], of(0, 0)],
    ['those of which came what anybody can send, for one only named', [...many(0, 0, isFar), [90, named]], of(0, 0)],
    ['those that were heard, for one that is heard', [...many(0, 0, isHeard), [90, offer]], of(0, 0)],
    ['those that were heard, for one from which a machine takes', [...many(0, 0, isHeard), [90, named]], of(0, 0)],
    [
      'those that were heard, for another host at our address',
      [...many(0, 0, isHeard), [90, heard({ isTwin: true })]],
      of(0, 0),
    ],
    [
      'the one heard of longest ago',
      [...many(0, 0, isHeard), [80, heard({ server: of(0, 0) })], [90, offer]],
      of(0, 1),
    ],
    [
      'those from which no machine took anything',
      [...many(0, 0, isHeard), [80, heard({ server: of(0, 1), ...NAMED })], ...many(1, 90, isHeard, 63)],
      of(0, 63),
    ],
    [
      'those no longer of late, whatever they were',
      [
        ...many(0, 0, isHeard),
        [10, heard({ server: of(0, 0), ...NAMED })],
        ...many(0, 20, isHeard).slice(1),
        [611, heard(isFar(0))],
      ],
      of(0, 0),
    ],
  ])('makes room among 64: %s', (_, events, gone) => {
    const last = events.at(-1)?.[1];
    const kept = listed(...events);
    expect(kept).toHaveLength(KEPT);
    expect(kept).not.toContain(gone);
    expect(kept).toContain(last !== undefined && 'server' in last ? last.server : '');
  });

  test('keeps one from which a machine takes among any number that only speak', () => {
    const flood = Array.from({ length: 5 }, (_, net) => many(net + 1, 10 + net, isHeard)).flat();
    expect(listed([0, offer], [1, named], ...flood)).toContain(server);
    expect(listed([0, offer], ...flood)).not.toContain(server);
  });

  test('lists none that says less than each of the others', () => {
    const taken = [...many(0, 0, isHeard), ...many(0, 10, isNamed)];
    expect(listed(...taken, [30, offer])).not.toContain(server);
    expect(listed(...many(0, 0, isHeard), [30, heard(isFar(0))])).not.toContain(server);
  });

  test('takes back nothing of what was heard on the wire for what anybody can send, and believes the wire later', () => {
    const far = heard({ offers: '10.9.9.51', isFar: true });
    const isFarAfter = (...events: readonly Timed[]) => apply(fleetOf(), ...events).rivals[server]?.isFar;
    expect(isFarAfter([1, offer], [2, far])).toBeUndefined();
    expect(isFarAfter([1, far], [2, named])).toBe(true);
    expect(isFarAfter([1, far], [2, offer])).toBeUndefined();
    expect(isFarAfter([1, named], [2, far])).toBe(true);
  });

  test('names them behind the others', () => {
    const fleet = apply(
      fleetOf(),
      [1, offer],
      [2, heard({ server: '10.8.0.1', ...isHeard(0) })],
      ...many(1, 3, isFar, 3),
    );
    const [first, second, ...rest] = freshRivals(fleet, at(5)).map((rival) => rival.server);
    expect([first, second, rest]).toEqual(['10.8.0.1', server, ['10.8.1.2', '10.8.1.1', '10.8.1.0']]);
  });
});

describe('another host at our own address', () => {
  const twin = '52:54:00:ee:00:01';
  const own = answered({ server: '10.77.0.9', twin });
  const has = `another host, ${twin}, has our own address 10.77.0.9, and`;
  const file = answered({ server: '10.77.0.9', twin, bootFile: 'pxelinux.0' });

  test.each<readonly [string, readonly Timed[], readonly string[]]>([
    ['is named when it offers an address', [[11, own]], ['stalled', 'OWN_ADDRESS', `${has} offered it an address`]],
    ['with its boot file', [[11, file]], ['stalled', 'OWN_ADDRESS', `${has} offered it boot file pxelinux.0`]],
    [
      'when it refuses what we gave',
      [
        [11, e.took()],
        [11, answered({ server: '10.77.0.9', twin, refused: true })],
      ],
      ['stalled', 'OWN_ADDRESS', `${has} refused (NAK) its address`],
    ],
    [
      'but stops nobody who takes our offer all the same',
      [
        [11, own],
        [12, e.took()],
      ],
      ['ok'],
    ],
    [
      'until that one does not go on',
      [
        [11, e.took()],
        [12, own],
        [60, { type: 'clock.ticked' }],
      ],
      ['stalled', 'OWN_ADDRESS', `${has} offered it an address`],
    ],
  ])('%s', (_, events, expected) => {
    expect(healthAfter([10, e.discover(1)], ...events)).toEqual(expected);
  });

  test('stands in status with its MAC and what it hands out', () => {
    const heard: EventBody = {
      type: 'rival.heard',
      server: '10.77.0.9',
      mac: twin,
      iface: 'eth1',
      offers: '10.77.0.54',
      bootFile: 'pxelinux.0',
      isTwin: true,
    };
    const [line] = siteLines(apply(fleetOf(specOf(node)), [10, heard]), at(12));
    expect(line).toBe(
      `another DHCP server: at our own address 10.77.0.9 on eth1 (${twin}) offers 10.77.0.54, boot file pxelinux.0, last heard of 2 s ago`,
    );
  });
});
