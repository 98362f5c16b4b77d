import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

/** The program as it is shipped, bundled once for a test file into a folder of its own (`dist` is everybody's). */
export interface Bundle {
  readonly run: (argv: readonly string[], options?: RunOptions) => Promise<Ran>;
  readonly folder: string;
  /** For a terminal of one's own: the file that node runs. */
  readonly file: string;
  readonly remove: () => void;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

const RUN_MS = 15_000;
/** The bundle is compiled once, not at each of some fifty starts. */
const compileCache = (folder: string) => ({ NODE_COMPILE_CACHE: join(folder, 'cache') });

export async function bundleProgram(): Promise<Bundle> {
  const top = new URL('../..', import.meta.url).pathname;
  const folder = mkdtempSync(join(tmpdir(), 'crashcart-bundle-'));
  const empty = join(folder, 'empty.mjs');
  const program = join(folder, 'crashcart.mjs');
  writeFileSync(empty, 'export default {};\n');
  await build({
    absWorkingDir: top,
    entryPoints: ['src/cli/main.ts'],
    outfile: program,
    bundle: true,
    minify: true,
    keepNames: true,
    platform: 'node',
    target: 'node22',
    format: 'esm',
    jsx: 'automatic',
    external: ['koffi', 'sockopt'],
    alias: { 'react-devtools-core': empty },
    define: {
      'process.env.NODE_ENV': '"production"',
      'process.env.DEV': '"false"',
      __CRASHCART_VERSION__: '"1.2.3-test"',
    },
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);",
    },
    logLevel: 'error',
  });
  return {
    folder,
    file: program,
    run: (argv, options) => runProgram(program, folder, argv, options),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function runProgram(program: string, home: string, argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    XDG_STATE_HOME: join(home, 'state'),
    // Demos that run beside the tests are nobody's engine here.
    TMPDIR: home,
    ...compileCache(home),
    ...options.env,
  };
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...argv], { cwd: home, env, timeout: RUN_MS });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.on('error', reject);
    child.on('close', (code) =>
      resolve({ code, out: Buffer.concat(out).toString('utf8'), err: Buffer.concat(err).toString('utf8') }),
    );
    child.stdin.end(options.stdin ?? '');
  });
}
