import { expect, test } from 'vitest';
import { loadCommands } from '../../src/cli/command-table.ts';
import { HELP_COLUMNS, renderCommandHelp, renderHelp } from '../../src/cli/help.ts';
import { wrapHanging } from '../../src/cli/wrap-hanging.ts';

const all = await loadCommands(['--help']);

const tooWide = (text: string) => text.split('\n').filter((line) => line.length > HELP_COLUMNS);

test('the help of the program stays within its columns, a line for each command', () => {
  const help = renderHelp(all, '1.2.3');
  expect(tooWide(help)).toEqual([]);
  for (const { name, summary } of all) expect(help).toMatch(new RegExp(`^ {2}${name} +${summary.slice(0, 8)}`, 'm'));
});

test.each(all.map((command) => [command.name, command] as const))('the help of %s too, and loses no word', (_, one) => {
  const help = renderCommandHelp(one);
  expect(tooWide(help)).toEqual([]);
  const words = help.replace(/\s+/g, ' ');
  for (const { help: told } of Object.values(one.options)) expect(words).toContain(told.replace(/\s+/g, ' '));
  if (one.about !== undefined) expect(words).toContain(one.about.replace(/\s+/g, ' '));
});

test.each<readonly [string, string, number, string]>([
  ['what fits stays, with its spaces', 'a   b', 2, 'a   b'],
  ['what does not goes on below, further in', '  one two three four', 4, '  one two\n    three\n    four'],
  ['each line for itself', 'one two three\nfour', 0, 'one two\nthree\nfour'],
  ['a long word stands as it is', 'abcdefghijklmnop', 2, 'abcdefghijklmnop'],
  ['a long word after others', 'ab abcdefghijklmnop cd', 2, 'ab\n  abcdefghijklmnop cd'],
])('%s', (_, text, indent, wrapped) => {
  expect(wrapHanging(text, 10, indent)).toBe(wrapped);
});
