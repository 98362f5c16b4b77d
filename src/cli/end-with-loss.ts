import type { StopLoss } from './close-state.ts';
import { type CommandContext, EXIT, type ExitCode } from './command.ts';

/** What was not saved is told to whoever ended the program, and it ends as a failure. */
export function endWithLoss(context: CommandContext, loss: StopLoss): ExitCode {
  for (const line of loss.lines) context.err(`crashcart: ${line}\n`);
  // Node waits for a write that hangs however it is told to end.
  if (loss.isStuck) process.kill(process.pid, 'SIGKILL');
  return EXIT.no;
}
