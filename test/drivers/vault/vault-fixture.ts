import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openVault, type Vault } from '../../../src/drivers/vault/open-vault.ts';

export const SCHEMATIC = '376567988ad370138ad8b2698212367b8edcb69b5fd68c80be1f2ec7d603b4ba';
export const OTHER_SCHEMATIC = 'ab'.repeat(32);
export const KEY = { version: 'v1.13.9', schematic: SCHEMATIC, arch: 'amd64' } as const;
export const NOW = () => new Date('2026-08-21T10:00:00Z');

export async function makeFolder(): Promise<{ readonly path: string; readonly remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'crashcart-vault-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

export async function vaultIn(path: string, systemRoot?: string): Promise<Vault> {
  const vault = await openVault(path, {
    now: NOW,
    anyShape: true,
    ...(systemRoot === undefined ? {} : { systemRoot }),
  });
  if (!vault.ok) throw new Error(vault.error);
  return vault.value;
}

/** What is in the vault; parts of downloads that a later pull goes on with are not. */
export async function storedIn(path: string): Promise<string[]> {
  return (await filesIn(path)).filter((name) => !name.startsWith('.incoming/'));
}

/** Every file below the folder, without the index. */
export async function filesIn(path: string): Promise<string[]> {
  const all = await readdir(path, { recursive: true, withFileTypes: true });
  return all
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name).slice(path.length + 1))
    .filter((name) => name !== 'index.json')
    .sort();
}
