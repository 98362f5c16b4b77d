import { openVault } from '../../drivers/vault/open-vault.ts';
import { loadInventory } from '../../inventory/load-inventory.ts';
import { loadSite } from '../../inventory/load-site.ts';
import { addToVault } from '../add-to-vault.ts';
import { assetsFolder } from '../assets-folder.ts';
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
import { notesOf } from '../engine-notes.ts';
import { exportVault, importVault, pruneVault, verifyVault } from '../keep-vault.ts';
import { pullVault } from '../pull-vault.ts';
import { factoryOf, sayNo, showEntries, type VaultCall } from '../vault-call.ts';

const VERBS = ['list', 'pull', 'add', 'verify', 'prune', 'export', 'import', 'versions', 'extensions'] as const;
type Verb = (typeof VERBS)[number];
const TAKES_ONE: ReadonlySet<Verb> = new Set<Verb>(['export', 'import', 'extensions']);

export const imagesCommand: Command = {
  name: 'images',
  summary: 'the vault of kernels, initramfs and loaders: pull, add, verify, prune, carry along',
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
    const [word = 'list', ...words] = context.words;
    const verb = VERBS.find((one) => one === word);
    if (verb === undefined) throw usageProblem(`images takes ${VERBS.join(', ')}, not "${word}"`);
    const surplus = words[TAKES_ONE.has(verb) ? 1 : 0];
    if (surplus !== undefined) throw usageProblem(`images ${verb}: "${surplus}" is a word too many`);
    const folder = inventoryFolder(context);
    const site = loadSite(folder);
    const assets = assetsFolder(context, site);
    const served = servedElsewhere(context, folder, assets);
    if (served !== undefined) context.err(`crashcart: ${served}\n`);
    const vault = await openVault(assets);
    if (!vault.ok) throw cannotRun(vault.error);
    const inventory = async () => (await loadInventory(folder)).inventory;
    return runVerb(verb, words, { context, vault: vault.value, site, inventory });
  },
};

/** The file names another vault by now than the engine was started with, or is broken. */
function servedElsewhere(context: CommandContext, folder: string, assets: string): string | undefined {
  const notes = notesOf(context.env, folder);
  const [note] = notes;
  if (note === undefined || textOption(context, 'assets') !== undefined) return undefined;
  return notes.some((one) => one.assets === assets)
    ? undefined
    : `this is the vault ${assets}; the engine that runs (pid ${note.pid}) sends machines what is in ${note.assets} until its restart: --assets ${note.assets}`;
}

async function runVerb(verb: Verb, words: readonly string[], call: VaultCall): Promise<ExitCode> {
  switch (verb) {
    case 'list':
      return showEntries(call.context, await call.vault.list());
    case 'versions':
      return showVersions(call);
    case 'extensions':
      return showExtensions(call, words[0]);
    case 'add':
      return addToVault(call);
    case 'pull':
      return pullVault(call);
    case 'verify':
      return verifyVault(call);
    case 'prune':
      return pruneVault(call);
    case 'export':
      return exportVault(call, words[0]);
    case 'import':
      return importVault(call, words[0]);
  }
}

async function showVersions(call: VaultCall): Promise<ExitCode> {
  const { context } = call;
  const versions = await factoryOf(call).versions();
  if (!versions.ok) return sayNo(context, versions.error);
  context.out(
    flag(context, 'json') ? `${JSON.stringify(versions.value, undefined, 2)}\n` : `${versions.value.join('\n')}\n`,
  );
  return EXIT.done;
}

async function showExtensions(call: VaultCall, named: string | undefined): Promise<ExitCode> {
  const { context, site } = call;
  const version = named ?? textOption(context, 'version') ?? site?.talos.version;
  if (version === undefined) throw usageProblem('images extensions takes a version: images extensions v1.13.9');
  const found = await factoryOf(call).extensions(version);
  if (!found.ok) return sayNo(context, found.error);
  const rows = found.value.map((one) => `${one.name.padEnd(40)} ${one.description.split('\n', 1)[0] ?? ''}`.trimEnd());
  context.out(flag(context, 'json') ? `${JSON.stringify(found.value, undefined, 2)}\n` : `${rows.join('\n')}\n`);
  return EXIT.done;
}
