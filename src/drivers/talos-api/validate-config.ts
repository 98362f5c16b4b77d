import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
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

export type Validate = (text: string, version: string) => Promise<Result<Validation>>;

/** Each is a Go program that reads and checks a whole configuration: more at a time only wait for each other. */
const AT_ONCE = 2;
const REMEMBERED = 4096;

/**
 * `talosctl validate`, where the machine has a talosctl of the same minor: it knows every key, we know the structure.
 * Its version is asked for once, and the same text is checked once: arming a rack asks for hundreds.
 */
export function createValidator({ program = 'talosctl', timeoutMs = 20_000 }: ValidateOptions = {}): Validate {
  let version: Promise<Ran> | undefined;
  const known = new Map<string, Promise<Result<Validation>>>();
  const inTurn = createTurns(AT_ONCE);
  return async (text, wantedText) => {
    const wanted = parseTalosVersion(wantedText);
    if (!wanted.ok) return wanted;
    version ??= run(program, ['version', '--client', '--short'], timeoutMs);
    const shown = await version;
    if (shown.is === 'absent') return ok({ is: 'skipped', why: 'talosctl is not on this machine' });
    const own = parseTalosVersion(/v\d+\.\d+\.\d+(?:-[\w.]+)?/.exec(shown.output)?.[0] ?? '');
    if (!own.ok) {
      // It may have been busy, or is being installed: the next one asks again.
      version = undefined;
      return ok({ is: 'skipped', why: 'talosctl does not say its version' });
    }
    if (minorName(own.value) !== minorName(wanted.value)) {
      return ok({ is: 'skipped', why: `talosctl is ${own.value.tag}, the configuration is for ${wanted.value.tag}` });
    }
    const key = createHash('sha256').update(text).digest('hex');
    const before = known.get(key);
    if (before !== undefined) return before;
    const checked = inTurn(() => validate(program, text, own.value.tag, timeoutMs));
    known.set(key, checked);
    if (known.size > REMEMBERED) known.delete(known.keys().next().value ?? '');
    const result = await checked;
    // Only what the text itself decides is remembered.
    if (!result.ok && result.error.endsWith(TOO_LONG)) known.delete(key);
    return result;
  };
}

const TOO_LONG = 'it took too long';

async function validate(program: string, text: string, tag: string, timeoutMs: number): Promise<Result<Validation>> {
  const checked = await withFile(text, (file) =>
    run(program, ['validate', '--mode', 'metal', '--config', file], timeoutMs),
  );
  if (checked.is === 'done') return ok({ is: 'valid', by: `talosctl ${tag}` });
  return fail(`talosctl refuses the configuration: ${checked.output === '' ? 'no reason given' : checked.output}`);
}

function createTurns(atOnce: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running >= atOnce) await new Promise<void>((turn) => waiting.push(turn));
    else running += 1;
    try {
      return await work();
    } finally {
      // The place goes on to the next one without becoming free in between.
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
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
          output: error.killed === true ? TOO_LONG : cleanText(stderr || stdout, 600),
        });
    });
  });
}
