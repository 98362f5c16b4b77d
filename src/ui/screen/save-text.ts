import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fail, ok, type Result } from '../../core/result.ts';

/** Files that the operator asked for, in one private folder of this session: logs may hold addresses and serial numbers. */
export function createTextSaver(): (name: string, text: string) => Promise<Result<string>> {
  let folder: Promise<string> | undefined;
  return async (name, text) => {
    try {
      folder ??= mkdtemp(join(tmpdir(), 'crashcart-'));
      const file = join(await folder, name.replace(/[^\w.-]/g, '_'));
      await writeFile(file, text, { mode: 0o600 });
      return ok(file);
    } catch (error) {
      folder = undefined;
      return fail(`not saved: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
}
