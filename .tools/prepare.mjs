// Runs before `npm start` and `npm test`: installs when what the lock names is not there, builds when a source has other
// content than the bundle was made of. Writes nothing when there is nothing to do. Plain JavaScript for any Node from 18 on.
import { spawnSync } from 'node:child_process';
import { rmSync, symlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { isBuilt, lacksOwnNode, TOP, whyInstall } from './freshness.mjs';
import { noteDoing, releaseLock, takeLock } from './prepare-lock.mjs';

const LEAST_NODE = [22, 19];
// npm ends with the negative errno, as a byte.
const ENOTEMPTY = 217;

function endWith(message) {
  process.stderr.write(`crashcart: ${message}\n`);
  process.exit(3);
}

/** The exit code of a child that speaks for itself. */
function run(command, args, cwd = TOP) {
  const done = spawnSync(command, args, {
    cwd,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
    // NODE_ENV=production would leave out the tools that build and test.
    env: { ...process.env, NODE_ENV: 'development' },
  });
  if (done.error) endWith(`\`${command}\` cannot be started here: ${done.error.message}`);
  if (done.signal !== null)
    endWith(`\`${command} ${args[0]}\` was ended by ${done.signal}; the next start begins again`);
  // npm tells a signal of its own in the way of shells.
  if (done.status > 128 && done.status <= 128 + 15) process.exit(done.status);
  return done.status;
}

const FLAGS = [
  '--no-audit',
  '--no-fund',
  '--loglevel=error',
  '--prefer-offline',
  '--include=dev',
  '--include=optional',
];

function install(why) {
  process.stdout.write(`crashcart: installing packages (${why}) …\n`);
  noteDoing('installing');
  let code = run('npm', ['ci', ...FLAGS]);
  // ENOTEMPTY: an npm that outlived its killed parent was still clearing up after itself.
  if (code === ENOTEMPTY) {
    rmSync(join(TOP, 'node_modules'), { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
    code = run('npm', ['ci', ...FLAGS]);
  }
  const missing = whyInstall();
  if (code !== 0 || missing !== undefined)
    endWith(
      `the packages could not be installed (npm ended with ${code}${missing === undefined ? '' : `; ${missing}`}).\n` +
        'The reason stands above. The first start needs an npm registry or a filled npm cache; later ones need neither.',
    );
}

/** Neither the machine's Node will do, nor has npm run the install script that fetches ours (`ignore-scripts`). */
function lacksNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  return lacksOwnNode() && (major < LEAST_NODE[0] || (major === LEAST_NODE[0] && minor < LEAST_NODE[1]));
}

function installNode() {
  process.stdout.write('crashcart: npm ran no install scripts; fetching Node 24 …\n');
  const code = run(process.execPath, ['installArchSpecificPackage'], join(TOP, 'node_modules', 'node'));
  // npm links no program that is not there yet.
  const link = join(TOP, 'node_modules', '.bin', 'node');
  rmSync(link, { force: true });
  symlinkSync(join('..', 'node', 'bin', 'node'), link);
  if (code !== 0 || lacksNode())
    endWith(
      `Node ${LEAST_NODE.join('.')} or newer is needed; this is ${process.versions.node}, and no other could be fetched.`,
    );
}

function build() {
  noteDoing('building');
  // Where npm has run no script of ours yet, `node` is still the machine's.
  process.env.PATH = `${join(TOP, 'node_modules', '.bin')}${delimiter}${process.env.PATH ?? ''}`;
  if (run('node', [join('.tools', 'build.mjs')]) !== 0) endWith('the build failed; the reason stands above.');
}

const isReady = () => whyInstall() === undefined && !lacksNode() && isBuilt();

async function prepare() {
  if (isReady()) return;
  const cutOff = await takeLock();
  process.once('exit', releaseLock);
  // ^C reaches npm as well, which rolls back what it had begun: this process holds the lock until that is done.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
  const why = cutOff === 'installing' ? 'an install was cut off' : whyInstall();
  if (why !== undefined) install(why);
  if (lacksNode()) installNode();
  if (!isBuilt()) build();
}

try {
  await prepare();
} catch (error) {
  if (error.code !== 'EROFS' && error.code !== 'EACCES') throw error;
  endWith(`${error.path ?? TOP} cannot be written, and something is to be installed or built here: ${error.code}`);
}
