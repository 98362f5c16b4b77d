import { describe, expect, test } from 'vitest';
import type { EventBody } from '../../src/core/event.ts';
import { fleetText, parseFleet } from '../../src/core/fleet-json.ts';
import type { IdentitySpec } from '../../src/core/spec.ts';
import { type Claims, resolveIdentity } from '../../src/netboot/identity.ts';
import { apply, fleetOf, specOf } from '../core/kit.ts';

/** Who is this machine? Tables of what firmware and relays claim, against an inventory with the usual trouble in it. */

const UUID = '4c4c4544-0056-3510-8052-b4c04f4a4b31';
const TURNED = '44454c4c-5600-1035-8052-b4c04f4a4b31';

const as = (name: string, identity: IdentitySpec) => specOf(name, { identity });
const FLEET = fleetOf(
  as('alone', {
    macs: ['52:54:00:00:00:01'],
    uuid: UUID,
    serial: 'S1',
    boardSerial: 'B1',
    asset: 'A1',
    switchPort: 'sw1/Ethernet7',
  }),
  as('chassis-a', { macs: ['52:54:00:00:00:0a'], serial: 'CHASSIS', boardSerial: 'NODE-A' }),
  as('chassis-b', { macs: ['52:54:00:00:00:0b'], serial: 'CHASSIS' }),
  as('twin-a', { macs: ['52:54:00:00:00:10'], uuid: '11112222-3333-4444-5555-666677778888' }),
  as('twin-b', { macs: ['52:54:00:00:00:11'], uuid: '11112222-3333-4444-5555-666677778888' }),
  as('doubled-a', { macs: ['52:54:00:00:00:20'], serial: 'D1' }),
  as('doubled-b', { macs: ['52:54:00:00:00:20'], serial: 'D2' }),
  as('cut', { macs: ['52:54:00:00:00:40'], serial: 'C2 SER&01#X' }),
  as('bare', { macs: ['52:54:00:00:00:30'] }),
);

const mac = '52:54:00:00:00:01';

const CASES: readonly (readonly [string, Claims, expected: string])[] = [
  ['MAC and UUID are sure', { macs: [mac], uuid: UUID }, 'alone, sure'],
  ['the UUID may come in the other byte order', { macs: [mac], uuid: TURNED }, 'alone, sure'],
  ['and in capitals with braces', { macs: [mac], uuid: `{${UUID.toUpperCase()}}` }, 'alone, sure'],
  ['MAC and serial are sure, whatever its case', { macs: [mac], serial: ' s1 ' }, 'alone, sure'],
  ['MAC and board serial are sure', { macs: [mac], boardSerial: 'B1' }, 'alone, sure'],
  ['an asset tag with the MAC is not', { macs: [mac], asset: 'A1' }, 'alone, unsure'],
  ['a MAC alone is not', { macs: [mac] }, 'alone, unsure'],
  ['a serial alone is not', { macs: [], serial: 'S1' }, 'alone, unsure'],
  ['a serial with an unknown MAC is not', { macs: ['52:54:00:77:77:77'], serial: 'S1' }, 'alone, unsure'],
  ['a switch port alone is not', { macs: [], switchPort: 'sw1/Ethernet7' }, 'alone, unsure'],
  ['a zero UUID is no identity', { macs: [mac], uuid: '00000000-0000-0000-0000-000000000000' }, 'alone, unsure'],
  [
    'the UUID of unprogrammed boards is none',
    { macs: [mac], uuid: '03000200-0400-0500-0006-000700080009' },
    'alone, unsure',
  ],
  ['a placeholder serial is none', { macs: [mac], serial: 'To Be Filled By O.E.M.' }, 'alone, unsure'],
  [
    'another UUID is a conflict',
    { macs: [mac], uuid: 'aaaabbbb-cccc-dddd-eeee-ffff00001111' },
    'conflict alone: it says UUID',
  ],
  [
    'a serial that iPXE cut is one too, and why it is short is told',
    { macs: ['52:54:00:00:00:40'], serial: 'c2 ser' },
    'conflict cut: it says serial c2 ser, the inventory says C2 SER&01#X: cut at its &, as iPXE up to 2019 does; take a newer loader',
  ],
  ['another serial is a conflict', { macs: [mac], uuid: UUID, serial: 'S9' }, 'conflict alone: it says serial S9'],
  [
    'another board serial is a conflict',
    { macs: [mac], uuid: UUID, boardSerial: 'B9' },
    'conflict alone: it says board serial',
  ],
  ['another asset tag is a conflict', { macs: [mac], uuid: UUID, asset: 'A9' }, 'conflict alone: it says asset A9'],
  [
    'MACs of two machines are a conflict',
    { macs: [mac, '52:54:00:00:00:30'] },
    'conflict: its names belong to several machines: alone (MAC), bare (MAC)',
  ],
  [
    'MAC of one and UUID of another hold the owner of the MAC',
    { macs: ['52:54:00:00:00:30'], uuid: UUID },
    'conflict bare: its names belong to several machines: alone (UUID), bare (MAC)',
  ],
  [
    'MAC of one and serial of another are a conflict',
    { macs: ['52:54:00:00:00:30'], serial: 'S1' },
    'conflict bare: serial S1 is in the inventory of alone',
  ],
  [
    'MAC of one and switch port of another hold the owner of the MAC',
    { macs: ['52:54:00:00:00:30'], switchPort: 'sw1/Ethernet7' },
    'conflict bare: its names belong to several machines: alone (switch port), bare (MAC)',
  ],
  [
    'a node of a chassis is told by its MAC, and is not sure by the shared serial',
    { macs: ['52:54:00:00:00:0b'], serial: 'CHASSIS' },
    'chassis-b, unsure',
  ],
  [
    'with its board serial it is',
    { macs: ['52:54:00:00:00:0a'], serial: 'CHASSIS', boardSerial: 'NODE-A' },
    'chassis-a, sure',
  ],
  [
    'the chassis alone is nobody',
    { macs: [], serial: 'CHASSIS' },
    'conflict: its names belong to several machines: chassis-a (serial), chassis-b (serial)',
  ],
  [
    'the board serial of the neighbour is a conflict',
    { macs: ['52:54:00:00:00:0b'], boardSerial: 'NODE-A' },
    'conflict',
  ],
  [
    'a UUID that two machines share is a conflict',
    { macs: ['52:54:00:00:00:10'], uuid: '11112222-3333-4444-5555-666677778888' },
    'conflict',
  ],
  ['a MAC that two machines share is a conflict', { macs: ['52:54:00:00:00:20'], serial: 'D1' }, 'conflict'],
  ['no known name is a stranger', { macs: ['52:54:00:99:99:99'], serial: 'S77' }, 'stranger'],
  ['no name at all is a stranger', { macs: [] }, 'stranger'],
];

