import { expect, test } from 'vitest';
import { createImageWatch, type WantedImage } from '../../src/cli/image-watch.ts';
import { fail } from '../../src/core/result.ts';
import type { Inventory, NodeSpec } from '../../src/core/spec.ts';
import { parseSite } from '../../src/inventory/parse-site.ts';
import { createReport } from '../../src/inventory/report.ts';

/** Which machines have nothing to boot, by the index of the vault alone. */

const site = {
  ...parseSite(undefined, createReport()),
  talos: { factory: 'https://factory.test', version: 'v1.13.9' },
};

const node = (
  name: string,
  rack: string,
  talos: Partial<NodeSpec['talos']> = {},
  over: Partial<NodeSpec> = {},
): NodeSpec => ({ name, place: { rack }, talos, arch: 'amd64', profile: 'talos', boot: 'pxe', ...over }) as NodeSpec;

const NODES: readonly NodeSpec[] = [
  node('a', 'r1'),
  node('b', 'r1', { version: 'v1.14.0' }),
  node('c', 'r2', { version: 'v1.14.0' }),
  node('d', 'r2', { extensions: ['siderolabs/gvisor'] }),
  node('e', 'r2', {}, { profile: 'local' }),
];

async function rowOf(nodes: readonly NodeSpec[], lacks: (want: WantedImage) => boolean) {
  const inventory: Inventory = { site, profiles: { local: { kind: 'local' } }, nodes } as Inventory;
  const watch = createImageWatch({
    current: () => inventory,
    hash: () => 'h',
    folder: '/srv/inventory',
    vaultDir: '/srv/my images',
    lacks: async (want) => lacks(want),
    knownId: async () => fail('never asked'),
    now: () => 0,
  });
  expect(watch.row()).toBeUndefined();
  for (let tries = 0; watch.row() === undefined && tries < 100; tries++)
    await new Promise((resolve) => setTimeout(resolve, 5));
  return watch.row();
}

test('what is missing is told once, with how many machines of which rack wait for it and the command that pulls', async () => {
  expect(await rowOf(NODES, (want) => want.version === 'v1.14.0')).toEqual({
    name: 'images',
    state: 'warn',
    word: '2 missing',
    listens: '-',
    note: "Talos v1.14.0 amd64 37656798 and 1 more: crashcart images pull --inventory /srv/inventory --assets '/srv/my images'",
    // d: its schematic was never asked of the factory, so nobody can have pulled it.
    holdsUp: { r1: 1, r2: 2 },
  });
});

test('a vault that has all of them is in order', async () => {
  expect(await rowOf(NODES.slice(0, 3), () => false)).toMatchObject({ state: 'ok', note: '2 of 2' });
});
