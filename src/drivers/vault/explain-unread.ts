import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { codeOf, messageOf } from './vault-error.ts';

/** What is there and may not be read need not come again: whoever may read it has to be told. */
export const isBarred = (error: unknown): boolean => ['EACCES', 'EPERM'].includes(codeOf(error));

/** Why a file of the vault cannot be read, and what helps; `again`: what helps where it is lost. */
export function explainUnread(path: string, error: unknown, again: string): string {
  const code = codeOf(error);
  if (isBarred(error)) {
    const barred = barredFolder(path);
    const what = barred === undefined ? `chmod a+r ${path}` : `chmod a+rx ${barred}`;
    return `${path} may not be read by this user (${code}): ${what}, or chown it to that user`;
  }
  if (code === 'ENOENT') return `${path} is not there. ${again}`;
  if (code === 'EIO') return `${path} cannot be read (EIO): see dmesg and check the drive. ${again}`;
  return `${path} cannot be read: ${messageOf(error)}. ${again}`;
}

/** The first folder on the way that this user may not pass; undefined: it is the file itself. */
function barredFolder(path: string): string | undefined {
  const folder = dirname(path);
  if (folder === path) return undefined;
  const above = barredFolder(folder);
  if (above !== undefined) return above;
  try {
    // To name itself from within takes the right to pass it.
    statSync(`${folder}/.`);
    return undefined;
  } catch {
    return folder;
  }
}
