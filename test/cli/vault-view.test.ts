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
  const args = 'talos.platform=metal slab_nomerge pti=on console=ttyS0';
  for (const kind of ['kernel', 'initramfs', 'cmdline'] as const) {
    await writeFile(join(folder, kind), args);
    const added = await shell.addImage(kind, want, join(folder, kind));
    if (!added.ok) throw new Error(added.error);
    if (kind === 'cmdline')
      await replaceStored('cmdline', Buffer.from(`${args} talos.experimental.wipe=system talos.config=x`));
  }
  expect(await view.refresh()).toEqual([
    expect.stringMatching(/cmdline.*"talos\.experimental\.wipe=system".*strangers/),
  ]);
  const found = view.discovery('amd64');
  expect(found?.args.slice(0, 4)).toEqual(args.split(' '));
  expect(found?.args.join(' ')).not.toMatch(/wipe|talos\.config/);
});

/** As a version of before would have taken it in. */
async function replaceStored(kind: 'initramfs' | 'cmdline', bytes: Buffer): Promise<void> {
  let path = '';
  await updateIndex(join(folder, 'vault'), (entries) =>
    entries.map((one) => {
      if (one.kind !== kind) return one;
      path = one.path;
      return { ...one, sizeBytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
    }),
  );
  await writeFile(join(folder, 'vault', path), bytes);
}

async function fill(shell: Awaited<ReturnType<typeof vault>>, line: string): Promise<void> {
  for (const kind of ['kernel', 'initramfs', 'cmdline'] as const) {
    await writeFile(join(folder, kind), line);
    const added = await shell.addImage(kind, want, join(folder, kind));
    if (!added.ok) throw new Error(added.error);
  }
}

test('a command line file that was edited by hand is used by nobody, strangers and plans alike, until it is added again', async () => {
  const { version, schematic } = want;
  const site = { ...parseSite(undefined, createReport()), talos: { version, schematic, factory: '' } };
  const view = createVaultView(await vault(), () => site);
  const line = 'talos.platform=metal slab_nomerge pti=on console=ttyS0';
  await fill(await vault(), line);
  expect(await view.refresh()).toEqual([]);
  expect(view.discovery('amd64')?.args).toContain('console=ttyS0');
  const path = view.served().find((one) => one.path.includes('cmdline'))?.path ?? '';
  // As long as the stored one, and longer.
  for (const edited of [line.replace('ttyS0', 'ttyS1'), `${line} edited.by.hand=1`]) {
    await writeFile(path, edited);
    expect(await view.images(want)).toMatchObject({ ok: false, error: expect.stringMatching(/cmdline.* is damaged/) });
    expect(await view.refresh()).toEqual([
      expect.stringMatching(/^talos.*cmdline.* is damaged: .* add it again; until then strangers boot without it/),
    ]);
    const args = view.discovery('amd64')?.args.join(' ');
    expect(args).toContain('talos.platform=metal');
    expect(args).not.toMatch(/ttyS|edited/);
  }
  await fill(await vault(), `${line} added.again=1`);
  // What the index named when it was read last, the file is no more.
  expect(await view.images(want)).toMatchObject({
    ok: true,
    value: { cmdline: expect.stringContaining('added.again') },
  });
  expect(await view.refresh()).toEqual([]);
  expect(view.discovery('amd64')?.args).toContain('added.again=1');
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
  await replaceStored('initramfs', bytes);
  expect(await view.refresh()).toEqual([expect.stringMatching(/^talos.*initramfs.*: a machine configuration comes/)]);
  expect(view.discovery('amd64')).toBeUndefined();
  expect(await view.images(want)).toMatchObject({
    ok: false,
    error: expect.stringMatching(/configuration comes with/),
  });
  expect(view.refused()).toEqual([expect.stringMatching(/^talos.*initramfs.*: a machine configuration comes/)]);
  await writeFile(join(folder, 'initramfs'), 'one without it');
  expect((await shell.addImage('initramfs', want, join(folder, 'initramfs'))).ok).toBe(true);
  expect([await view.refresh(), view.refused()]).toEqual([[], []]);
});

test('strangers are sent a command line that a plan would take, and else that of Talos itself or nothing; it is told', async () => {
  const { version, schematic } = want;
  const platform = 'talos.platform=nocloud slab_nomerge pti=on ds=nocloud-net;s=http://10.1.1.1/';
  let site = { ...parseSite(undefined, createReport()), talos: { version: version as string, schematic, factory: '' } };
  const shell = await vault();
  await writeFile(join(folder, 'line'), platform);
  expect(await shell.addImage('cmdline', want, join(folder, 'line'))).toMatchObject({
    ok: false,
    error: expect.stringMatching(/"talos\.platform=nocloud".*from elsewhere/),
  });
  const view = createVaultView(shell, () => site);
  await fill(shell, 'talos.platform=metal slab_nomerge pti=on');
  for (const [line, why] of [
    [platform, /cmdline.*"talos\.platform=nocloud".*elsewhere.*; strangers boot without it/],
    [`${platform} talos.platform=metal`, /elsewhere/],
    ['talos.platform=metal quiet', /slab_nomerge is missing.*; strangers boot without it/],
  ] as const) {
    await replaceStored('cmdline', Buffer.from(line));
    expect(await view.refresh()).toEqual([expect.stringMatching(why)]);
    const args = view.discovery('amd64')?.args;
    expect(args).toEqual(expect.arrayContaining(['talos.platform=metal', 'slab_nomerge', 'pti=on']));
    expect(args?.join(' ')).not.toMatch(/nocloud|quiet/);
  }
  site = { ...site, talos: { ...site.talos, version: 'v1.99.0' } };
  for (const kind of ['kernel', 'initramfs'] as const) {
    await writeFile(join(folder, kind), `the ${kind}`);
    expect((await shell.addImage(kind, { ...want, version: 'v1.99.0' }, join(folder, kind))).ok).toBe(true);
  }
  expect(await view.refresh()).toEqual([expect.stringMatching(/^strangers are sent nothing.*v1\.99\.0/)]);
  expect(view.discovery('amd64')).toBeUndefined();
});
