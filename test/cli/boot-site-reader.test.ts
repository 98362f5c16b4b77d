import { expect, test } from 'vitest';
import { createBootSiteReader } from '../../src/cli/boot-site-reader.ts';
import type { SiteSpec, SubnetSpec } from '../../src/core/spec.ts';
import { siteSpec } from '../netboot/boot-fixture.ts';
import { localSubnet } from '../netboot/dhcp-bench.ts';
import { must } from '../servers/boot-stack.ts';

/** A network whose address is that of its interface, which `moves` says. */
function reading(change: Partial<SubnetSpec> = {}, first = '10.9.0.1') {
  const { address: _address, ...rest } = localSubnet();
  let spec: SiteSpec = siteSpec([{ ...rest, ...change }]);
  let address: string | undefined = first === '' ? undefined : first;
  const said: string[] = [];
  const reader = must(
    createBootSiteReader({
      spec: () => spec,
      log: (level, text) => said.push(`${level} ${text}`),
      addressOf: (net) => net.address ?? address,
    }),
  );
  return {
    said,
    waits: () => reader.site().waiting?.map((net) => net.interface),
    server: () => reader.site().nets[0]?.serverText,
    moves: (to: string | undefined) => {
      address = to;
      reader.look();
    },
    rewrites: (more: Partial<SubnetSpec>) => {
      spec = siteSpec([{ ...rest, ...change, ...more }]);
    },
  };
}

test.each<readonly [string, string | undefined, string]>([
  ['another one of its network is ours by then', '10.9.0.5', '10.9.0.5'],
  ['none at all leaves the one that we had: a link that flaps', undefined, '10.9.0.1'],
  ['one of another network leaves the one that we had', '192.168.1.5', '10.9.0.1'],
])('of an address of the interface, %s', (_name, to, expected) => {
  const on = reading();
  on.moves(to);
  expect(on.server()).toBe(expected);
  expect(on.said).toEqual(
    to === expected ? ['info eth1 has the address 10.9.0.5 now, and not 10.9.0.1: all services follow'] : [],
  );
});

test('an address that the site writes is ours whatever the interface has, until the site writes another one', () => {
  const on = reading({ address: '10.9.0.7' });
  on.moves('10.9.0.5');
  expect(on.server()).toBe('10.9.0.7');
  on.rewrites({ address: '10.9.0.8' });
  expect(on.server()).toBe('10.9.0.8');
});

test('a site that is read again while the interface has no address keeps the one that it had', () => {
  const on = reading();
  on.moves(undefined);
  on.rewrites({ leaseSeconds: 60 });
  expect(on.server()).toBe('10.9.0.1');
  expect(on.said).toEqual([]);
});

test('a network whose interface has no address yet waits, beside those that are served, and is served when it has one', () => {
  const on = reading({}, '');
  expect([on.server(), on.waits()]).toEqual([undefined, ['eth1']]);
  on.moves(undefined);
  expect(on.waits()).toEqual(['eth1']);
  on.moves('10.9.0.1');
  expect([on.server(), on.waits()]).toEqual(['10.9.0.1', undefined]);
  expect(on.said).toEqual(['info eth1 has the address 10.9.0.1 now: all services follow']);
  on.moves(undefined);
  expect([on.server(), on.waits()]).toEqual(['10.9.0.1', undefined]);
});
