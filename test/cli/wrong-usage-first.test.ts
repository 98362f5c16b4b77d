import { expect, test } from 'vitest';
import { EXIT } from '../../src/cli/command.ts';
import { loadCommands } from '../../src/cli/command-table.ts';
import { run } from './hosted-engine.ts';

/** What is wrong with the words is said first: that no engine runs would send a person the wrong way, and a script too. */

const all = await loadCommands(['--help']);
const NOWHERE = { CRASHCART_SOCKET: '/nonexistent/control.sock', XDG_STATE_HOME: '/nonexistent' };
const cli = (...argv: readonly string[]) => run(all, argv, NOWHERE);

const ofMachines = all.filter(({ name, usage }) => usage[0]?.startsWith(`${name} NODE`) === true);

test('most orders are for machines by name', () => {
  expect(ofMachines.length).toBeGreaterThan(12);
});

test.each(ofMachines.map(({ name }) => name))('%s of nothing is wrong usage, engine or not', async (name) => {
  const { code, err } = await cli(name);
  expect([code, err]).toEqual([EXIT.usage, expect.stringMatching(/machine|NODE/)]);
});

test.each<readonly [string, RegExp]>([
  ['hold --why broken', /hold takes the names of the machines/],
  ['unhold --json', /unhold takes the names of the machines/],
  ['protect --release', /protect takes the names of the machines/],
  ['trust --first-use', /trust takes the names of the machines/],
  ['bootstrap --confirm r01-u01', /bootstrap takes the names of the machines/],
  ['drift --apply', /drift takes the names of the machines/],
  ['drift --adopt serial', /drift takes the names of the machines/],
  ['drift a b --adopt serial', /one machine at a time/],
  ['cancel a --timeout soon', /--timeout takes a number from 1 to 3600, not "soon"/],
  // After an order was given it would be too late.
  ['provision a --wait --timeout soon', /--timeout takes a number from 1 to 2000000, not "soon"/],
  ['wipe a --confirm a --timeout 0', /--timeout takes a number/],
])('crashcart %s is wrong usage, engine or not', async (line, why) => {
  const { code, err } = await cli(...line.split(' '));
  expect([code, err]).toEqual([EXIT.usage, expect.stringMatching(why)]);
});

test.each(['retry a', 'hold a --why broken', 'drift', 'drift a --adopt serial', 'cancel a --timeout 5', 'provision a'])(
  'crashcart %s is right, and wants an engine',
  async (line) => {
    const { code, err } = await cli(...line.split(' '));
    expect([code, err]).toEqual([EXIT.cannotRun, expect.stringContaining('no engine is running here')]);
  },
);

// `replay DIR` takes its folder as a word: who gives one here means the same, and must not hear of another folder.
test.each(['/nonexistent', './rehearsal', '..', '~/rehearsal', 'src'])(
  'crashcart export %s says how a folder is named',
  async (word) => {
    const { code, err } = await cli('export', word);
    const how = `crashcart: "${word}" is no run and no wave; the journal in a folder goes with crashcart export --state ${word}\n`;
    expect([code, err]).toEqual([EXIT.usage, how]);
  },
);

test.each([
  [['export'], '/nonexistent/crashcart is not there; --state DIR names another state folder'],
  [['export', '3'], '/nonexistent/crashcart is not there; --state DIR names another state folder'],
  [['export', '3', '--state', '/nonexistent/kept'], '/nonexistent/kept is not there'],
])('crashcart %j without a journal names the folder that was looked into', async (argv, why) => {
  expect(await cli(...argv)).toEqual({ code: EXIT.cannotRun, out: '', err: `crashcart: ${why}\n` });
});
