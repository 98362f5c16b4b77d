import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { openWorld } from '../../src/cli/open-world.ts';
import type { World } from '../../src/cli/world.ts';
import { openVault } from '../../src/drivers/vault/open-vault.ts';
import { loopbackSite, makeFolder } from '../whole/run-program.ts';

/** What is wrong with an image that strangers would boot, found by a reload. */

let world: World | undefined;
afterEach(() => world?.stop());

const want = { version: 'v1.13.9', schematic: 'c'.repeat(64), arch: 'amd64' } as const;

test('an edited command line file is told in the log once, and strangers boot without it', async () => {
  const site = await loopbackSite();
  const talos = `talos: { version: ${want.version}, schematic: ${want.schematic} }`;
  const folder = makeFolder({ '_site.yaml': site.replace('talos: { version: v1.13.9 }', talos) });
  const assets = join(folder, '.assets');
  const vault = await openVault(assets, { anyShape: true });
  if (!vault.ok) throw new Error(vault.error);
  writeFileSync(join(folder, '.source'), 'talos.platform=metal slab_nomerge pti=on stored.one=1');
  for (const kind of ['kernel', 'initramfs', 'cmdline'] as const)
    expect(await vault.value.addImage(kind, want, join(folder, '.source'))).toMatchObject({ ok: true });
  const said: string[] = [];
  const opened = await openWorld({
    inventory: folder,
    stateDir: `${folder}/.state`,
    assetsDir: assets,
    simulated: false,
    env: {},
    onLog: ({ level, text }) => said.push(`${level} ${text}`),
  });
  if (!opened.ok) throw new Error(opened.error.message);
  world = opened.value;
  await world.run();
  expect(world.vault.discovery('amd64')?.args).toContain('stored.one=1');
  const found =
    readdirSync(assets, { recursive: true })
      .map(String)
      .find((name) => name.includes('cmdline')) ?? '';
  writeFileSync(join(assets, found), 'talos.platform=metal edited.by.hand=1 talos.experimental.wipe=system');
  await world.reload();
  await world.reload();
  expect(said.filter((text) => text.includes('cmdline'))).toEqual([
    expect.stringMatching(/^warn talos.*cmdline.* is damaged: .* add it again; until then strangers boot without it/),
  ]);
  expect(world.vault.discovery('amd64')?.args.join(' ')).not.toMatch(/edited|wipe|stored/);
});
