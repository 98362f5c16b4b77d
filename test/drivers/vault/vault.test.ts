import { execFile, fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openVault, type Vault } from '../../../src/drivers/vault/open-vault.ts';
import { decodeTarHeader, encodeTarHeader } from '../../../src/drivers/vault/tar-codec.ts';
import { updateIndex } from '../../../src/drivers/vault/vault-index.ts';
import { createNoise, damaged } from '../../talos/noise.ts';
import { filesIn, KEY, makeFolder, OTHER_SCHEMATIC, storedIn, vaultIn } from './vault-fixture.ts';

const run = promisify(execFile);
let folder: Awaited<ReturnType<typeof makeFolder>>;
let kernel: string;

beforeEach(async () => {
  folder = await makeFolder();
  await mkdir(join(folder.path, 'in'));
  kernel = join(folder.path, 'in', 'vmlinuz');
  await writeFile(kernel, createNoise(1).bytes(70_001));
});
afterEach(() => folder.remove());

const inVault = (...parts: string[]) => join(folder.path, 'vault', ...parts);

async function filled() {
  const vault = await vaultIn(inVault());
  await vault.addImage('kernel', KEY, kernel);
  await vault.addImage('initramfs', KEY, kernel);
  await vault.addImage('kernel', { ...KEY, schematic: OTHER_SCHEMATIC }, kernel);
  await vault.addLoader('ipxe.efi', kernel);
  return vault;
}

async function pathsOf(vault: Awaited<ReturnType<typeof vaultIn>>): Promise<string[]> {
  const entries = await vault.list();
  return entries.ok ? entries.value.map((one) => one.path) : [entries.error];
}

describe('the vault', () => {
  test('adds local files and proves them', async () => {
    const vault = await filled();
    const entries = await vault.list();
    expect(entries).toMatchObject({ ok: true, value: [{ path: 'loaders/ipxe.efi' }, {}, {}, { origin: kernel }] });
    const [entry] = entries.ok ? entries.value : [];
    expect(entry && (await vault.prove(entry))).toMatchObject({ ok: true, value: { sizeBytes: 70_001 } });
  });

  test('finds rot and loss', async () => {
    const vault = await filled();
    const folderOf = inVault('talos', 'v1.13.9', KEY.schematic);
    await writeFile(join(folderOf, 'kernel-amd64'), createNoise(2).bytes(70_001));
    await rm(join(folderOf, 'initramfs-amd64.xz'));
    const report = await vault.verify();
    expect(report.ok && report.value.map((one) => one.is)).toEqual(['intact', 'missing', 'damaged', 'intact']);
    const damagedEntry = report.ok ? report.value[2]?.entry : undefined;
    expect(damagedEntry && (await vault.prove(damagedEntry))).toMatchObject({
      ok: false,
      error: expect.stringMatching(/damaged/),
    });
  });

  test('prunes what nobody needs, and only when told for good', async () => {
    const vault = await filled();
    expect(await vault.prune([{ ...KEY, version: '1.13.9' }], true)).toMatchObject({
      ok: true,
      value: [{ schematic: OTHER_SCHEMATIC }],
    });
    expect(await pathsOf(vault)).toHaveLength(4);
    await vault.prune([KEY], false);
    expect(await pathsOf(vault)).toEqual([
      'loaders/ipxe.efi',
      `talos/v1.13.9/${KEY.schematic}/initramfs-amd64.xz`,
      `talos/v1.13.9/${KEY.schematic}/kernel-amd64`,
    ]);
    expect(await filesIn(inVault())).toHaveLength(3);
  });

  test.each([
    ['damaged JSON', '{'],
    ['another format', '{"format":2,"artefacts":[]}'],
    [
      'a path that leaves the vault',
      '{"format":1,"artefacts":[{"path":"talos/../../etc/passwd","kind":"kernel","sha256":"00","sizeBytes":1,"origin":"","addedAt":""}]}',
    ],
  ])('refuses an index with %s, and does not overwrite it', async (_name, text) => {
    await mkdir(inVault());
    await writeFile(inVault('index.json'), text);
    const { openVault } = await import('../../../src/drivers/vault/open-vault.ts');
    expect(await openVault(inVault())).toMatchObject({
      ok: false,
      error: expect.stringMatching(/index\.json is damaged/),
    });
    expect(await updateIndex(inVault(), () => [])).toMatchObject({ ok: false });
    expect(await readFile(inVault('index.json'), 'utf8')).toBe(text);
  });

  test.each([['../x'], ['.hidden'], ['a/b'], [''], ['x'.repeat(100)]])('refuses the loader name %j', async (name) => {
    const vault = await vaultIn(inVault());
    expect((await vault.addLoader(name, kernel)).ok).toBe(false);
  });

  test('an empty or absent file is refused with its name', async () => {
    const vault = await vaultIn(inVault());
    await writeFile(kernel, '');
    expect(await vault.addImage('kernel', KEY, kernel)).toMatchObject({
      ok: false,
      error: expect.stringContaining('is empty'),
    });
    expect(await vault.addImage('kernel', KEY, '/nowhere/x')).toMatchObject({
      ok: false,
      error: expect.stringContaining('/nowhere/x'),
    });
    expect(await filesIn(inVault())).toEqual([]);
  });

  test('what a killed program left behind is swept, what a living one writes is not', async () => {
    await mkdir(inVault('.incoming'), { recursive: true });
    await writeFile(inVault('.incoming', '999999999-dead'), 'x');
    await writeFile(inVault('.incoming', `${process.pid}-live`), 'x');
    await vaultIn(inVault());
    expect(await filesIn(inVault())).toEqual([`.incoming/${process.pid}-live`]);
  });
});

