import { spawn } from 'node:child_process';

export interface ProgramRun {
  /** Beside the environment of this process; secrets belong here, never among the arguments. */
  readonly env?: Readonly<Record<string, string>>;
  /** Said on the terminal before it starts. With one, a failure is left standing until Enter. */
  readonly notice?: string;
}

/** What a program said before it failed would be gone with the next frame. The program and its arguments are "$@". */
const STAYS_ON_FAILURE =
  '"$@"; code=$?; [ $code -eq 0 ] || [ $code -eq 127 ] || { printf "\\n%s ended with code %s. Enter goes back to crashcart. " "$1" $code; read -r _; }; exit $code';

/** A program that has the terminal to itself. Resolves when it ended: undefined, or why it could not be run. */
export function runProgram(command: readonly string[], { env, notice }: ProgramRun = {}): Promise<string | undefined> {
  const [program = '', ...args] = command;
  const [file, list] =
    notice === undefined ? [program, args] : ['sh', ['-c', STAYS_ON_FAILURE, 'sh', program, ...args]];
  if (notice !== undefined) process.stdout.write(`${notice}\r\n`);
  return new Promise((resolve) => {
    const child = spawn(file, list, { stdio: 'inherit', env: { ...process.env, ...env } });
    child.on('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ENOENT' ? `${file} is not installed here` : error.message),
    );
    child.on('exit', (code, signal) =>
      resolve(
        code === 127
          ? `${program} is not installed here`
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
