// Runs before `npm start` and `npm test`: installs when the lock is newer than what is installed, builds when a source
// is newer than the bundle. Quick when there is nothing to do. Plain JavaScript for any Node from 18 on.
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const top = join(dirname(fileURLToPath(import.meta.url)), '..');

function modifiedMs(path) {
  return statSync(join(top, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function newestMs(path) {
  const full = join(top, path);
  let newest = statSync(full).mtimeMs;
  for (const entry of readdirSync(full, { withFileTypes: true })) {
    const below = join(path, entry.name);
    newest = Math.max(newest, entry.isDirectory() ? newestMs(below) : modifiedMs(below));
  }
  return newest;
}

function run(command, args, env) {
  const done = spawnSync(command, args, {
    cwd: top,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...env },
  });
  if (done.error) throw done.error;
  if (done.status !== 0) {
    process.stderr.write(`crashcart: \`${command} ${args.join(' ')}\` failed with exit code ${done.status}.\n`);
    process.exit(3);
  }
}

const installed = 'node_modules/.package-lock.json';
if (modifiedMs('package-lock.json') > modifiedMs(installed)) {
  process.stdout.write('crashcart: installing packages (first start, or the lock has changed) …\n');
  // NODE_ENV=production would leave out the tools that build and test.
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { NODE_ENV: 'development' });
  const now = new Date();
  utimesSync(join(top, installed), now, now);
}

const sources = Math.max(newestMs('src'), modifiedMs('.tools/build.mjs'), modifiedMs('package.json'));
if (sources > modifiedMs('dist/crashcart.mjs')) {
  run(process.execPath, [join('.tools', 'build.mjs')]);
}
