import { expect, test } from 'vitest';
import { type Command, inventoryFolder, numberOption } from '../../src/cli/command.ts';
import { loadCommands } from '../../src/cli/command-table.ts';
import { runCli } from '../../src/cli/run-cli.ts';

/** A flag that was forgotten must not begin something else: `demo ./inventory` is no rack of 24 made-up machines. */

const all = await loadCommands(['--help']);

async function say(commands: readonly Command[], argv: readonly string[]) {
  const said: string[] = [];
  const keep = (text: string) => void said.push(text);
  const code = await runCli({ commands, version: '1', out: keep, err: keep, env: {} }, argv);
  return { code, said: said.join('') };
}

/** The words of a usage line that are no options: `export [RUN|WAVE] [--out DIR]` has one. */
const placesOf = (usage: string, name: string): readonly string[] =>
  usage
    .replace(/\(.*\)$|[>|] .*$/g, '')
    .replace(`[${name}]`, '')
    .replace(/\[[^\]]*?--[^\]]*\]|--\S+ [A-Z]\S*|--\S+/g, '')
    .split(/\s+/)
    .filter((word) => word !== '' && word !== name);

const wordless = all.filter(({ usage, name }) => usage.every((line) => placesOf(line, name).length === 0));

test('some commands take no words by their usage', () => {
  expect(wordless.map(({ name }) => name)).toEqual(['up', 'serve', 'attach', 'demo']);
});

test.each(wordless.map((command) => [command.name, command] as const))(
  '%s refuses what is too many, and does nothing',
  async (name, command) => {
    const untouched: Command = { ...command, run: () => Promise.reject(new Error('it ran')) };
    const { code, said } = await say([untouched], [name, './inventory', './other']);
    expect([code, said]).toEqual([2, expect.stringContaining('is too many')]);
  },
);

test('demo with a folder says which flag was meant', async () => {
  const { code, said } = await say(all, ['demo', './inventory']);
  expect([code, said]).toEqual([2, expect.stringContaining('did you mean --inventory ./inventory?')]);
});

test.each<readonly [readonly string[], string]>([
  [['check', 'a', 'b'], '"b" is too many'],
  [['completions', 'bash', 'zsh'], '"zsh" is too many'],
  [['images', 'list', 'x'], '"x" is a word too many'],
  [['images', 'export', 'a.tar', 'b.tar'], '"b.tar" is a word too many'],
])('%j is wrong usage', async (argv, words) => {
  const { code, said } = await say(all, argv);
  expect([code, said]).toEqual([2, expect.stringContaining(words)]);
});

test.each<readonly [readonly string[], string]>([
  [['--seed', '-1'], '--seed takes a value, and "-1" looks like an option'],
  [['--seed'], '--seed takes a value, and there is none'],
  [['--seed=-1'], '--seed takes a number of 0 or more, not "-1"'],
  [['--seed', 'x'], '--seed takes a number of 0 or more, not "x"'],
  [['--seed='], '--seed takes a number of 0 or more, not ""'],
])('a number that cannot be one is refused in our words: %j', async (args, words) => {
  const [demo] = all.filter(({ name }) => name === 'demo');
  if (demo === undefined) throw new Error('no demo');
  const only: Command = { ...demo, run: async (context) => (numberOption(context, 'seed', 1, 0) === 1 ? 0 : 1) };
  const { code, said } = await say([only], ['demo', ...args]);
  expect([code, said]).toEqual([2, expect.stringContaining(words)]);
});

test.each<readonly [string, readonly string[], readonly string[], readonly string[]]>([
  ['several machines', ['--pcapng', 'a', 'b'], ['a', 'b'], []],
  ['a run, and machines', ['3', '--pcapng', 'a', 'b', '--out', 'x'], ['a', 'b'], ['3']],
  ['machines, and a run behind another option', ['--pcapng', 'a', 'b', '--out', 'x', '3'], ['a', 'b'], ['3']],
  ['the option for each machine', ['--pcapng', 'a', '--pcapng', 'b', '--', '3'], ['a', 'b'], ['3']],
])('export takes what its usage says: %s', async (_, args, machines, words) => {
  const [command] = all.filter(({ name }) => name === 'export');
  if (command === undefined) throw new Error('no export');
  expect(command.usage.join()).toContain('--pcapng NODE…');
  const seen: unknown[] = [];
  const run: Command['run'] = async (context) => {
    seen.push(context.options.pcapng, context.words);
    return 0;
  };
  expect(await say([{ ...command, run }], ['export', ...args])).toMatchObject({ code: 0 });
  expect(seen).toEqual([machines, words]);
});

test('an option that takes many values takes at least one', async () => {
  const { code, said } = await say(all, ['export', '--pcapng', '--list']);
  expect([code, said]).toEqual([2, expect.stringContaining('--pcapng takes a value')]);
});

const placed = all.flatMap((command) =>
  Object.entries(command.options).flatMap(([name, { value = '' }]) =>
    ['DIR', 'FILE', 'PATH'].includes(value) ? [[`${command.name} --${name}`, command, name] as const] : [],
  ),
);

test('every command that takes an inventory is asked about an empty one', () => {
  expect(placed.filter(([title]) => title.endsWith('--inventory')).length).toBeGreaterThan(8);
});

test.each(placed)('%s refuses an empty value: a variable that is not set is no folder', async (_, command, option) => {
  const untouched: Command = { ...command, run: () => Promise.reject(new Error('it ran')) };
  for (const value of ['', ' ']) {
    const { code, said } = await say([untouched], [command.name, `--${option}`, value]);
    expect([code, said]).toEqual([2, expect.stringContaining(`--${option} takes a `)]);
  }
});

test('an empty word is refused, and an empty variable of the environment counts as none', async () => {
  const check = all.find(({ name }) => name === 'check');
  const untouched = { ...check, run: () => Promise.reject(new Error('it ran')) } as Command;
  expect((await say([untouched], ['check', ''])).said).toContain('empty');
  const context = { options: {}, words: [], out: () => undefined, err: () => undefined };
  expect(inventoryFolder({ ...context, env: { CRASHCART_INVENTORY: '' } })).toBe('inventory');
});
