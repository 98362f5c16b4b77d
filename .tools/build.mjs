// Bundles src/cli/main.ts into dist/crashcart.mjs, with the manual page and the completions from its command table beside it.
import { spawnSync } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { hashInputs, INPUTS_FILE, TOP } from './freshness.mjs';
import { renderLicences } from './render-licences.mjs';
import { renderProgram } from './render-program.ts';

const { version } = JSON.parse(await readFile(join(TOP, 'package.json'), 'utf8'));
const dist = join(TOP, 'dist');
// Everything is made in a folder of this process and moved into place at the end: a build that fails, or that runs beside
// another, leaves what was there.
const own = join(dist, `.build.${process.pid}`);
// Said before anything is loaded that an old Node does not know; and a shell may stand in a folder that is gone, which
// some packages do not survive while they load.
const START = `#!/usr/bin/env node
import { createRequire as __createRequire } from 'node:module';
const [__major, __minor] = process.versions.node.split('.').map(Number);
if (__major < 22 || (__major === 22 && __minor < 19)) {
  process.stderr.write('crashcart: Node 22.19 or newer is needed; this is ' + process.versions.node + '. The single executable needs none.\\n');
  process.exit(3);
}
try { process.cwd(); } catch { process.chdir('/'); }
const require = __createRequire(import.meta.url);`;

const emptyModule = join(own, 'empty.mjs');

const common = {
  absWorkingDir: TOP,
  entryPoints: ['src/cli/main.ts'],
  bundle: true,
  platform: 'node',
  target: 'node22',
  format: 'esm',
  jsx: 'automatic',
  // Native and optional: they are required at run time where they are installed.
  external: ['koffi', 'sockopt'],
  alias: { 'react-devtools-core': emptyModule },
  define: {
    'process.env.NODE_ENV': '"production"',
    'process.env.DEV': '"false"',
    __CRASHCART_VERSION__: JSON.stringify(version),
  },
  banner: { js: START },
  logLevel: 'warning',
};

/**
 * Names stay as they are written, so that a stack can be read. esbuild's `keepNames` with short names would call
 * Object.defineProperty for every closure that is made: 5 % of what a script costs.
 */
const small = { minifySyntax: true, minifyWhitespace: true, legalComments: 'none' };

/** The program whose `runCli` writes documentation instead of running a command. */
const docsInstead = {
  name: 'docs-instead',
  setup: ({ onResolve }) =>
    onResolve({ filter: /\/run-cli\.ts$/ }, () => ({ path: join(TOP, '.tools', 'write-docs.ts') })),
};

/**
 * These cost 20 to 60 ms and megabytes in each thread that loads them: node:http brings a second undici along. esbuild
 * would put all imports of Node's own modules at the top, for every thread; like this they come with who uses them.
 */
const heavyLater = {
  name: 'heavy-later',
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^(node:)?(http|https|http2|tls)$/ }, ({ path }) => ({ path, namespace: 'heavy' }));
    onLoad({ filter: /./, namespace: 'heavy' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
    }));
  },
};

/**
 * Yoga decodes its own bytes where there is no `fetch`; with one it asks that for a data: address, and Node loads its whole
 * HTTP client for it: a fifth of what a screen costs until its first row.
 */
const yogaWithoutFetch = {
  name: 'yoga-without-fetch',
  setup: ({ onLoad }) =>
    onLoad({ filter: /yoga-wasm-base64-esm\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const contents = source.replaceAll('"function"!=typeof fetch', 'true');
      if (contents === source) throw new Error('yoga-layout asks for fetch in another way now: look at its loader');
      return { contents };
    }),
};

/** The program of the threads that send, as a text inside the program: 40 KB to load instead of 3 MB, for each of them. */
async function bulkProgram() {
  const { outputFiles } = await build({
    ...common,
    entryPoints: ['src/servers/bulk-thread-main.ts'],
    write: false,
    ...small,
    format: 'cjs',
    // A text has no place of its own: what it requires is looked up beside the program.
    define: { ...common.define, 'import.meta.url': '__program' },
    banner: { js: "const __program = require('node:worker_threads').workerData.program;" },
  });
  return outputFiles[0].text;
}

async function releaseDate() {
  const changelog = await readFile(join(TOP, 'CHANGELOG.md'), 'utf8');
  return /^## \[[^\]]+\] - (\d{4}-\d{2}-\d{2})/m.exec(changelog)?.[1] ?? '';
}

async function buildDocs() {
  const program = join(own, 'docs.mjs');
  await build({ ...common, outfile: program, plugins: [heavyLater, docsInstead] });
  const done = spawnSync(process.execPath, [program, own, await releaseDate()], { stdio: 'inherit', timeout: 60_000 });
  if (done.status !== 0) throw new Error(`the manual page could not be written (${done.error ?? done.status})`);
  await rm(program);
}

async function buildProgram() {
  const program = join(own, 'crashcart.mjs');
  const { metafile, outputFiles } = await build({
    ...common,
    outdir: own,
    entryNames: 'main',
    chunkNames: '[name]-[hash]',
    outExtension: { '.js': '.mjs' },
    splitting: true,
    write: false,
    banner: {},
    plugins: [heavyLater, yogaWithoutFetch],
    define: {
      ...common.define,
      __CRASHCART_BULK__: JSON.stringify(await bulkProgram()),
      'import.meta.url': '__program',
    },
    ...small,
    metafile: true,
    sourcemap: process.env.CRASHCART_SOURCEMAP ? 'inline' : false,
  });
  await writeFile(program, renderProgram(outputFiles, 'main.mjs', START));
  await chmod(program, 0o755);
  await writeFile(join(own, 'third-party-licences.txt'), await renderLicences(TOP, Object.keys(metafile.inputs)));
}

async function moveIntoPlace(folder, target) {
  await mkdir(target, { recursive: true });
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const from = join(folder, entry.name);
    if (entry.isDirectory()) await moveIntoPlace(from, join(target, entry.name));
    else await rename(from, join(target, entry.name));
  }
}

// The sources as they were before: a change while esbuild reads makes the next start build again.
const inputs = hashInputs();
await mkdir(own, { recursive: true });
try {
  await writeFile(emptyModule, 'export default {};\n');
  await Promise.all([buildProgram(), buildDocs()]);
  await rm(emptyModule);
  await moveIntoPlace(own, dist);
  await writeFile(join(TOP, INPUTS_FILE), inputs);
} finally {
  await rm(own, { recursive: true, force: true });
}
