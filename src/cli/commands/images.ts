import { resolve } from 'node:path';
import { fail, type Result } from '../../core/result.ts';
import type { Arch, Inventory } from '../../core/spec.ts';
import { createDispatcher } from '../../drivers/factory/http-dispatcher.ts';
import { type ImageFactory, openFactory } from '../../drivers/factory/open-factory.ts';
import { type ImageKey, type ImageKind, VANILLA_SCHEMATIC } from '../../drivers/vault/artefact-name.ts';
import { openVault, type Vault } from '../../drivers/vault/open-vault.ts';
import type { VaultEntry } from '../../drivers/vault/vault-index.ts';
import { loadInventory } from '../../inventory/load-inventory.ts';
import {
  type Command,
  type CommandContext,
  cannotRun,
  EXIT,
  type ExitCode,
  flag,
  INVENTORY_OPTION,
  inventoryFolder,
  JSON_OPTION,
  textOption,
  usageProblem,
} from '../command.ts';
import { discoveryKeys, type NeededImages, neededKeys, pullKeys, schematicsFile } from '../image-keys.ts';
import { createProgressLine } from '../progress-line.ts';
import { unknownExtensions } from '../refused-extensions.ts';
import { megabytes, renderEntries } from '../vault-lines.ts';

const VERBS = ['list', 'pull', 'add', 'verify', 'prune', 'export', 'import', 'versions', 'extensions'] as const;
const FACTORY = 'https://factory.talos.dev';
const RELEASES = 'https://github.com/siderolabs/talos/releases/download';

export const imagesCommand: Command = {
  name: 'images',
  summary: 'the vault of kernels, initramfs and loaders: list, pull, add, verify, prune, export, import',
  usage: [
    'images list [--json]',
    'images pull [--version V --schematic ID --arch A]      (default: all that the inventory needs)',
    'images add --version V --schematic ID --arch A --kernel FILE --initramfs FILE [--cmdline FILE]',
    'images add --loader FILE [--name NAME]',
    'images verify | prune [--dry-run]',
    'images versions | extensions V [--json]                (what the image factory has)',
    'images export FILE.tar | import FILE.tar               (for a site without internet)',
  ],
  options: {
    ...INVENTORY_OPTION,
    ...JSON_OPTION,
    assets: { type: 'string', value: 'DIR', help: 'the vault (default: assetsDir of the site, or ./assets)' },
    version: { type: 'string', value: 'V', help: 'Talos version, v1.13.9 (add: default that of the site)' },
    schematic: {
      type: 'string',
      value: 'ID',
      help: 'schematic id of the image factory (default: that of the site, else plain Talos)',
    },
    arch: { type: 'string', value: 'ARCH', help: 'amd64 (default) or arm64' },
    kernel: { type: 'string', value: 'FILE', help: 'add: the kernel' },
    initramfs: { type: 'string', value: 'FILE', help: 'add: the initramfs' },
    cmdline: { type: 'string', value: 'FILE', help: 'add: the command line file of the factory' },
    uki: { type: 'string', value: 'FILE', help: 'add: a unified kernel image' },
    'secure-uki': { type: 'string', value: 'FILE', help: 'add: the signed unified kernel image for Secure Boot' },
    'secure-boot': { type: 'boolean', help: 'pull with --version: the signed UKI instead of kernel and initramfs' },
    'any-shape': { type: 'boolean', help: 'add: even what does not look like a kernel or an initramfs of Talos' },
    loader: { type: 'string', value: 'FILE', help: 'add: a boot loader (iPXE)' },
    name: { type: 'string', value: 'NAME', help: 'add --loader: its name (default: that of the file)' },
    factory: { type: 'string', value: 'URL', help: 'image factory (default: that of the site)' },
    release: { type: 'boolean', help: 'pull: from the release assets, with their sha256sum.txt (plain Talos only)' },
    'dry-run': { type: 'boolean', help: 'prune: say what would go' },
  },
  completes: VERBS,
  run: async (context) => {
    const [verb = 'list', ...rest] = context.words;
    if (!VERBS.some((one) => one === verb)) throw usageProblem(`images takes ${VERBS.join(', ')}, not "${verb}"`);
    const { inventory } = await loadInventory(inventoryFolder(context)).catch(() => ({ inventory: undefined }));
    const vault = await openVault(assetsFolder(context, inventory));
    if (!vault.ok) throw cannotRun(vault.error);
    return runVerb(context, verb as (typeof VERBS)[number], rest, vault.value, inventory);
  },
};

export function assetsFolder(context: CommandContext, inventory: Inventory | undefined): string {
  const given = textOption(context, 'assets') ?? context.env.CRASHCART_ASSETS;
  if (given !== undefined) return resolve(given);
  const named = inventory?.site.assetsDir;
  return named === undefined ? resolve('assets') : resolve(inventoryFolder(context), named);
}

