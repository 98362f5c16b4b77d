import { ok } from '../core/result.ts';
import type { VaultEntry } from '../drivers/vault/vault-index.ts';
import { type ExitCode, flag, textOption, usageProblem } from './command.ts';
import { namedKey, sayNo, showEntries, type VaultCall } from './vault-call.ts';

const KINDS = ['kernel', 'initramfs', 'cmdline', 'uki', 'secureUki'] as const;

/** `images add`: local files, each checked for what it should be. */
export async function addToVault(call: VaultCall): Promise<ExitCode> {
  const { context, vault } = call;
  const added: VaultEntry[] = [];
  const loader = textOption(context, 'loader');
  if (loader !== undefined) {
    const name = textOption(context, 'name') ?? loader.split('/').at(-1) ?? loader;
    const one = await vault.addLoader(name, loader);
    if (!one.ok) return sayNo(context, one.error);
    added.push(one.value);
  }
  for (const kind of KINDS) {
    const file = textOption(context, kind === 'secureUki' ? 'secure-uki' : kind);
    if (file === undefined) continue;
    const one = await vault.addImage(kind, namedKey(call), file, flag(context, 'any-shape'));
    if (!one.ok)
      return sayNo(context, `${one.error}${isShape(one.error) ? ' (--any-shape takes it all the same)' : ''}`);
    added.push(one.value);
  }
  if (added.length === 0)
    throw usageProblem('images add takes --kernel and --initramfs with --version, or --loader FILE');
  return showEntries(context, ok(added), 'added');
}

const isShape = (why: string): boolean => /does not begin|cannot be whole/.test(why);
