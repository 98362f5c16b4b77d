// `npm test`: all tests, then real firmware apart from them (emulated machines take both cores). Words after `--` go to
// vitest and choose files of the first run; CRASHCART_TEST_REPORTS=DIR leaves one JSON report of each run there.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const top = join(dirname(fileURLToPath(import.meta.url)), '..');
const vitest = join(top, 'node_modules', 'vitest', 'vitest.mjs');
const words = process.argv.slice(2);
const reports = process.env.CRASHCART_TEST_REPORTS;

function run(name, config, more) {
  const reporters =
    reports === undefined
      ? []
      : ['--reporter=default', '--reporter=json', `--outputFile.json=${join(reports, `${name}.json`)}`];
  const done = spawnSync(
    process.execPath,
    // Native: the other loaders write a copy of the configuration beside it, which a read-only clone does not take.
    [vitest, 'run', '--config', config, '--configLoader', 'native', ...reporters, ...more],
    {
      cwd: top,
      stdio: 'inherit',
    },
  );
  return done.status ?? 1;
}

const first = run('tests', 'test/vitest.config.ts', words);
const second = words.length > 0 ? 0 : run('firmware', 'test/firmware/vitest.config.ts', []);
process.exit(first === 0 ? second : first);
