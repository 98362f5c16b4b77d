import type { Command } from './command.ts';
import { wrapHanging } from './wrap-hanging.ts';

/** What a wide terminal shows without a break of its own, and a mail too. */
export const HELP_COLUMNS = 100;

export function renderHelp(commands: readonly Command[], version: string): string {
  const width = Math.max(...commands.map((command) => command.name.length));
  const lines = commands.map((command) =>
    wrapHanging(`  ${command.name.padEnd(width)}  ${command.summary}`, HELP_COLUMNS, width + 4),
  );
  return `crashcart ${version}: from power-on to Talos Linux on local disk, from one terminal

Usage: crashcart [COMMAND] [OPTIONS]      (without a command: up)

${lines.join('\n')}

  --help, -h     this, or \`crashcart COMMAND --help\` for one command
  --version, -V  the version

Exit codes: 0 done; 1 the answer is no (a check or a node failed); 2 wrong usage;
3 cannot run here (port taken, no permission), with the way out in the message.

Try it without hardware, without root: crashcart demo
`;
}

export function renderCommandHelp(command: Command): string {
  const rows = Object.entries(command.options).map(([name, option]) => {
    const short = option.short === undefined ? '' : `, -${option.short}`;
    const value = option.type === 'string' ? ` ${option.value ?? 'VALUE'}` : '';
    return [`  --${name}${short}${value}`, option.help] as const;
  });
  const width = Math.min(34, Math.max(12, ...rows.map(([left]) => left.length)));
  const options = rows.map(([left, help]) => wrapHanging(`${left.padEnd(width)}  ${help}`, HELP_COLUMNS, width + 2));
  const parts = [
    `crashcart ${command.name}: ${command.summary}`,
    `Usage:\n${indented(command.usage.map((line) => `crashcart ${line}`))}`,
    ...(command.about === undefined ? [] : [wrapHanging(command.about, HELP_COLUMNS)]),
    ...(options.length === 0 ? [] : [`Options:\n${options.join('\n')}`]),
    ...(command.examples === undefined ? [] : [`Examples:\n${indented(command.examples)}`]),
  ];
  return `${parts.join('\n\n')}\n`;
}

const indented = (lines: readonly string[]): string =>
  lines.map((line) => wrapHanging(`  ${line}`, HELP_COLUMNS, 6)).join('\n');
