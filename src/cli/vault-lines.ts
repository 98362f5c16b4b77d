import type { VaultEntry } from '../drivers/vault/vault-index.ts';

/** What lies in the vault, for a person: by version and schematic, within 80 columns. `--json` has all of it. */
export function renderEntries(entries: readonly VaultEntry[]): string {
  const groups = new Map<string, VaultEntry[]>();
  for (const entry of entries) {
    const group = groups.get(titleOf(entry));
    if (group === undefined) groups.set(titleOf(entry), [entry]);
    else group.push(entry);
  }
  return [...groups].flatMap(([title, group]) => [title, ...group.map(lineOf)]).join('\n');
}

function titleOf({ kind, version, arch, schematic, origin }: VaultEntry): string {
  if (kind === 'loader') return 'boot loaders';
  const from = /^https?:/.test(origin) ? ` from ${new URL(origin).host}` : '';
  return `Talos ${version} ${arch}${from}\n  schematic ${schematic}`;
}

function lineOf({ path, sizeBytes, sha256, addedAt }: VaultEntry): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return `  ${name.padEnd(32)} ${megabytes(sizeBytes).padStart(9)}  ${addedAt.slice(0, 10)}  ${sha256.slice(0, 16)}`;
}

export const megabytes = (bytes: number): string => (bytes < 1e5 ? `${bytes} B` : `${(bytes / 1e6).toFixed(1)} MB`);