async function runVerb(
  context: CommandContext,
  verb: (typeof VERBS)[number],
  words: readonly string[],
  vault: Vault,
  inventory: Inventory | undefined,
): Promise<ExitCode> {
  switch (verb) {
    case 'list':
      return showEntries(context, await vault.list());
    case 'versions':
      return showVersions(context, factoryOf(context, vault, inventory));
    case 'extensions': {
      const version = words[0] ?? textOption(context, 'version') ?? inventory?.site.talos.version;
      if (version === undefined) throw usageProblem('images extensions takes a version: images extensions v1.13.9');
      return showExtensions(context, factoryOf(context, vault, inventory), version);
    }
    case 'add':
      return addFiles(context, vault, inventory);
    case 'pull':
      return pull(context, vault, inventory);
    case 'verify':
      return verify(context, vault);
    case 'prune':
      if (inventory === undefined)
        throw usageProblem('prune keeps what the inventory needs, and there is no valid inventory: crashcart check');
      return showEntries(
        context,
        await vault.prune(await knownKeys(context, vault, inventory), flag(context, 'dry-run')),
        flag(context, 'dry-run') ? 'would be removed' : 'removed',
      );
    case 'export': {
      const file = words[0] ?? '';
      if (file === '') throw usageProblem('images export takes the name of the file to write');
      const progress = createProgressLine(context.err, 'export');
      const done = await vault.exportTo(
        file,
        inventory === undefined ? undefined : await knownKeys(context, vault, inventory),
        progress.update,
      );
      progress.end();
      return done.ok
        ? say(context, `${done.value.file}: ${done.value.entries.length} files, ${megabytes(done.value.sizeBytes)}`)
        : no(context, done.error);
    }
    case 'import': {
      const file = words[0] ?? '';
      if (file === '') throw usageProblem('images import takes the bundle that `images export` wrote');
      const progress = createProgressLine(context.err, 'import');
      const done = await vault.importFrom(file, progress.update);
      progress.end();
      return showEntries(context, done, 'imported');
    }
  }
}

function keyOf(context: CommandContext, inventory: Inventory | undefined): ImageKey {
  const version = textOption(context, 'version') ?? inventory?.site.talos.version;
  if (version === undefined) throw usageProblem('--version is needed: crashcart images add --version v1.13.9 …');
  const arch = textOption(context, 'arch') ?? 'amd64';
  if (arch !== 'amd64' && arch !== 'arm64') throw usageProblem(`--arch takes amd64 or arm64, not "${arch}"`);
  return {
    version,
    schematic: textOption(context, 'schematic') ?? inventory?.site.talos.schematic ?? VANILLA_SCHEMATIC,
    arch: arch as Arch,
  };
}

async function addFiles(context: CommandContext, vault: Vault, inventory: Inventory | undefined): Promise<ExitCode> {
  const added: VaultEntry[] = [];
  const loader = textOption(context, 'loader');
  if (loader !== undefined) {
    const name = textOption(context, 'name') ?? loader.split('/').at(-1) ?? loader;
    const one = await vault.addLoader(name, loader);
    if (!one.ok) return no(context, one.error);
    added.push(one.value);
  }
  for (const kind of ['kernel', 'initramfs', 'cmdline', 'uki', 'secureUki'] as const) {
    const file = textOption(context, kind === 'secureUki' ? 'secure-uki' : kind);
    if (file === undefined) continue;
    const one = await vault.addImage(kind, keyOf(context, inventory), file, flag(context, 'any-shape'));
    if (!one.ok)
      return no(
        context,
        /does not begin|cannot be whole/.test(one.error)
          ? `${one.error} (--any-shape takes it all the same)`
          : one.error,
      );
    added.push(one.value);
  }
  if (added.length === 0)
    throw usageProblem('images add takes --kernel and --initramfs with --version, or --loader FILE');
  return showEntries(context, { ok: true, value: added }, 'added');
}

/** For pruning and exporting, which ask no network: an id that is not remembered is no image that is not needed. */
async function knownKeys(context: CommandContext, vault: Vault, inventory: Inventory): Promise<readonly ImageKey[]> {
  const factory = factoryOf(context, vault, inventory);
  const keys = await neededKeys(inventory, factory.knownSchematicId);
  if (!keys.ok) throw cannotRun(`which images are needed is not known: ${keys.error}`);
  return [...keys.value, ...discoveryKeys(inventory)];
}

function factoryOf(context: CommandContext, vault: Vault, inventory: Inventory | undefined): ImageFactory {
  return openFactory({
    baseUrl: textOption(context, 'factory') ?? inventory?.site.talos.factory ?? FACTORY,
    dispatcher: createDispatcher(),
    cacheFile: schematicsFile(vault.directory),
  });
}

