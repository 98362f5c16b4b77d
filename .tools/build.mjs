// Bundles src/cli/main.ts into dist/crashcart.mjs. Runs on Node 20 too: the esbuild package brings its own binary.
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const top = join(dirname(fileURLToPath(import.meta.url)), '..');
const { version } = JSON.parse(await readFile(join(top, 'package.json'), 'utf8'));

await mkdir(join(top, 'dist'), { recursive: true });
const emptyModule = join(top, 'dist', `.empty.${process.pid}.mjs`);
await writeFile(emptyModule, 'export default {};\n');
await build({
  absWorkingDir: top,
  entryPoints: ['src/cli/main.ts'],
  outfile: `dist/.crashcart.${process.pid}.mjs`,
  bundle: true,
  platform: 'node',
  target: 'node22',
  format: 'esm',
  jsx: 'automatic',
  minify: true,
  keepNames: true,
  legalComments: 'none',
  sourcemap: process.env.CRASHCART_SOURCEMAP ? 'inline' : false,
  // sockopt is native and optional: it is required at run time where it is installed.
  external: ['sockopt'],
  alias: { 'react-devtools-core': emptyModule },
  define: {
    'process.env.NODE_ENV': '"production"',
    'process.env.DEV': '"false"',
    __CRASHCART_VERSION__: JSON.stringify(version),
  },
  banner: {
    js: "#!/usr/bin/env node\nimport { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);",
  },
  logLevel: 'warning',
});
await rm(emptyModule, { force: true });
// A build that fails, or runs beside another, leaves the bundle that was there.
await rename(join(top, 'dist', `.crashcart.${process.pid}.mjs`), join(top, 'dist', 'crashcart.mjs'));
