import type { Result } from '../core/result.ts';
import type { Inventory, SiteSpec } from '../core/spec.ts';
import { createDispatcher } from '../drivers/factory/http-dispatcher.ts';
import { type ImageFactory, openFactory } from '../drivers/factory/open-factory.ts';
import { type ImageKey, VANILLA_SCHEMATIC } from '../drivers/vault/artefact-name.ts';
import type { Vault } from '../drivers/vault/open-vault.ts';
import type { VaultEntry } from '../drivers/vault/vault-index.ts';
import { type CommandContext, EXIT, type ExitCode, flag, textOption, usageProblem } from './command.ts';
import { schematicsFile } from './image-keys.ts';
import { renderEntries } from './vault-lines.ts';

/** What every `images` verb works with, and how it says what came of it. */
export interface VaultCall {
  readonly context: CommandContext;
  readonly vault: Vault;
  /** Absent: there is none, or it has errors. */
  readonly site: SiteSpec | undefined;
  /** All machines; read when a verb needs them. Undefined: there is no valid one. */
  readonly inventory: () => Promise<Inventory | undefined>;
}

const FACTORY = 'https://factory.talos.dev';

export const factoryUrl = ({ context, site }: VaultCall): string =>
  textOption(context, 'factory') ?? site?.talos.factory ?? FACTORY;

export function factoryOf(call: VaultCall): ImageFactory {
  return openFactory({
    baseUrl: factoryUrl(call),
    dispatcher: createDispatcher(),
    cacheFile: schematicsFile(call.vault.directory),
  });
}

/** The images that the options name; what they leave out is the site's. */
export function namedKey({ context, site }: VaultCall): ImageKey {
  const version = textOption(context, 'version') ?? site?.talos.version;
  if (version === undefined) throw usageProblem('--version is needed: crashcart images add --version v1.13.9 …');
  const arch = textOption(context, 'arch') ?? 'amd64';
  if (arch !== 'amd64' && arch !== 'arm64') throw usageProblem(`--arch takes amd64 or arm64, not "${arch}"`);
  return {
    version,
    schematic: textOption(context, 'schematic') ?? site?.talos.schematic ?? VANILLA_SCHEMATIC,
    arch,
  };
}

export function showEntries(context: CommandContext, result: Result<readonly VaultEntry[]>, verb = ''): ExitCode {
  if (!result.ok) return sayNo(context, result.error);
  if (flag(context, 'json')) context.out(`${JSON.stringify(result.value, undefined, 2)}\n`);
  else if (result.value.length === 0)
    context.out(verb === '' ? 'the vault is empty: crashcart images pull\n' : `nothing ${verb}\n`);
  else context.out(`${verb === '' ? '' : `${verb}:\n`}${renderEntries(result.value)}\n`);
  return EXIT.done;
}

export function say(context: CommandContext, text: string): ExitCode {
  context.out(`${text}\n`);
  return EXIT.done;
}

export function sayNo(context: CommandContext, why: string): ExitCode {
  if (flag(context, 'json')) context.out(`${JSON.stringify({ error: why })}\n`);
  context.err(`crashcart: ${why}\n`);
  return EXIT.no;
}
