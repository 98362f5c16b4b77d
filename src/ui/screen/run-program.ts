import { spawn } from 'node:child_process';

/** A program that has the terminal to itself. Resolves when it ended: undefined, or why it could not be run. */
export function runProgram(command: readonly string[]): Promise<string | undefined> {
  const [program = '', ...args] = command;
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: 'inherit' });
    child.on('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ENOENT' ? `${program} is not installed here` : error.message),
    );
    child.on('exit', (code, signal) =>
      resolve(
        code === 127
          ? `${program} could not be run`
          : signal === null
            ? undefined
            : `${program} was ended by ${signal}`,
      ),
    );
  });
}

type Environment = Readonly<Record<string, string | undefined>>;

/** `VISUAL="code -w"`: words are split as the shell would for such a value; quotes are rare here and not read. */
const words = (text: string): readonly string[] => text.trim().split(/\s+/).filter(Boolean);

export const editorCommand = (env: Environment, file: string): readonly string[] => [
  ...words(env['VISUAL'] || env['EDITOR'] || 'vi'),
  file,
];

export const pagerCommand = (env: Environment, file: string): readonly string[] => [
  ...words(env['PAGER'] || 'less'),
  file,
];
