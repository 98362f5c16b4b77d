import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { explainUnread } from '../../../src/drivers/vault/explain-unread.ts';
import { openVault, type Vault } from '../../../src/drivers/vault/open-vault.ts';
import { createNoise } from '../../talos/noise.ts';
import { KEY, makeFolder, vaultIn } from './vault-fixture.ts';

/** Images that root pulled under a strict umask, and a service that runs as somebody else. */

const NOBODY = 65_534;
let folder: Awaited<ReturnType<typeof makeFolder>>;
let vault: Vault;
let path: string;

beforeEach(async () => {
  folder = await makeFolder();
  await chmod(folder.path, 0o755);
  path = join(folder.path, 'vault');
  const kernel = join(folder.path, 'vmlinuz');
  await writeFile(kernel, createNoise(1).bytes(70_001));
  vault = await vaultIn(path);
  await vault.addImage('kernel', KEY, kernel);
});
afterEach(() => folder.remove());

/** Root may read everything. */
async function asOther<T>(work: () => Promise<T>): Promise<T> {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(NOBODY);
  try {
    return await work();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

test('an image that this user may not read is told with what helps, and need not be pulled again', async () => {
  const listed = await vault.list();
  const [entry] = listed.ok ? listed.value : [];
  if (entry === undefined) throw new Error('no entry');
  const file = join(path, entry.path);
  await chmod(file, 0o200);
  const [proven, verified] = await asOther(async () => [await vault.prove(entry), await vault.verify()] as const);
  expect(proven).toEqual({
    ok: false,
    error: `${file} may not be read by this user (EACCES): chmod a+r ${file}, or chown it to that user`,
  });
  expect(verified.ok && verified.value.map((one) => one.is)).toEqual(['unreadable']);
});

test('an index that it may not read, or a folder that it may not pass, is told so too', async () => {
  const index = join(path, 'index.json');
  const barred = (what: string) =>
    `cannot read the vault's index: ${index} may not be read by this user (EACCES): ${what}, or chown it to that user`;
  await chmod(index, 0o200);
  expect(await asOther(() => openVault(path))).toEqual({ ok: false, error: barred(`chmod a+r ${index}`) });
  await chmod(path, 0o600);
  expect(await asOther(() => openVault(path))).toEqual({ ok: false, error: barred(`chmod a+rx ${path}`) });
  await chmod(path, 0o700);
});

test.each<readonly [string, string]>([
  ['ENOENT', '/v/x is not there. Pull it'],
  ['EIO', '/v/x cannot be read (EIO): see dmesg and check the drive. Pull it'],
  ['EISDIR', '/v/x cannot be read: EISDIR said the kernel. Pull it'],
])('what cannot be read for %s is told with another remedy', (code, expected) => {
  const error = Object.assign(new Error(`${code} said the kernel`), { code });
  expect(explainUnread('/v/x', error, 'Pull it')).toBe(expected);
});
