import type { ImageKey } from '../drivers/vault/artefact-name.ts';
import { cannotRun, EXIT, type ExitCode, flag, usageProblem } from './command.ts';
import { discoveryKeys, neededKeys } from './image-keys.ts';
import { createProgressLine } from './progress-line.ts';
import { factoryOf, say, sayNo, showEntries, type VaultCall } from './vault-call.ts';
import { megabytes } from './vault-lines.ts';

/** `images verify`, `prune`, `export` and `import`: the vault as a whole, without asking any network. */

/** An id that is not remembered is no image that is not needed. */
async function knownKeys(call: VaultCall): Promise<readonly ImageKey[] | undefined> {
  const inventory = await call.inventory();
  if (inventory === undefined) return undefined;
  const keys = await neededKeys(inventory, factoryOf(call).knownSchematicId);
  if (!keys.ok) throw cannotRun(`which images are needed is not known: ${keys.error}`);
  return [...keys.value, ...discoveryKeys(inventory)];
}

const WHAT_HELPS = {
  missing: 'pull or add it again',
  damaged: 'pull or add it again',
  unreadable: 'let this user read it (chmod a+r, and a+rx its folders)',
} as const;

export async function verifyVault({ context, vault }: VaultCall): Promise<ExitCode> {
  const progress = createProgressLine(context.err, 'verify');
  const checked = await vault.verify(progress.update);
  progress.end();
  if (!checked.ok) return sayNo(context, checked.error);
  const bad = checked.value.flatMap(({ entry, is }) => (is === 'intact' ? [] : [{ entry, is }]));
  if (flag(context, 'json')) context.out(`${JSON.stringify(checked.value, undefined, 2)}\n`);
  else for (const one of bad) context.out(`${one.is.toUpperCase()} ${one.entry.path}: ${WHAT_HELPS[one.is]}\n`);
  if (bad.length > 0) return EXIT.no;
  return flag(context, 'json') ? EXIT.done : say(context, `${checked.value.length} files are intact`);
}

export async function pruneVault(call: VaultCall): Promise<ExitCode> {
  const needed = await knownKeys(call);
  if (needed === undefined)
    throw usageProblem('prune keeps what the inventory needs, and there is no valid inventory: crashcart check');
  const dryRun = flag(call.context, 'dry-run');
  return showEntries(call.context, await call.vault.prune(needed, dryRun), dryRun ? 'would be removed' : 'removed');
}

export async function exportVault(call: VaultCall, file: string | undefined): Promise<ExitCode> {
  const { context, vault } = call;
  if (file === undefined || file === '') throw usageProblem('images export takes the name of the file to write');
  const needed = await knownKeys(call);
  const progress = createProgressLine(context.err, 'export');
  const done = await vault.exportTo(file, needed, progress.update);
  progress.end();
  if (!done.ok) return sayNo(context, done.error);
  const { entries, sizeBytes } = done.value;
  return say(context, `${done.value.file}: ${entries.length} files, ${megabytes(sizeBytes)}`);
}

export async function importVault({ context, vault }: VaultCall, file: string | undefined): Promise<ExitCode> {
  if (file === undefined || file === '')
    throw usageProblem('images import takes the bundle that `images export` wrote');
  const progress = createProgressLine(context.err, 'import');
  const done = await vault.importFrom(file, progress.update);
  progress.end();
  return showEntries(context, done, 'imported');
}
