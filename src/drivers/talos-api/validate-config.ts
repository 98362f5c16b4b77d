import { execFile } from 'node:child_process';
import { access, constants, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cleanText } from '../../core/clean-text.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import { minorName, parseTalosVersion } from '../../talos/talos-version.ts';

export type Validation =
  | { readonly is: 'valid'; readonly by: string }
  /** Nothing was proven; `why` can be shown beside the plan. */
  | { readonly is: 'skipped'; readonly why: string };

export interface ValidateOptions {
  readonly program?: string;
  readonly timeoutMs?: number;
}

/** `talosctl validate`, where the machine has a talosctl of the same minor: it knows every key, we know the structure. */
export async function validateWithTalosctl(
  text: string,
  version: string,
  { program = 'talosctl', timeoutMs = 20_000 }: ValidateOptions = {},
): Promise<Result<Validation>> {
  const wanted = parseTalosVersion(version);
  if (!wanted.ok) return wanted;
  const shown = await run(program, ['version', '--client', '--short'], timeoutMs);
  if (shown.is === 'absent') return ok({ is: 'skipped', why: 'talosctl is not on this machine' });
  const own = parseTalosVersion(/v\d+\.\d+\.\d+(?:-[\w.]+)?/.exec(shown.output)?.[0] ?? '');
  if (!own.ok) return ok({ is: 'skipped', why: 'talosctl does not say its version' });
  if (minorName(own.value) !== minorName(wanted.value)) {
    return ok({ is: 'skipped', why: `talosctl is ${own.value.tag}, the configuration is for ${wanted.value.tag}` });
  }
  const checked = await withFile(text, (file) =>
    run(program, ['validate', '--mode', 'metal', '--config', file], timeoutMs),
  );
  if (checked.is === 'done') return ok({ is: 'valid', by: `talosctl ${own.value.tag}` });
  return fail(`talosctl refuses the configuration: ${checked.output === '' ? 'no reason given' : checked.output}`);
}

/** In memory where the system has such a folder: the file holds the keys of a cluster. */
async function withFile<T>(text: string, work: (file: string) => Promise<T>): Promise<T> {
  const inMemory = await access('/dev/shm', constants.W_OK).then(
    () => true,
    () => false,
  );
  const folder = await mkdtemp(join(inMemory ? '/dev/shm' : tmpdir(), 'crashcart-'));
  try {
    const file = join(folder, 'config.yaml');
    await writeFile(file, text, { mode: 0o600 });
    return await work(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Ran {
  readonly is: 'done' | 'failed' | 'absent';
  readonly output: string;
}

function run(program: string, args: readonly string[], timeoutMs: number): Promise<Ran> {
  return new Promise((resolve) => {
    const options = { timeout: timeoutMs, maxBuffer: 1024 * 1024, windowsHide: true };
    execFile(program, args, options, (error, stdout, stderr) => {
      if (error === null) resolve({ is: 'done', output: stdout });
      else if (error.code === 'ENOENT') resolve({ is: 'absent', output: '' });
      else
        resolve({
          is: 'failed',
          output: error.killed === true ? 'it took too long' : cleanText(stderr || stdout, 600),
        });
    });
  });
}
