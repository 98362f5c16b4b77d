import { EXIT } from './command.ts';

/** 128 + SIGPIPE: what a shell calls a program that wrote to a pipe after its reader had gone. */
const NO_READER = 141;

export interface OutputWatch {
  /** What became of the output, where that outweighs what the command says of itself. */
  readonly exitCode: () => number | undefined;
}

/**
 * `crashcart export --json | head -1`: whoever reads has enough, and the command ends without a word. A command that holds
 * something listens to the errors of its output as well, ends in its own order, and keeps only the exit code. What cannot
 * be written for another reason is said: a report that is not on the disk must not look like one.
 */
export function watchOutput(): OutputWatch {
  let code: number | undefined;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    code ??= error.code === 'EPIPE' ? NO_READER : EXIT.no;
    if (process.stdout.listenerCount('error') > 1) return;
    if (code === EXIT.no) process.stderr.write(`crashcart: the output cannot be written: ${error.message}\n`);
    process.exit(code);
  });
  // There is nobody left to tell.
  process.stderr.on('error', () => undefined);
  return { exitCode: () => code };
}
