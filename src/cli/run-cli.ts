import { parseArgs } from 'node:util';
import { CannotGoOn, type Command, type CommandContext, EXIT, type ExitCode } from './command.ts';
import { renderCommandHelp, renderHelp } from './help.ts';
import { nearestCommand } from './nearest-command.ts';

export interface Cli {
  readonly commands: readonly Command[];
  readonly version: string;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** From words to a command and its exit code. Whatever goes wrong ends in a sentence; the stack is for CRASHCART_DEBUG=1. */
export async function runCli(cli: Cli, argv: readonly string[]): Promise<ExitCode> {
  try {
    return await dispatch(cli, argv);
  } catch (error) {
    if (cli.env.CRASHCART_DEBUG === '1' && error instanceof Error) cli.err(`${error.stack}\n`);
    if (error instanceof CannotGoOn) {
      cli.err(`crashcart: ${error.message}\n`);
      return error.code;
    }
    const message = error instanceof Error ? error.message : String(error);
    cli.err(`crashcart: ${message}\nThis is a fault of the program itself; CRASHCART_DEBUG=1 shows where.\n`);
    return EXIT.no;
  }
}

async function dispatch(cli: Cli, argv: readonly string[]): Promise<ExitCode> {
  const [first, ...rest] = argv;
  if (first === '--version' || first === '-V' || first === 'version') {
    cli.out(`crashcart ${cli.version}\n`);
    return EXIT.done;
  }
  if (first === '--help' || first === '-h' || first === 'help') {
    const named = cli.commands.find((command) => command.name === rest[0]);
    cli.out(named === undefined ? renderHelp(cli.commands, cli.version) : renderCommandHelp(named));
    return EXIT.done;
  }
  const isCommand = first !== undefined && !first.startsWith('-');
  const name = isCommand ? first : 'up';
  const command = cli.commands.find((one) => one.name === name);
  if (command === undefined) {
    const near = nearestCommand(name, cli.commands);
    cli.err(
      `crashcart: there is no command "${name}"${near === undefined ? '' : `; did you mean "${near}"?`}\nTry \`crashcart --help\`.\n`,
    );
    return EXIT.usage;
  }
  return runCommand(cli, command, isCommand ? rest : argv);
}

async function runCommand(cli: Cli, command: Command, args: readonly string[]): Promise<ExitCode> {
  const parsed = parseWords(command, args);
  if (typeof parsed === 'string') {
    cli.err(`crashcart ${command.name}: ${parsed}\nTry \`crashcart ${command.name} --help\`.\n`);
    return EXIT.usage;
  }
  if (parsed.options.help === true) {
    cli.out(renderCommandHelp(command));
    return EXIT.done;
  }
  const empty = emptyPlace(command, parsed);
  if (empty !== undefined) {
    cli.err(`crashcart ${command.name}: ${empty}\nTry \`crashcart ${command.name} --help\`.\n`);
    return EXIT.usage;
  }
  const surplus = command.mostWords === undefined ? undefined : parsed.words[command.mostWords];
  if (surplus !== undefined) {
    cli.err(`crashcart ${command.name}: ${surplusText(command, surplus)}\nTry \`crashcart ${command.name} --help\`.\n`);
    return EXIT.usage;
  }
  return runUntilGivenUp(cli, command, parsed);
}

async function runUntilGivenUp(
  cli: Cli,
  command: Command,
  parsed: Pick<CommandContext, 'options' | 'words'>,
): Promise<ExitCode> {
  const given = Promise.withResolvers<never>();
  let isOver = false;
  const giveUp = (why: CannotGoOn): void => {
    isOver = true;
    given.reject(why);
  };
  const unless = (say: (text: string) => void) => (text: string) => (isOver ? undefined : say(text));
  const context = { ...parsed, out: unless(cli.out), err: unless(cli.err), env: cli.env, giveUp };
  return Promise.race([command.run(context), given.promise]);
}

const PLACES: ReadonlySet<string | undefined> = new Set(['DIR', 'FILE', 'PATH']);

/** `--inventory "$UNSET"` is no wish for the folder that one happens to be in. */
function emptyPlace({ options }: Command, parsed: Pick<CommandContext, 'options' | 'words'>): string | undefined {
  const name = Object.keys(options).find(
    (one) => PLACES.has(options[one]?.value) && [parsed.options[one]].flat().some(isEmpty),
  );
  if (name !== undefined) return `--${name} takes a ${options[name]?.value}, and what is given is empty`;
  return parsed.words.some(isEmpty) ? 'one of its words is empty' : undefined;
}

const isEmpty = (value: unknown): boolean => typeof value === 'string' && value.trim() === '';

function surplusText({ name, options, mostWords }: Command, word: string): string {
  const takes = mostWords === 0 ? 'no words, only options' : mostWords === 1 ? 'one word' : `${mostWords} words`;
  const meant = mostWords === 0 && options.inventory !== undefined ? `; did you mean --inventory ${word}?` : '';
  return `${name} takes ${takes}: "${word}" is too many${meant}`;
}

/** `--pcapng a b` as `--pcapng a --pcapng b`, which is what Node's parser knows of an option with many values. */
function repeatOptions({ options }: Command, args: readonly string[]): string[] {
  const given: string[] = [];
  let many: string | undefined;
  for (const word of args) {
    if (word.startsWith('-')) many = options[word.slice(2)]?.takesMany === true ? word : undefined;
    else if (many !== undefined && given.at(-1) !== many) given.push(many);
    given.push(word);
  }
  return given;
}

const TAKES_VALUE = /^Option '(-[^' ]+).*' argument (is ambiguous|missing)/;

function parseWords(command: Command, args: readonly string[]): Pick<CommandContext, 'options' | 'words'> | string {
  const options = Object.fromEntries(
    Object.entries(command.options).map(([name, { value: _value, help: _help, takesMany: _many, ...option }]) => [
      name,
      option,
    ]),
  );
  try {
    const { values, positionals } = parseArgs({
      args: repeatOptions(command, args),
      options: { ...options, help: { type: 'boolean', short: 'h' } },
      allowPositionals: true,
      strict: true,
    });
    return { options: values, words: positionals };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const [, named = '', isMissing] = TAKES_VALUE.exec(message) ?? [];
    if (isMissing === 'missing') return `${named} takes a value, and there is none`;
    if (isMissing !== undefined)
      return `${named} takes a value, and "${args[args.indexOf(named) + 1]}" looks like an option`;
    // Node's advice about `--` confuses more than it helps here.
    return message.replace(/\. To specify a positional.*$/s, '');
  }
}
