import { loadCommands } from './command-table.ts';
import { runCli } from './run-cli.ts';
import { VERSION } from './version.ts';
import { watchOutput } from './watch-output.ts';

/** What the main thread is: the command line. */
export async function runProgram(): Promise<void> {
  const output = watchOutput();
  const argv = process.argv.slice(2);
  const code = await runCli(
    {
      commands: await loadCommands(argv),
      version: VERSION,
      out: (text) => process.stdout.write(text),
      err: (text) => process.stderr.write(text),
      env: process.env,
    },
    argv,
  );
  process.exitCode = output.exitCode() ?? code;
}
