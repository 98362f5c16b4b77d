import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

/** Programs of the system's administrator are often not on the path of a service or a user. */
const MORE = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/local/bin', '/usr/bin', '/bin'];

export function findProgram(name: string, path: string | undefined): string | undefined {
  for (const folder of [...(path ?? '').split(':').filter((one) => one.startsWith('/')), ...MORE]) {
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // The next folder.
    }
  }
  return undefined;
}
