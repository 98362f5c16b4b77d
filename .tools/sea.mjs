// `npm run sea`: one executable for a machine without Node, from the bundle and our own Node 24.
// `npm run sea -- --archive` packs it with the manual page, the completions, the unit and the licences.
import { execFileSync } from 'node:child_process';
import { chmod, copyFile, cp, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'postject';
import { TOP } from './freshness.mjs';

// Where Node looks for a program inside itself (nodejs.org/api/single-executable-applications.html).
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

const node = join(TOP, 'node_modules', 'node', 'bin', 'node');
const dist = join(TOP, 'dist');
const { version } = JSON.parse(await readFile(join(TOP, 'package.json'), 'utf8'));
const target = `${process.platform}-${process.arch}`;
const executable = join(dist, `crashcart-${target}`);

async function makeBlob(own) {
  const config = {
    main: join(TOP, '.tools', 'sea-loader.cjs'),
    output: join(own, 'blob'),
    assets: { program: join(dist, 'crashcart.mjs'), loader: join(TOP, '.tools', 'sea-loader.cjs') },
    disableExperimentalSEAWarning: true,
    useSnapshot: false,
    useCodeCache: false,
  };
  await writeFile(join(own, 'sea.json'), JSON.stringify(config));
  // The blob and the binary must be of the very same Node.
  execFileSync(node, ['--experimental-sea-config', join(own, 'sea.json')], { stdio: ['ignore', 'ignore', 'inherit'] });
  return readFile(config.output);
}

/** 18 MB of symbols that nobody reads; without binutils they stay. */
function strip(path) {
  try {
    execFileSync('strip', [path], { stdio: 'ignore' });
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
}

async function writeNodeLicence(folder) {
  const licence = join(TOP, 'node_modules', 'node', 'node_modules', `node-${target}`, 'LICENSE');
  const { node: nodeVersion } = JSON.parse(
    execFileSync(node, ['-p', 'JSON.stringify(process.versions)'], { encoding: 'utf8' }),
  );
  const text = await readFile(licence, 'utf8').catch(
    () => `Node.js ${nodeVersion}: https://github.com/nodejs/node/blob/v${nodeVersion}/LICENSE\n`,
  );
  await writeFile(join(folder, 'node-licence.txt'), text);
}

async function makeArchive(own) {
  const name = `crashcart-${version}-${target}`;
  const folder = join(own, name);
  await mkdir(folder);
  const files = [
    'dist/crashcart.1',
    'dist/completions',
    'dist/third-party-licences.txt',
    'assets/systemd/crashcart.service',
    'assets/systemd/crashcart.sysusers',
  ];
  for (const file of [...files, 'inventory', 'LICENSE', 'README.md', 'CHANGELOG.md'])
    await cp(join(TOP, file), join(folder, file.slice(file.lastIndexOf('/') + 1)), { recursive: true });
  await copyFile(executable, join(folder, 'crashcart'));
  await writeNodeLicence(folder);
  const archive = `${name}.tar.xz`;
  execFileSync(
    'tar',
    ['--create', '--xz', '--owner=0', '--group=0', '--file', join(own, archive), '--directory', own, name],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, XZ_OPT: '-T0 -3' },
    },
  );
  await rename(join(own, archive), join(dist, archive));
  return join(dist, archive);
}

async function tell(path) {
  process.stdout.write(`${path.slice(TOP.length + 1)}  ${((await stat(path)).size / 1e6).toFixed(1)} MB\n`);
}

if (process.platform !== 'linux') {
  process.stderr.write('crashcart: the single executable is made on Linux, for Linux.\n');
  process.exit(3);
}
const own = join(dist, `.sea.${process.pid}`);
await mkdir(own, { recursive: true });
try {
  const made = join(own, 'crashcart');
  await copyFile(node, made);
  strip(made);
  await inject(made, 'NODE_SEA_BLOB', await makeBlob(own), { sentinelFuse: FUSE });
  await chmod(made, 0o755);
  // A rename: the one that runs at this moment goes on with its own file.
  await rename(made, executable);
  await tell(executable);
  if (process.argv.includes('--archive')) await tell(await makeArchive(own));
} finally {
  await rm(own, { recursive: true, force: true });
}