describe('two programs at once', () => {
  test('lose no entry of each other', async () => {
    await vaultIn(inVault());
    const script = join(folder.path, 'add.ts');
    const source = new URL('../../../src/drivers/vault/open-vault.ts', import.meta.url).pathname;
    await writeFile(
      script,
      `import { openVault } from ${JSON.stringify(source)};
const vault = await openVault(${JSON.stringify(inVault())});
if (!vault.ok) throw new Error(vault.error);
for (let n = 0; n < 15; n += 1) {
  const added = await vault.value.addLoader(process.argv[2] + '-' + n, ${JSON.stringify(kernel)});
  if (!added.ok) throw new Error(added.error);
}
`,
    );
    const add = (name: string) =>
      new Promise<number | null>((resolve) => {
        fork(script, [name], { stdio: 'inherit', execArgv: [] }).on('exit', resolve);
      });
    expect(await Promise.all([add('a'), add('b'), add('c')])).toEqual([0, 0, 0]);
    const vault = await vaultIn(inVault());
    expect(await pathsOf(vault)).toHaveLength(45);
    expect((await filesIn(inVault())).filter((name) => !name.startsWith('loaders/'))).toEqual([]);
  });

  test('the lock of a dead program is taken over', async () => {
    const vault = await vaultIn(inVault());
    await writeFile(inVault('index.json.lock'), '999999999');
    expect((await vault.addLoader('x', kernel)).ok).toBe(true);
  });
});

