import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createVaultView } from '../../src/cli/vault-view.ts';
import { openVault } from '../../src/drivers/vault/open-vault.ts';
import { updateIndex } from '../../src/drivers/vault/vault-index.ts';
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

/** `newc`: one file and the end. */
function archiveOf(name: string, text: string): Buffer {
  const one = (called: string, content: string): Buffer => {
    const fields = Array.from({ length: 13 }, () => 0);
    fields[6] = content.length;
    fields[11] = called.length + 1;
    const head = `070701${fields.map((value) => value.toString(16).padStart(8, '0')).join('')}${called}\0`;
    const padded = (bytes: string) => bytes.padEnd(Math.ceil(bytes.length / 4) * 4, '\0');
    return Buffer.from(padded(head) + padded(content), 'latin1');
  };
  return Buffer.concat([one(name, text), one('TRAILER!!!', '')]);
}

test('an image that brings its own configuration, taken in by a version of before, is planned with and sent to nobody', async () => {
  const { version, schematic } = want;
  const site = { ...parseSite(undefined, createReport()), talos: { version, schematic, factory: '' } };
  const shell = await vault();
  const view = createVaultView(shell, () => site);
  for (const kind of ['kernel', 'initramfs'] as const) {
    await writeFile(join(folder, kind), `the ${kind}`);
    expect((await shell.addImage(kind, want, join(folder, kind))).ok).toBe(true);
  }
  await view.refresh();
  expect(view.discovery('amd64')).toBeDefined();
  const list = 'layers:\n- image: a.sqsh\n  metadata:\n    name: embedded-config\n';
  const bytes = archiveOf('extensions.yaml', list);
  await writeFile(join(folder, 'own'), bytes);
  expect(await shell.addImage('initramfs', want, join(folder, 'own'))).toMatchObject({
    ok: false,
    error: expect.stringMatching(/a machine configuration comes with it that cannot be read: take it out/),
  });
  await updateIndex(join(folder, 'vault'), (entries) =>
    entries.map((one) =>
      one.kind === 'initramfs'
        ? { ...one, sizeBytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
        : one,
    ),
  );
  const listed = await shell.list();
  const path = listed.ok ? listed.value.find(({ kind }) => kind === 'initramfs')?.path : undefined;
  await writeFile(join(folder, 'vault', path ?? ''), bytes);
  expect(await view.refresh()).toEqual([expect.stringMatching(/^talos.*initramfs.*: a machine configuration comes/)]);
  expect(view.discovery('amd64')).toBeUndefined();
  expect(await view.images(want)).toMatchObject({
    ok: false,
    error: expect.stringMatching(/configuration comes with/),
  });
});
