import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { SimRack } from '../../src/sim/rack/sim-rack.ts';
import { createWholeStack, type WholeStack } from './whole-stack.ts';

let stack: WholeStack | undefined;
afterEach(async () => {
  await stack?.stop();
  stack = undefined;
});

/** In a test there is no bundle that a second thread could be started from. */
function bootByMedium(rack: SimRack, names: readonly string[]): void {
  const site = join(rack.inventoryFolder, '_site.yaml');
  if (!/^threads:/m.test(readFileSync(site, 'utf8'))) appendFileSync(site, 'threads: 0\n');
  for (const name of names)
    appendFileSync(join(rack.inventoryFolder, `${name.slice(0, 3)}/${name}.yaml`), 'boot: virtual-media\n');
}

/** UEFI machines whose BMCs take an image. */
function fitting(rack: SimRack): readonly string[] {
  return [...rack.machines.values()]
    .filter(({ spec }) => {
      const media = rack.bmcs.get(spec.name)?.state.personality.media.slots.length ?? 0;
      return spec.firmware.startsWith('uefi') && media > 0;
    })
    .map(({ spec }) => spec.name);
}

const inserted = (rack: SimRack, name: string) =>
  [...(rack.bmcs.get(name)?.state.media.values() ?? [])].filter((slot) => slot.inserted).map((slot) => slot.image);

test('machines that no PXE reaches are installed by a virtual medium, which is ejected at the end', {
  timeout: 120_000,
}, async () => {
  let chosen: readonly string[] = [];
  stack = await createWholeStack({ nodes: 12, speed: 100 }, (rack) => {
    chosen = fitting(rack);
    bootByMedium(rack, chosen);
  });
  const { node, rack, until, arm } = stack;
  chosen = chosen.filter((name) => node(name).spec.role === 'worker');
  expect(chosen.length).toBeGreaterThan(1);
  expect(await arm(chosen)).toMatchObject({ ok: true });
  await until(() => chosen.every((name) => node(name).phase.is === 'ready'), 90_000);
  for (const name of chosen) {
    const media = rack.bmcs.get(name);
    expect(media?.state.boots.map((boot) => boot.target)).toContain('cd');
    expect(media?.state.boots.map((boot) => boot.target)).not.toContain('pxe');
  }
  await until(() => chosen.every((name) => node(name).seen.bmcLeft === undefined), 30_000);
  for (const name of chosen) expect([name, inserted(rack, name)]).toEqual([name, []]);
});

test('a cancelled job ejects its medium, and the medium is served to nobody any more', {
  timeout: 120_000,
}, async () => {
  let name = '';
  stack = await createWholeStack({ nodes: 12, speed: 20 }, (rack) => {
    name = fitting(rack).at(-1) ?? '';
    bootByMedium(rack, [name]);
  });
  const { node, rack, until, arm, world } = stack;
  expect(await arm([name])).toMatchObject({ ok: true });
  await until(() => inserted(rack, name).length === 1, 60_000);
  const [url = ''] = inserted(rack, name);
  expect(url).toMatch(/^http:\/\/127\.\d+\.0\.1:\d+\/m\/[a-z2-7]{32}\/boot\.iso$/);
  const medium = await fetch(url, { headers: { range: 'bytes=32769-32773' } });
  expect([medium.status, await medium.text()]).toEqual([206, 'CD001']);
  world.engine.emit({ type: 'operator.cancelled', node: name, by: { user: 'test', from: 'test' } });
  expect((await fetch(url)).status).toBe(404);
  expect((await fetch(url.replace(/\/m\/..../, '/m/zzzz'))).status).toBe(404);
  await until(() => inserted(rack, name).length === 0 && node(name).seen.bmcLeft === undefined, 60_000);
  expect(rack.machines.get(name)?.disks[0]?.content.is).toBe('blank');
});