describe('a bundle', () => {
  const bundle = () => join(folder.path, 'bundle.tar');

  test('is a plain tar file, and comes in whole at another site', async () => {
    const vault = await filled();
    const exported = await vault.exportTo(bundle(), [KEY]);
    expect(exported).toMatchObject({ ok: true, value: { entries: [{}, {}, {}], sizeBytes: 3 * 70_001 } });
    const listed = await run('tar', ['tf', bundle()]);
    expect(listed.stdout.trim().split('\n')).toEqual([
      'crashcart-bundle.json',
      'loaders/ipxe.efi',
      `talos/v1.13.9/${KEY.schematic}/initramfs-amd64.xz`,
      `talos/v1.13.9/${KEY.schematic}/kernel-amd64`,
    ]);
    const other = await vaultIn(join(folder.path, 'other'));
    expect((await other.importFrom(bundle())).ok).toBe(true);
    const report = await other.verify();
    expect(report.ok && report.value.map((one) => one.is)).toEqual(['intact', 'intact', 'intact']);
  });

  test('is also read when `tar` packed it', async () => {
    const vault = await filled();
    await vault.exportTo(bundle());
    const out = join(folder.path, 'out');
    await mkdir(out);
    await run('tar', ['xf', bundle(), '-C', out]);
    await run('tar', ['--format=ustar', '-cf', bundle(), '-C', out, 'crashcart-bundle.json', 'loaders', 'talos']);
    const other = await vaultIn(join(folder.path, 'other'));
    const imported = await other.importFrom(bundle());
    expect(imported.ok ? imported.value.length : imported.error).toBe(4);
  });

  test('never carries rot out', async () => {
    const vault = await filled();
    await truncate(inVault('loaders', 'ipxe.efi'), 100);
    expect(await vault.exportTo(bundle())).toMatchObject({
      ok: false,
      error: expect.stringMatching(/damaged in the vault/),
    });
    expect((await filesIn(folder.path)).filter((name) => name.includes('bundle'))).toEqual([]);
  });

  test.each<[string, (bytes: Buffer) => Buffer, RegExp]>([
    ['cut off', (bytes) => bytes.subarray(0, 100_000), /cut off/],
    ['with a changed byte', (bytes) => Buffer.from(bytes).fill(7, 60_000, 60_001), /SHA-256 is another one/],
    ['that is no tar file', () => Buffer.alloc(4096, 'x'), /not a tar file/],
    ['that is empty', () => Buffer.alloc(0), /cut off/],
    ['of zeros', () => Buffer.alloc(1024), /no bundle of crashcart/],
  ])('%s brings nothing in', async (_name, change, reason) => {
    const vault = await filled();
    await vault.exportTo(bundle());
    await writeFile(bundle(), change(await readFile(bundle())));
    const other = await vaultIn(join(folder.path, 'other'));
    const imported = await other.importFrom(bundle());
    expect(imported.ok ? 'imported' : imported.error).toMatch(reason);
    expect(await filesIn(join(folder.path, 'other'))).toEqual([]);
  });

  test('with a path out of the vault is refused', async () => {
    const manifest = Buffer.from(
      '{"format":1,"artefacts":[{"path":"../evil","kind":"loader","sha256":"' +
        'a'.repeat(64) +
        '","sizeBytes":1,"origin":"","addedAt":""}]}',
    );
    const header = encodeTarHeader('crashcart-bundle.json', manifest.length, 0);
    await writeFile(
      bundle(),
      Buffer.concat([header.ok ? header.value : Buffer.alloc(0), manifest, Buffer.alloc(2048)]),
    );
    const vault = await vaultIn(inVault());
    expect(await vault.importFrom(bundle())).toMatchObject({
      ok: false,
      error: 'the list of files in the bundle is damaged',
    });
  });
});

test.each([
  ['by a bundle', (vault: Vault) => vault.importFrom(join(folder.path, 'bundle.tar'))],
  ['of any shape', (vault: Vault) => vault.addImage('cmdline', KEY, join(folder.path, 'in', 'cmd'), true)],
])('a command line that wipes does not come in %s', async (_name, bring) => {
  const file = join(folder.path, 'in', 'cmd');
  await writeFile(file, 'talos.platform=metal\n');
  const older = await vaultIn(inVault());
  const added = await older.addImage('cmdline', KEY, file);
  if (!added.ok) throw new Error(added.error);
  // As a version that did not look would have stored it.
  const text = 'talos.platform=metal talos.experimental.wipe=system\n';
  for (const path of [file, inVault(added.value.path)]) await writeFile(path, text);
  const sha256 = createHash('sha256').update(text).digest('hex');
  const index = inVault('index.json');
  const before = await readFile(index, 'utf8');
  await writeFile(
    index,
    before.replace(added.value.sha256, sha256).replace(/"sizeBytes":\s*\d+/, `"sizeBytes":${text.length}`),
  );
  expect((await older.exportTo(join(folder.path, 'bundle.tar'))).ok).toBe(true);
  const other = await vaultIn(join(folder.path, 'other'));
  expect(await bring(other)).toEqual({ ok: false, error: expect.stringContaining('"talos.experimental.wipe=system"') });
  expect(await other.list()).toEqual({ ok: true, value: [] });
});

