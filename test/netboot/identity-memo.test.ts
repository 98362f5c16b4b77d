import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EventBody } from '../../src/core/event.ts';
import type { Fleet } from '../../src/core/fleet.ts';
import { reduce } from '../../src/core/reduce.ts';
import type { NodeSpec } from '../../src/core/spec.ts';
import { type Claims, resolveIdentity } from '../../src/netboot/identity.ts';
import { createIdentityMemo } from '../../src/netboot/identity-memo.ts';
import { at, fleetOf, specOf } from '../core/kit.ts';

/** Few names and many owners, so that the tables contradict each other as often as not. */
const MACS = ['52:54:00:00:00:01', '52:54:00:00:00:02', '52:54:00:00:00:03'];
const UUIDS = [1, 2, 3].map((n) => `4c4c4544-0056-3510-8052-b4c04f4a4b3${n}`);
const PORTS = ['sw1/1', 'sw1/2'];
const NAMES = ['a', 'b', 'c'];

const some = <T>(values: readonly T[]) => fc.option(fc.constantFrom(...values), { nil: undefined });

/** The same few over and over, as after a reload in which another machine's file changed: nothing is new but the rest. */
const WAYS = NAMES.map((name) =>
  [
    { macs: MACS.slice(0, 1) },
    { macs: MACS.slice(1, 2) },
    { macs: MACS.slice(0, 1), uuid: UUIDS[0] ?? '' },
    { macs: [], uuid: UUIDS[1] ?? '' },
    { macs: MACS.slice(0, 2), switchPort: PORTS[0] ?? '' },
  ].map((identity) => specOf(name, { identity })),
);

const specs: fc.Arbitrary<NodeSpec[]> = fc
  .subarray(WAYS, { minLength: 1 })
  .chain((all) => fc.tuple(...all.map((ways) => fc.constantFrom(...ways))));

const claims: fc.Arbitrary<Claims> = fc
  .tuple(fc.constantFrom(...MACS), some(UUIDS), some(PORTS))
  .map(([mac, uuid, switchPort]) => ({
    macs: [mac],
    ...(uuid === undefined ? {} : { uuid }),
    ...(switchPort === undefined ? {} : { switchPort }),
  }));

const loaded = (nodes: readonly NodeSpec[]): EventBody => ({
  type: 'inventory.loaded',
  nodes,
  site: 'lab',
  hash: 'x',
  warnings: [],
});

/** What its BMC says of a machine, and other things that happen to it between two packets. */
const happenings: fc.Arbitrary<EventBody> = fc.oneof(
  { weight: 1, arbitrary: specs.map(loaded) },
  {
    weight: 4,
    arbitrary: fc.tuple(fc.constantFrom(...NAMES), some(UUIDS.slice(0, 2)), fc.subarray(MACS.slice(0, 2))).map(
      ([node, uuid, macs]): EventBody => ({
        type: 'bmc.identityRead',
        node,
        identity: {
          vendor: 'x',
          ...(uuid === undefined ? {} : { uuid }),
          macs: macs.map((mac) => ({ mac, from: 'x' })),
          drives: [],
          bootTargets: [],
          canInsertMedia: false,
        },
      }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(...NAMES)
      .map((node): EventBody => ({ type: 'dhcp.osAsked', node, mac: MACS[0] ?? '', address: '10.0.0.9' })),
  },
);

test('whatever happens in between, who is remembered is who a look at the inventory finds', () => {
  let remembered = 0;
  fc.assert(
    fc.property(
      specs,
      fc.array(fc.tuple(fc.option(happenings), claims), { minLength: 20, maxLength: 60 }),
      (first, steps) => {
        const identify = createIdentityMemo();
        let fleet: Fleet = fleetOf(...first);
        for (const [event, claim] of steps) {
          if (event !== null) fleet = reduce(fleet, { ...event, time: at(1) })[0];
          const found = identify(fleet, claim);
          expect(found).toEqual(resolveIdentity(fleet, claim));
          if (found.is === 'node') remembered += 1;
        }
      },
    ),
    { seed: 11, numRuns: 300 },
  );
  expect(remembered).toBeGreaterThan(1000);
});

test('a NIC that its BMC told meanwhile makes a machine sure at its next packet', () => {
  const identify = createIdentityMemo();
  const claim = { macs: [MACS[0] ?? ''], uuid: UUIDS[0] ?? '' };
  const read = (macs: readonly string[]): EventBody => ({
    type: 'bmc.identityRead',
    node: 'a',
    identity: {
      vendor: 'x',
      macs: macs.map((mac) => ({ mac, from: 'x' })),
      drives: [],
      bootTargets: [],
      canInsertMedia: false,
    },
  });
  let fleet: Fleet = fleetOf(specOf('a', { identity: { macs: [], uuid: claim.uuid } }));
  const said = [[], claim.macs, []].map((macs) => {
    fleet = reduce(fleet, { ...read(macs), time: at(1) })[0];
    const found = identify(fleet, claim);
    return found.is === 'node' && found.sure;
  });
  expect(said).toEqual([false, true, false]);
});
