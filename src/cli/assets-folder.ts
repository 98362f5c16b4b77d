import { resolve } from 'node:path';
import type { SiteSpec } from '../core/spec.ts';
import { type CommandContext, inventoryFolder, textOption } from './command.ts';

/** Where the images are. In a file of its own: whoever only asks that has no use for the client that fetches them. */
export function assetsFolder(context: CommandContext, site: SiteSpec | undefined): string {
  const given = textOption(context, 'assets') ?? context.env.CRASHCART_ASSETS;
  if (given !== undefined) return resolve(given);
  const named = site?.assetsDir;
  return named === undefined ? resolve('assets') : resolve(inventoryFolder(context), named);
}

/** Variable of a program that became another user: which folders root took from the site's file, and not from the command line. */
export const SETTLED_BY_SITE = 'CRASHCART_SETTLED_BY_SITE';
