import { join } from 'node:path';
import { isReserved, whyNoCmdline } from '../core/reserved-argument.ts';
import type { Result } from '../core/result.ts';
import type { Vault } from '../drivers/vault/open-vault.ts';
import type { VaultEntry } from '../drivers/vault/vault-index.ts';
import { checkArgs } from '../talos/kernel-args.ts';
import type { ServedFile } from './served-file.ts';

/** What the view of the vault remembers of a file. */
interface Judged {
  readonly note: (entry: VaultEntry, isFine: boolean) => void;
  readonly refuse: (entry: VaultEntry, why: string) => void;
  readonly accept: (entry: VaultEntry) => void;
}

/** What the image factory gives beside its images, and strangers and plans put on the kernel's line. */
export interface Cmdlines {
  readonly read: (entry: VaultEntry) => Promise<Result<string>>;
  /** For strangers; returns what is wrong with it. */
  readonly refresh: (entry: VaultEntry) => Promise<string | undefined>;
  readonly of: (entry: VaultEntry | undefined) => readonly string[] | undefined;
  readonly served: () => Iterable<ServedFile>;
}

const STRANGERS = 'strangers boot without it, and no plan is made';

export function createCmdlines(vault: Vault, judged: Judged): Cmdlines {
  const forStrangers = new Map<string, readonly string[]>();
  const intact = new Map<string, ServedFile>();

  /** Read whole whenever it is wanted: an edited one is used by nobody. */
  const read = async (entry: VaultEntry): Promise<Result<string>> => {
    const about = { indexed: true, isBroken: false, readAtMs: Date.now() };
    const text = await vault.text(entry);
    judged.note(entry, text.ok);
    const { path, sha256, sizeBytes } = entry;
    if (text.ok) intact.set(path, { path: join(vault.directory, path), sha256, sizeBytes, ...about });
    else intact.delete(path);
    return text;
  };

  return {
    read,
    async refresh(entry) {
      const text = await read(entry);
      forStrangers.delete(entry.path);
      if (!text.ok) return `${text.error}; until then ${STRANGERS}`;
      const args = text.value.split(/\s+/).filter((arg) => arg !== '' && !isReserved(arg));
      const checked = checkArgs(args);
      if (checked.ok) forStrangers.set(entry.path, checked.value);
      const why = whyNoCmdline(text.value) ?? (checked.ok ? undefined : checked.error);
      if (why === undefined) {
        judged.accept(entry);
        return undefined;
      }
      const problem = `${entry.path}: ${why}; ${STRANGERS}`;
      judged.refuse(entry, problem);
      return problem;
    },
    of: (entry) => (entry === undefined ? undefined : forStrangers.get(entry.path)),
    served: () => intact.values(),
  };
}
