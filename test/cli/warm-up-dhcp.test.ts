import { expect, test } from 'vitest';
import { warmUpDhcp } from '../../src/cli/warm-up-dhcp.ts';
import { ALL_LOADERS, bootSite, nodeSpec, siteSpec } from '../netboot/boot-fixture.ts';
import { localSubnet } from '../netboot/dhcp-bench.ts';

const site = bootSite(
  siteSpec([localSubnet({ subnet: '10.9.0.0/16', pool: { from: '10.9.1.1', to: '10.9.9.250' } })]),
  '10.9.0.1',
);
const machines = (count: number) =>
  Array.from({ length: count }, (_, index) => {
    const end = index.toString(16).padStart(4, '0');
    return nodeSpec(`n${index}`, `52:54:00:00:${end.slice(0, 2)}:${end.slice(2)}`);
  });
const warm = (count: number) =>
  warmUpDhcp({ site: () => site, artefacts: ALL_LOADERS, specs: machines(count), now: Date.now });

test('a large rack is answered once before there is a socket, and all its requests are acknowledged', async () => {
  const before = JSON.stringify(site);
  // A busy machine may end it early, after its first second.
  expect(await warm(150)).toBeGreaterThan(50);
  expect(JSON.stringify(site)).toBe(before);
}, 60_000);

test('a small rack is not worth it', async () => {
  expect(await warm(40)).toBe(0);
});
