import { describe, expect, test } from 'vitest';
import type { EventBody } from '../../src/core/event.ts';
import type { Fleet } from '../../src/core/fleet.ts';
import { bodiesOf } from './bodies.ts';
import { armed, fleetOf, planOf, reduceAt, specOf, stateOf, stored } from './kit.ts';

/** A machine that took our address, and asks for a boot file that somebody else named. */

const node = 'node-01';
const e = bodiesOf(node);
type Told = readonly [seconds: number, body: EventBody];

function live(fleet: Fleet, ...told: readonly Told[]): Fleet {
  return told.reduce((before, [seconds, body]) => reduceAt(before, seconds, body)[0], fleet);
}

const START = live(fleetOf(specOf(node)), [0, armed('install', { plan: planOf('install') })], [0, stored()]);
describe('a boot file that is not served', () => {
  const wrong: EventBody = { type: 'loader.notServed', node, file: 'pxelinux.0' };
  const reason = 'it asked for pxelinux.0, which is not served (offered: ipxe.efi)';
  const took: readonly Told[] = [
    [10, e.discover(10)],
    [
      11,
      {
        type: 'dhcp.firmwareTook',
        node,
        mac: '52:54:00:00:00:01',
        address: '10.77.0.1',
        firmware: 'uefi',
        bootFile: 'ipxe.efi',
        via: 'dhcp',
      },
    ],
  ];

  test('is the reason why none of ours is asked for, with the next offer for the next boot', () => {
    const stalled = stateOf(live(START, ...took, [12, wrong], [42, e.tick()]));
    expect(stalled.health).toMatchObject({ is: 'stalled', code: 'LOADER_NOT_SERVED', detail: reason });
    expect(stalled.offerVariant).toBe(1);
  });

  test('is it also where it asks late', () => {
    const late = stateOf(live(START, ...took, [42, e.tick()], [43, wrong]));
    expect(late.health).toMatchObject({ code: 'LOADER_NOT_SERVED', detail: reason });
  });

  test('is none where it asks for ours in the end, or where another server was heard to name it', () => {
    expect(stateOf(live(START, ...took, [12, wrong], [13, e.loader()], [20, e.tick()])).health.is).toBe('ok');
    const rival = live(START, ...took, [12, e.rival(false)], [13, wrong], [42, e.tick()]);
    expect(stateOf(rival).health).toMatchObject({ code: 'RIVAL_PXE' });
  });
});
