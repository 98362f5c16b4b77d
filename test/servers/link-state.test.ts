import { expect, test } from 'vitest';
import { createCutLinks } from '../../src/servers/cut-links.ts';
import { linkStateOf, linkTrouble } from '../../src/servers/link-state.ts';
import { bootSite, siteSpec, subnet } from '../netboot/boot-fixture.ts';

const kernel = (operstate: string | undefined, flags: string) => (path: string) =>
  path.endsWith('/operstate') ? operstate : path.endsWith('/flags') ? flags : undefined;

test.each([
  ['a link that is there', 'up\n', '0x1003\n', 'up', undefined],
  ['no cable, or none at the other end', 'down\n', '0x1003\n', 'noLink', 'eth2 has no link (is the cable in?)'],
  ['no link below', 'lowerlayerdown\n', '0x1003\n', 'noLink', 'eth2 has no link (is the cable in?)'],
  ['taken down here', 'down\n', '0x1002\n', 'off', 'eth2 is switched off (ip link set eth2 up)'],
  ['one that knows no link', 'unknown\n', '0x9\n', 'unknown', undefined],
  ['one that nobody lets in yet', 'dormant\n', '0x1003\n', 'unknown', undefined],
  ['none that the kernel tells of', undefined, '', 'unknown', undefined],
] as const)('%s', (_, operstate, flags, state, trouble) => {
  expect(linkStateOf('eth2', kernel(operstate, flags))).toBe(state);
  expect(linkTrouble('eth2', kernel(operstate, flags))).toBe(trouble);
});

test('a link that stays down is told with each of its networks, one that flaps is not', () => {
  const { relay: _relay, ...local } = subnet({ interface: 'eth2', subnet: '10.8.0.0/24', address: '10.8.0.1' });
  const second = { ...local, subnet: '10.9.0.0/24', address: '10.9.0.1' };
  const other = { ...local, interface: 'eth1', subnet: '10.7.0.0/24', address: '10.7.0.1' };
  const site = bootSite(siteSpec([local, second, other, subnet()]));
  const down = new Set(['eth2']);
  const find = createCutLinks((iface) => (down.has(iface) ? `${iface} has no link` : undefined));
  expect(find(site)).toEqual([]);
  const why = 'eth2 has no link';
  expect(find(site)).toEqual([
    { subnet: '10.8.0.0/24', why, text: `${why}, machines of 10.8.0.0/24 are not reached` },
    { subnet: '10.9.0.0/24', why, text: `${why}, machines of 10.9.0.0/24 are not reached` },
  ]);
  down.clear();
  expect(find(site)).toEqual([]);
  down.add('eth2');
  expect(find(site)).toEqual([]);
});
