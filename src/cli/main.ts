import { isMainThread, workerData } from 'node:worker_threads';
import { checkCommand } from './commands/check.ts';
import { completionsCommand } from './commands/completions.ts';
import { imagesCommand } from './commands/images.ts';
import { locateCommand } from './commands/locate.ts';
import { powerCommand } from './commands/power.ts';
import { provisionCommand } from './commands/provision.ts';
import { statusCommand } from './commands/status.ts';
import { runCli } from './run-cli.ts';
import { VERSION } from './version.ts';

const commands = [statusCommand, provisionCommand, powerCommand, locateCommand, checkCommand, imagesCommand];

if (isMainThread) {
  process.exitCode = await runCli(
    {
      commands: [...commands, completionsCommand(commands)],
      version: VERSION,
      out: (text) => process.stdout.write(text),
      err: (text) => process.stderr.write(text),
      env: process.env,
    },
    process.argv.slice(2),
  );
} else {
  void workerData;
}
