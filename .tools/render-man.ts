import type { Command } from '../src/cli/command.ts';
import { MAN_AFTER, MAN_BEFORE } from './man-sections.ts';

/** The manual page from the table that `--help` and the completions are made from: it cannot know a flag that is not there. */
export function renderMan(commands: readonly Command[], version: string, date: string): string {
  const lines = [
    '.\\" Generated from the command table by .tools/render-man.ts. Do not edit.',
    `.TH CRASHCART 1 "${date}" "crashcart ${version}" "User Commands"`,
    '.nh',
    '.ad l',
    ...MAN_BEFORE.flatMap(({ title, body }) => [`.SH ${title}`, ...renderBody(body)]),
    '.SH COMMANDS',
    ...commands.flatMap(renderCommand),
    ...MAN_AFTER.flatMap(({ title, body }) => [`.SH ${title}`, ...renderBody(body)]),
  ];
  return `${lines.join('\n')}\n`;
}

function renderCommand(command: Command): string[] {
  const usage = command.usage.flatMap((line, index) => [...(index === 0 ? [] : ['.br']), renderUsage(line)]);
  return [
    `.SS ${escapeRoff(command.name)}`,
    sentence(command.summary),
    '.PP',
    ...usage,
    ...(command.about === undefined ? [] : ['.PP', ...renderBody(command.about)]),
    ...Object.entries(command.options).flatMap(([name, option]) => {
      const value = option.type === 'string' ? ` \\fI${escapeRoff(option.value ?? 'VALUE')}\\fR` : '';
      const short = option.short === undefined ? '' : `\\fB\\-${option.short}\\fR, `;
      return ['.TP', `${short}\\fB\\-\\-${escapeRoff(name)}\\fR${value}`, sentence(option.help)];
    }),
    ...(command.examples === undefined ? [] : ['.PP', 'Examples:', ...literal(command.examples)]),
  ];
}

/** `provision NODE… [--wait]   (what it is for)`: the form in bold and italics, the remark plain. */
function renderUsage(line: string): string {
  const [form = '', remark] = line.split(/ {2,}/);
  const words = escapeRoff(`crashcart ${form}`)
    .replace(/\b([A-Z]{2,}(?:\.tar)?|[A-Z])\b/g, '\\fI$1\\fR')
    .replace(/^crashcart( [a-z]+)?/, '\\fB$&\\fR')
    .replace(/(?:\\-){1,2}[a-z](?:[a-z]|\\-)*/g, '\\fB$&\\fR');
  return remark === undefined ? words : `${words} ${escapeRoff(remark)}`;
}

/** Paragraphs are filled; lines that are set out in columns stay as they are. */
export function renderBody(text: string): string[] {
  return text.split('\n\n').flatMap((paragraph, index) => {
    const lines = paragraph.split('\n');
    const start = index === 0 ? [] : ['.PP'];
    if (lines.every((line) => line.startsWith('  '))) return [...start, ...literal(lines.map((line) => line.slice(2)))];
    if (lines.every((line) => /^\S.*? :: /.test(line))) return lines.flatMap(renderTerm);
    const columns = lines.some((line) => /\S {2,}\S/.test(line));
    return [...start, ...lines.flatMap((line, at) => [...(columns && at > 0 ? ['.br'] : []), renderText(line)])];
  });
}

function renderTerm(line: string): string[] {
  const [term = '', ...rest] = line.split(' :: ');
  return ['.TP', `\\fB${escapeRoff(term)}\\fR`, renderText(rest.join(' :: '))];
}

function literal(lines: readonly string[]): string[] {
  return ['.PP', '.RS 4', '.nf', ...lines.map(escapeRoff), '.fi', '.RE'];
}

/** Words in backquotes are what somebody types. */
function renderText(text: string): string {
  return escapeRoff(text).replace(/`([^`]*)`/g, '\\fB$1\\fR');
}

function sentence(text: string): string {
  const capital = text.replace(/^[a-z]/, (letter) => letter.toUpperCase());
  return renderText(/[.!?]$/.test(capital) ? capital : `${capital}.`);
}

/** A dot or quote that begins a line would be a request; a plain `-` becomes a hyphen that cannot be pasted. */
function escapeRoff(text: string): string {
  return text
    .replace(/\\/g, '\\e')
    .replace(/-/g, '\\-')
    .replace(/^([.'])/, '\\&$1');
}