function told(claims: Claims, fleet = FLEET): string {
  const who = resolveIdentity(fleet, claims);
  if (who.is === 'stranger') return `stranger: ${who.why}`;
  if (who.is === 'node') return `${who.node.name}, ${who.sure ? 'sure' : 'unsure'}`;
  return `conflict${who.node === undefined ? '' : ` ${who.node.name}`}: ${who.why}`;
}

test.each(CASES)('%s', (_name, claims, expected) => {
  expect(told(claims).slice(0, expected.length)).toBe(expected);
});

test('the beginning of a serial that nothing cut is just another one', () => {
  expect(told({ macs: ['52:54:00:00:00:40'], serial: 'C2' })).toMatch(/says C2 SER&01#X$/);
});

describe('what its own BMC said completes the record', () => {
  const read = (node: string, serial: string, from: string): EventBody => ({
    type: 'bmc.identityRead',
    node,
    identity: {
      vendor: 'Dell',
      serial,
      macs: [{ mac: from, from: 'NIC.1' }],
      drives: [],
      bootTargets: [],
      canInsertMedia: false,
    },
  });
  const known = apply(FLEET, [1, read('bare', 'BMC-7', '52:54:00:00:00:30')]);

  test('its serial makes a machine sure of which the inventory has the MAC only', () => {
    expect(told({ macs: ['52:54:00:00:00:30'], serial: 'BMC-7' }, known)).toBe('bare, sure');
  });

  test('unless another BMC says the same', () => {
    const shared = apply(known, [2, read('twin-a', 'BMC-7', '52:54:00:00:00:10')]);
    expect(told({ macs: ['52:54:00:00:00:30'], serial: 'BMC-7' }, shared)).toBe('bare, unsure');
  });

  test('until that BMC is read again and says something else', () => {
    const mended = apply(
      known,
      [2, read('twin-a', 'BMC-7', '52:54:00:00:00:10')],
      [3, read('twin-a', 'BMC-8', '52:54:00:00:00:10')],
    );
    expect(told({ macs: ['52:54:00:00:00:30'], serial: 'BMC-7' }, mended)).toBe('bare, sure');
  });

  test('and is known again from the snapshot', () => {
    const shared = apply(known, [2, read('twin-a', 'BMC-7', '52:54:00:00:00:10')]);
    const loaded = parseFleet(JSON.parse(fleetText(shared)));
    expect(told({ macs: ['52:54:00:00:00:30'], serial: 'BMC-7' }, loaded.ok ? loaded.value : FLEET)).toBe(
      'bare, unsure',
    );
  });

  test.each([
    ['nothing of which is in its file', { macs: [], asset: 'A-7', switchPort: 'sw1/7' }, 'by-label, unsure'],
    ['its serial, which is in its file', { macs: [], serial: 'BMC-7', asset: 'A-7' }, 'by-label, sure'],
    ['its MAC, which is in its file', { macs: ['52:54:00:00:00:07'], asset: 'A-7' }, 'by-label, sure'],
  ])('a MAC and a serial that it tells, %s', (_, identity, expected) => {
    const fleet = apply(fleetOf(as('by-label', identity)), [1, read('by-label', 'BMC-7', '52:54:00:00:00:07')]);
    expect(told({ macs: ['52:54:00:00:00:07'], serial: 'BMC-7', asset: 'A-7' }, fleet)).toBe(expected);
  });

  test('and never makes a stranger known', () => {
    expect(told({ macs: [], serial: 'BMC-7' }, known)).toMatch(/^stranger/);
  });
});
