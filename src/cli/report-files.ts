import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fail, ok, type Result } from '../core/result.ts';

export interface ReportFile {
  readonly name: string;
  readonly content: string | Uint8Array;
}

/** All of them or none: a report that somebody has edited or signed is not written over. */
export function writeReport(dir: string, files: readonly ReportFile[], force: boolean): Result<readonly string[]> {
  const odd = files.find((file) => basename(file.name) !== file.name);
  if (odd !== undefined) return fail(`"${odd.name}" is no name for a file`);
  try {
    const there = force ? undefined : files.find((file) => existsSync(join(dir, file.name)));
    if (there !== undefined)
      return fail(`${join(dir, there.name)} exists already; give another folder with --out, or --force`);
    mkdirSync(dir, { recursive: true });
    for (const { name, content } of files) writeFileSync(join(dir, name), content);
    return ok(files.map((file) => join(dir, file.name)));
  } catch (error) {
    return fail(`the report cannot be written to ${dir}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