async function showVersions(context: CommandContext, factory: ImageFactory): Promise<ExitCode> {
  const versions = await factory.versions();
  if (!versions.ok) return no(context, versions.error);
  context.out(
    flag(context, 'json') ? `${JSON.stringify(versions.value, undefined, 2)}\n` : `${versions.value.join('\n')}\n`,
  );
  return EXIT.done;
}

async function showExtensions(context: CommandContext, factory: ImageFactory, version: string): Promise<ExitCode> {
  const found = await factory.extensions(version);
  if (!found.ok) return no(context, found.error);
  const rows = found.value.map((one) => `${one.name.padEnd(40)} ${one.description.split('\n', 1)[0] ?? ''}`.trimEnd());
  context.out(flag(context, 'json') ? `${JSON.stringify(found.value, undefined, 2)}\n` : `${rows.join('\n')}\n`);
  return EXIT.done;
}

async function pulledKeys(
  context: CommandContext,
  vault: Vault,
  inventory: Inventory,
): Promise<readonly NeededImages[]> {
  const factory = factoryOf(context, vault, inventory);
  const keys = await neededKeys(inventory, async (wish, version) => {
    const id = await factory.schematicId(wish);
    const unknown = id.ok ? [] : await unknownExtensions(factory, wish, version);
    return unknown.length === 0 ? id : fail(unknown.join('; '));
  });
  if (!keys.ok) throw cannotRun(keys.error);
  return keys.value;
}

async function pull(context: CommandContext, vault: Vault, inventory: Inventory | undefined): Promise<ExitCode> {
  const one = textOption(context, 'version') !== undefined || inventory === undefined;
  const kinds: readonly ImageKind[] = flag(context, 'secure-boot') ? ['secureUki'] : ['kernel', 'initramfs', 'cmdline'];
  const keys = one
    ? [{ ...keyOf(context, inventory), kinds }]
    : pullKeys(await pulledKeys(context, vault, inventory), inventory);
  if (keys.length === 0) throw usageProblem(nothingToPull(inventory));
  const baseUrl = textOption(context, 'factory') ?? inventory?.site.talos.factory ?? FACTORY;
  const source = flag(context, 'release')
    ? ({ from: 'release', baseUrl: textOption(context, 'factory') ?? RELEASES } as const)
    : ({ from: 'factory', baseUrl } as const);
  const failures: string[] = [];
  for (const key of keys) {
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
    if (showEntries(context, pulled, 'pulled') !== EXIT.done)
      failures.push(`${title}${pulled.ok ? '' : `: ${pulled.error}`}`);
  }
  // One version that the factory does not have must not leave the other machines without theirs.
  if (failures.length > 0 && keys.length > 1)
    context.err(`crashcart: ${failures.length} of ${keys.length} could not be pulled:\n  ${failures.join('\n  ')}\n`);
  return failures.length === 0 ? EXIT.done : EXIT.no;
}

function nothingToPull(inventory: Inventory | undefined): string {
  if (inventory === undefined || inventory.nodes.length > 0)
    return 'the inventory names no Talos version: give --version';
  if (inventory.site.unknown === 'discover')
    return 'discovery boots Talos, and the site names no version: give --version';
  return 'the inventory has no machines that boot anything: give --version';
}

async function verify(context: CommandContext, vault: Vault): Promise<ExitCode> {
  const progress = createProgressLine(context.err, 'verify');
  const checked = await vault.verify(progress.update);
  progress.end();
  if (!checked.ok) return no(context, checked.error);
  const bad = checked.value.filter((one) => one.is !== 'intact');
  if (flag(context, 'json')) context.out(`${JSON.stringify(checked.value, undefined, 2)}\n`);
  else for (const one of bad) context.out(`${one.is.toUpperCase()} ${one.entry.path}: pull or add it again\n`);
  if (bad.length > 0) return EXIT.no;
  return flag(context, 'json') ? EXIT.done : say(context, `${checked.value.length} files are intact`);
}

function showEntries(context: CommandContext, result: Result<readonly VaultEntry[]>, verb = ''): ExitCode {
  if (!result.ok) return no(context, result.error);
  if (flag(context, 'json')) context.out(`${JSON.stringify(result.value, undefined, 2)}\n`);
  else if (result.value.length === 0)
    context.out(verb === '' ? 'the vault is empty: crashcart images pull\n' : `nothing ${verb}\n`);
  else context.out(`${verb === '' ? '' : `${verb}:\n`}${renderEntries(result.value)}\n`);
  return EXIT.done;
}

function say(context: CommandContext, text: string): ExitCode {
  context.out(`${text}\n`);
  return EXIT.done;
}

function no(context: CommandContext, why: string): ExitCode {
  context.err(`crashcart: ${why}\n`);
  return EXIT.no;
}
