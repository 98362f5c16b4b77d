import { fail } from '../core/result.ts';
import type { Inventory } from '../core/spec.ts';
import { createDispatcher } from '../drivers/factory/http-dispatcher.ts';
import type { ImageKind } from '../drivers/vault/artefact-name.ts';
import type { VaultEntry } from '../drivers/vault/vault-index.ts';
import { cannotRun, EXIT, type ExitCode, flag, textOption, usageProblem } from './command.ts';
import { type NeededImages, neededKeys, pullKeys } from './image-keys.ts';
import { createProgressLine } from './progress-line.ts';
import { unknownExtensions } from './refused-extensions.ts';
import { factoryOf, factoryUrl, namedKey, showEntries, type VaultCall } from './vault-call.ts';

const RELEASES = 'https://github.com/siderolabs/talos/releases/download';

/** `images pull`: what the options name, or all that the inventory needs. */
export async function pullVault(call: VaultCall): Promise<ExitCode> {
  const { context } = call;
  const keys = await wantedKeys(call);
  const failures: string[] = [];
  const pulled: VaultEntry[] = [];
  for (const key of keys) {
    const { entries, failure } = await pullOne(call, key);
    pulled.push(...entries);
    if (failure !== undefined) failures.push(failure);
  }
  // One document of all, as whoever reads it takes no more than one.
  if (flag(context, 'json')) {
    const said = failures.length === 0 ? pulled : { error: failures.join('; '), pulled };
    context.out(`${JSON.stringify(said, undefined, 2)}\n`);
  }
  // One version that the factory does not have must not leave the other machines without theirs.
  if (failures.length > 0 && keys.length > 1)
    context.err(`crashcart: ${failures.length} of ${keys.length} could not be pulled:\n  ${failures.join('\n  ')}\n`);
  return failures.length === 0 ? EXIT.done : EXIT.no;
}

async function wantedKeys(call: VaultCall): Promise<readonly NeededImages[]> {
  const { context } = call;
  if (textOption(context, 'version') !== undefined) return [namedImages(call)];
  const inventory = await call.inventory();
  if (inventory === undefined) {
    if (call.site === undefined) return [namedImages(call)];
    throw usageProblem('the inventory has errors (crashcart check): mend it, or give --version');
  }
  const keys = pullKeys(await inventoryKeys(call, inventory), inventory);
  if (keys.length === 0) throw usageProblem(nothingToPull(inventory));
  return keys;
}

function namedImages(call: VaultCall): NeededImages {
  const kinds: readonly ImageKind[] = flag(call.context, 'secure-boot')
    ? ['secureUki']
    : ['kernel', 'initramfs', 'cmdline'];
  return { ...namedKey(call), kinds };
}

async function inventoryKeys(call: VaultCall, inventory: Inventory): Promise<readonly NeededImages[]> {
  const factory = factoryOf(call);
  const keys = await neededKeys(inventory, async (wish, version) => {
    const id = await factory.schematicId(wish);
    const unknown = id.ok ? [] : await unknownExtensions(factory, wish, version);
    return unknown.length === 0 ? id : fail(unknown.join('; '));
  });
  if (!keys.ok) throw cannotRun(keys.error);
  return keys.value;
}

interface Pulled {
  readonly entries: readonly VaultEntry[];
  /** Undefined: all of it is there now. */
  readonly failure?: string;
}

async function pullOne(call: VaultCall, key: NeededImages): Promise<Pulled> {
  const { context, vault } = call;
  const source = flag(context, 'release')
    ? ({ from: 'release', baseUrl: textOption(context, 'factory') ?? RELEASES } as const)
    : ({ from: 'factory', baseUrl: factoryUrl(call) } as const);
  const title = `Talos ${key.version} ${key.arch} schematic ${key.schematic.slice(0, 12)}`;
  context.err(`${title} from ${source.baseUrl}\n`);
  const progress = createProgressLine(context.err, 'pull');
  const pulled = await vault.pull({
    ...key,
    source,
    dispatcher: createDispatcher(),
    onRetry: (kind, reason) => {
      progress.end();
      context.err(`${kind}: ${reason}; trying again\n`);
    },
    onProgress: (kind, at) => progress.update(at.receivedBytes, at.totalBytes ?? 0, kind, at.resumedBytes),
  });
  progress.end();
  if (pulled.ok && key.kinds.includes('cmdline') && !pulled.value.some((entry) => entry.kind === 'cmdline'))
    context.err('there is no command line file for it: the known default of this version is used\n');
  if (!pulled.ok) {
    context.err(`crashcart: ${pulled.error}\n`);
    return { entries: [], failure: `${title}: ${pulled.error}` };
  }
  if (!flag(context, 'json')) showEntries(context, pulled, 'pulled');
  return { entries: pulled.value };
}

function nothingToPull({ nodes, site }: Inventory): string {
  if (nodes.length > 0) return 'the inventory names no Talos version: give --version';
  if (site.unknown === 'discover') return 'discovery boots Talos, and the site names no version: give --version';
  return 'the inventory has no machines that boot anything: give --version';
}