describe('tar headers', () => {
  test.each([
    ['short', 'a/b', 5],
    ['over 100 characters', `talos/v1.14.0-alpha.1/${'a'.repeat(64)}/initramfs-amd64.xz`, 8_000_000_000],
  ])('of a %s name come back', (_name, name, sizeBytes) => {
    const header = encodeTarHeader(name, sizeBytes, 1_700_000_000);
    expect(header.ok && decodeTarHeader(header.value)).toEqual({ ok: true, value: { name, sizeBytes, kind: 'file' } });
  });

  test('of what does not fit are refused', () => {
    expect(encodeTarHeader('x'.repeat(300), 1, 0).ok).toBe(false);
    expect(encodeTarHeader('x', 9_000_000_000, 0).ok).toBe(false);
  });

  test('made of noise never throw', () => {
    const noise = createNoise(3);
    const good = encodeTarHeader('talos/x', 77, 0);
    for (let round = 0; round < 3000; round += 1) {
      const bytes = good.ok && round % 2 === 0 ? damaged(good.value, noise) : noise.bytes(512);
      const result = decodeTarHeader(bytes);
      if (result.ok && result.value !== undefined) expect(result.value.sizeBytes).toBeGreaterThanOrEqual(0);
    }
  });
});

describe('boot loaders of the system', () => {
  test.each([
    ['Debian 12', 'ipxe.efi', 'usr/lib/ipxe/ipxe.efi'],
    ['Debian 13', 'ipxe.efi', 'usr/lib/ipxe/ipxe-amd64.efi'],
    ['Debian', 'undionly.kpxe', 'usr/lib/ipxe/undionly.kpxe'],
    ['Debian 13, arm64', 'ipxe-arm64.efi', 'usr/lib/ipxe/ipxe-arm64.efi'],
    ['Fedora', 'ipxe.efi', 'usr/share/ipxe/ipxe-x86_64.efi'],
    ['Fedora, arm64', 'snponly-arm64.efi', 'usr/share/ipxe/arm64-efi/snponly.efi'],
    ['Arch', 'ipxe.efi', 'usr/share/ipxe/x86_64/ipxe.efi'],
    ['any, by its own name', 'intel.efi', 'usr/share/ipxe/intel.efi'],
  ])('are found on %s: %s', async (_name, name, place) => {
    const root = join(folder.path, 'root');
    await mkdir(join(root, place, '..'), { recursive: true });
    await writeFile(join(root, place), 'loader');
    const vault = await vaultIn(inVault(), root);
    expect(await vault.loader(name)).toMatchObject({ ok: true, value: { path: join(root, place), sizeBytes: 6 } });
  });

  test('give way to the vault’s own', async () => {
    const vault = await filled();
    expect(await vault.loader('ipxe.efi')).toMatchObject({ ok: true, value: { path: inVault('loaders', 'ipxe.efi') } });
  });

  test('that are nowhere are told with the package to install', async () => {
    const vault = await vaultIn(inVault(), folder.path);
    expect(await vault.loader('undionly.kpxe')).toMatchObject({
      ok: false,
      error: expect.stringMatching(/ipxe package/),
    });
  });
});

describe('a local file that cannot be the image', () => {
  test.each([
    ['a text as kernel', 'kernel', 'root:x:0:0\n', 'does not begin like its kind (Linux kernel)'],
    ['a kernel as initramfs', 'initramfs', 'MZ and so on', 'does not begin like its kind (initramfs)'],
    ['a kernel that was cut', 'kernel', 'MZ and so on', 'cannot be whole'],
    ['another command line', 'cmdline', 'quiet splash', 'holds no talos.platform='],
    [
      'a command line that wipes',
      'cmdline',
      `talos.platform=metal ${'x'.repeat(2000)} talos.experimental.wipe=system\n`,
      'it holds "talos.experimental.wipe=system", which this program alone sets',
    ],
    ['one with a configuration', 'cmdline', 'talos.platform=metal\ttalos.config.inline=AA', 'talos.config.inline=AA'],
    ['one that is none by its length', 'cmdline', `talos.platform=metal ${'x '.repeat(40_000)}`, '80021 bytes'],
  ] as const)('is not added: %s', async (_name, kind, text, why) => {
    const file = join(folder.path, 'in', 'given');
    await writeFile(file, text);
    const opened = await openVault(inVault());
    if (!opened.ok) throw new Error(opened.error);
    const added = await opened.value.addImage(kind, KEY, file);
    expect(added).toMatchObject({ ok: false, error: expect.stringContaining(why) });
    expect(await opened.value.list()).toEqual({ ok: true, value: [] });
    expect(await storedIn(inVault())).toEqual([]);
  });
});
