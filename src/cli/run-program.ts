import { attachCommand } from './commands/attach.ts';
import { bootstrapCommand } from './commands/bootstrap.ts';
import { cancelCommand } from './commands/cancel.ts';
import { checkCommand } from './commands/check.ts';
import { completionsCommand } from './commands/completions.ts';
import { demoCommand } from './commands/demo.ts';
import { doctorCommand } from './commands/doctor.ts';
import { driftCommand } from './commands/drift.ts';
import { exportCommand } from './commands/export.ts';
import { holdCommand, retryCommand, unholdCommand } from './commands/hold.ts';
import { imagesCommand } from './commands/images.ts';
import { importCommand } from './commands/import.ts';
import { jobKindCommands } from './commands/job-kinds.ts';
import { locateCommand } from './commands/locate.ts';
import { planCommand } from './commands/plan.ts';
import { powerCommand } from './commands/power.ts';
import { protectCommand } from './commands/protect.ts';
import { provisionCommand } from './commands/provision.ts';
import { replayCommand } from './commands/replay.ts';
import { serveCommand } from './commands/serve.ts';
import { statusCommand } from './commands/status.ts';
import { trustCommand } from './commands/trust.ts';
import { upCommand } from './commands/up.ts';
import { waveCommand } from './commands/wave.ts';
import { runCli } from './run-cli.ts';
import { VERSION } from './version.ts';
import { watchOutput } from './watch-output.ts';

const commands = [
  upCommand,
  serveCommand,
  attachCommand,
  demoCommand,
  statusCommand,
  provisionCommand,
  ...jobKindCommands,
  waveCommand,
  cancelCommand,
  retryCommand,
  holdCommand,
  unholdCommand,
  protectCommand,
  powerCommand,
  locateCommand,
  trustCommand,
  driftCommand,
  bootstrapCommand,
  planCommand,
  checkCommand,
  imagesCommand,
  importCommand,
  replayCommand,
  exportCommand,
  doctorCommand,
];

/** What the main thread is: the command line. */
export async function runProgram(): Promise<void> {
  const output = watchOutput();
  const code = await runCli(
    {
      commands: [...commands, completionsCommand(commands)],
      version: VERSION,
      out: (text) => process.stdout.write(text),
      err: (text) => process.stderr.write(text),
      env: process.env,
    },
    process.argv.slice(2),
  );
  process.exitCode = output.exitCode() ?? code;
}
