import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

/** The screen over a fleet that is made up, with React as it is shipped: a program for a pseudo-terminal. Gives its path. */
export async function bundlePtyScreen(folder: string): Promise<string> {
  const outfile = join(folder, 'screen.mjs');
  const nothing = join(folder, 'nothing.mjs');
  writeFileSync(nothing, 'export default {};\n');
  await build({
    entryPoints: [join(import.meta.dirname, 'pty-fixture.tsx')],
    outfile,
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"', 'process.env.DEV': '"false"' },
    alias: { 'react-devtools-core': nothing },
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'error',
  });
  return outfile;
}
