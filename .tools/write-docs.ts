import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EXIT, type ExitCode } from '../src/cli/command.ts';
import type { Cli } from '../src/cli/run-cli.ts';
import { renderMan } from './render-man.ts';

const COMPLETION_FILES = { bash: 'crashcart.bash', zsh: '_crashcart', fish: 'crashcart.fish' } as const;

/**
 * Stands in for src/cli/run-cli.ts when the documentation is built: it gets the very table that the program runs on.
 * Words: the folder to write to, and the date of the release.
 */
export async function runCli(cli: Cli, argv: readonly string[]): Promise<ExitCode> {
  const [folder = 'dist', date = ''] = argv;
  await mkdir(join(folder, 'completions'), { recursive: true });
  await writeFile(join(folder, 'crashcart.1'), renderMan(cli.commands, cli.version, date));
  const completions = cli.commands.find((command) => command.name === 'completions');
  if (completions === undefined) throw new Error('the command table has no `completions`');
  for (const [shell, file] of Object.entries(COMPLETION_FILES)) {
    let text = '';
    const out = (piece: string) => {
      text += piece;
    };
    await completions.run({ options: {}, words: [shell], out, err: cli.err, env: {} });
    await writeFile(join(folder, 'completions', file), text);
  }
  return EXIT.done;
}
