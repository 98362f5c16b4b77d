import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createVaultView } from '../../src/cli/vault-view.ts';
import { openVault } from '../../src/drivers/vault/open-vault.ts';
import { parseSite } from '../../src/inventory/parse-site.ts';
import { createReport } from '../../src/inventory/report.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'crashcart-vault-view-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const want = { version: 'v1.13.9', schematic: 'c'.repeat(64), arch: 'amd64' } as const;

async function vault() {
  const opened = await openVault(join(folder, 'vault'), { anyShape: true });
  if (!opened.ok) throw new Error(opened.error);
  return opened.value;
}

test('an engine that runs finds the images that another shell has added since', async () => {
  const site = parseSite(undefined, createReport());
  const view = createVaultView(await vault(), () => site);
  await view.refresh();
  expect(await view.images(want)).toMatchObject({ ok: false, error: expect.stringContaining('not in the vault') });
  const shell = await vault();
  for (const kind of ['kernel', 'initramfs'] as const) {
    await writeFile(join(folder, kind), `the ${kind}`);
    expect((await shell.addImage(kind, want, join(folder, kind))).ok).toBe(true);
  }
  const found = await view.images(want);
  if (!found.ok) throw new Error(found.error);
  expect(view.artefact(found.value.kernel)?.sizeBytes).toBe('the kernel'.length);
});

test('what a vault of before has on its command line for an armed machine alone is left out and told', async () => {
  const { version, schematic } = want;
  const site = { ...parseSite(undefined, createReport()), talos: { version, schematic, factory: '' } };
  const shell = await vault();
  const view = createVaultView(shell, () => site);
  const args = 'talos.platform=metal console=ttyS0';
  for (const kind of ['kernel', 'initramfs', 'cmdline'] as const) {
    await writeFile(join(folder, kind), args);
    const added = await shell.addImage(kind, want, join(folder, kind));
    if (!added.ok) throw new Error(added.error);
    if (kind === 'cmdline')
      await writeFile(join(folder, 'vault', added.value.path), `${args} talos.experimental.wipe=system talos.config=x`);
  }
  expect(await view.refresh()).toEqual([
    expect.stringMatching(/cmdline.*"talos\.experimental\.wipe=system".*strangers/),
  ]);
  const found = view.discovery('amd64');
  expect(found?.args.slice(0, 2)).toEqual(args.split(' '));
  expect(found?.args.join(' ')).not.toMatch(/wipe|talos\.config/);
});
