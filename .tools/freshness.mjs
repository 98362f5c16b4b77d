// What is installed and what is built, by content: a checkout or a copy that only changes times costs nothing.
// Plain JavaScript for any Node from 18 on, and nothing but reading: a read-only clone that is ready stays usable.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const TOP = join(dirname(fileURLToPath(import.meta.url)), '..');
export const INPUTS_FILE = 'dist/.inputs';

/** What `npm start`, `npm test` and `npm run man` may rely on after a build. */
export const BUILT = [
  'dist/crashcart.mjs',
  'dist/crashcart.1',
  'dist/completions/crashcart.bash',
  'dist/completions/_crashcart',
  'dist/completions/crashcart.fish',
  'dist/third-party-licences.txt',
];

function readJson(path) {
  try {
    return JSON.parse(readFileSync(join(TOP, path), 'utf8'));
  } catch {
    return undefined;
  }
}

/** Undefined when all that the lock names is there; else the reason to install. */
export function whyInstall() {
  const wanted = readJson('package-lock.json')?.packages;
  if (wanted === undefined) throw new Error('package-lock.json is missing or no JSON: restore it with `git checkout`');
  // npm writes this file last: an install that was interrupted has none.
  const found = readJson('node_modules/.package-lock.json')?.packages;
  if (found === undefined) return existsSync(join(TOP, 'node_modules')) ? 'an install was cut off' : 'first start';
  for (const [path, { version, optional, integrity }] of Object.entries(wanted)) {
    if (path === '' || (optional && found[path] === undefined)) continue;
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    if (found[path]?.version !== version)
      return `${name} ${version} is wanted, ${found[path]?.version ?? 'none'} is there`;
    if (integrity !== undefined && found[path].integrity !== undefined && found[path].integrity !== integrity)
      return `${name} is not the one that the lock names`;
    if (!existsSync(join(TOP, path, 'package.json'))) return `${name} is not whole`;
  }
  // A folder that was installed elsewhere and copied here has binaries that do not start.
  return existsSync(join(TOP, 'node_modules', '@esbuild', `${process.platform}-${process.arch}`))
    ? undefined
    : `node_modules is not for ${process.platform} on ${process.arch}`;
}

/** npm's `ignore-scripts` leaves the package `node` without its binary. */
export function lacksOwnNode() {
  return !existsSync(join(TOP, 'node_modules', '.bin', 'node'));
}

function filesBelow(folder) {
  return readdirSync(join(TOP, folder), { withFileTypes: true })
    .flatMap((entry) => (entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [join(folder, entry.name)]))
    .sort();
}

/** One hash over everything that goes into dist/. */
export function hashInputs() {
  const hash = createHash('sha256');
  const inputs = [...filesBelow('src'), ...filesBelow('.tools'), 'package.json', 'package-lock.json'];
  for (const path of inputs)
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(TOP, path)))
      .update('\0');
  return hash.update(process.env.CRASHCART_SOURCEMAP ?? '').digest('hex');
}

export function isBuilt() {
  if (!BUILT.every((path) => existsSync(join(TOP, path)))) return false;
  try {
    return readFileSync(join(TOP, INPUTS_FILE), 'utf8') === hashInputs();
  } catch {
    return false;
  }
}
