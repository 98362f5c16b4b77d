import { expect, test } from 'vitest';
import { loadCommands } from '../../src/cli/command-table.ts';

const all = await loadCommands(['--help']);

test.each(all.map((command) => command.name))(
  '%s is loaded by its own name, as it stands in the help',
  async (name) => {
    const [known] = all.filter((command) => command.name === name);
    const loaded = await loadCommands([name]);
    expect(loaded.find((command) => command.name === name)?.summary).toBe(known?.summary);
  },
);

test('no name stands twice', () => {
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
});

test.each<[words: readonly string[], loads: readonly string[]]>([
  [[], ['up']],
  [['--plain'], ['up']],
  [['demo', '--nodes', '2'], ['demo']],
  [['--version'], []],
])('%j loads no more than %j', async (words, loads) => {
  expect((await loadCommands(words)).map((command) => command.name)).toEqual(loads);
});

test.each([['--help'], ['help'], ['completions'], ['atach'], ['constructor']])('%s loads all of them', async (word) => {
  expect((await loadCommands([word])).length).toBe(all.length);
});
