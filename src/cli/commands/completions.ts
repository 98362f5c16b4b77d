import { type Command, EXIT, usageProblem } from '../command.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** Made from the same table as the help, so that it cannot know a flag that is not there. */
export function completionsCommand(commands: readonly Command[]): Command {
  const command: Command = {
    name: 'completions',
    summary: 'completions for bash, zsh or fish',
    usage: ['completions bash|zsh|fish'],
    mostWords: 1,
    options: {},
    completes: SHELLS,
    examples: [
      'crashcart completions bash > /etc/bash_completion.d/crashcart',
      'crashcart completions fish > ~/.config/fish/completions/crashcart.fish',
    ],
    run: async ({ words, out }) => {
      const all = [...commands, command];
      const shell = words[0];
      if (shell === 'bash') out(renderBash(all));
      else if (shell === 'zsh')
        out(`#compdef crashcart\nautoload -U +X bashcompinit && bashcompinit\n${renderBash(all)}`);
      else if (shell === 'fish') out(renderFish(all));
      else throw usageProblem('completions takes bash, zsh or fish');
      return EXIT.done;
    },
  };
  return command;
}

const NODES = 'crashcart status --json 2>/dev/null | sed -n \'s/^      "name": "\\([^"]*\\)".*/\\1/p\'';

function renderBash(commands: readonly Command[]): string {
  const cases = commands.map((command) => {
    const flags = Object.keys(command.options)
      .map((name) => `--${name}`)
      .join(' ');
    const words =
      command.completes === 'nodes'
        ? `$(${NODES})`
        : Array.isArray(command.completes)
          ? command.completes.join(' ')
          : '';
    return `    ${command.name}) words="${flags} --help ${words}" ;;`;
  });
  return `_crashcart() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" words
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${commands.map((command) => command.name).join(' ')} --help --version" -- "$cur"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  [ \${#COMPREPLY[@]} -eq 0 ] && COMPREPLY=($(compgen -f -- "$cur"))
}
complete -F _crashcart crashcart
`;
}

function renderFish(commands: readonly Command[]): string {
  const quoted = (text: string) => `'${text.replace(/[\\']/g, '\\$&')}'`;
  const lines = commands.flatMap((command) => [
    `complete -c crashcart -n __fish_use_subcommand -f -a ${command.name} -d ${quoted(command.summary)}`,
    ...Object.entries(command.options).map(
      ([name, option]) =>
        `complete -c crashcart -n '__fish_seen_subcommand_from ${command.name}' -l ${name}${option.type === 'string' ? ' -r' : ''} -d ${quoted(option.help)}`,
    ),
    ...(command.completes === 'nodes'
      ? [`complete -c crashcart -n '__fish_seen_subcommand_from ${command.name}' -f -a ${quoted(`(${NODES})`)}`]
      : []),
    ...(Array.isArray(command.completes)
      ? [
          `complete -c crashcart -n '__fish_seen_subcommand_from ${command.name}' -f -a ${quoted(command.completes.join(' '))}`,
        ]
      : []),
  ]);
  return `${lines.join('\n')}\n`;
}
