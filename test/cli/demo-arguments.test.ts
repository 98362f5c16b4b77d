import { expect, test } from 'vitest';
import { EXIT } from '../../src/cli/command.ts';
import { demoCommand } from '../../src/cli/commands/demo.ts';
import { replayCommand } from '../../src/cli/commands/replay.ts';
import { run } from './hosted-engine.ts';

/** What makes no sense is refused before anything starts: nobody should look at a demo that is not the one he asked for. */
test.each<readonly [string, string, RegExp]>([
  [
    'made-up machines in a rehearsal',
    'demo --inventory inventory --nodes 5',
    /--nodes makes servers up, and --inventory/,
  ],
  ['a rehearsal of a folder that is not there', 'demo --inventory no/such', /there is no inventory folder no\/such/],
  ['a fault on no machine', 'demo --faults kernelPanic:0', /kernelPanic:0 is for no machine/],
  ['none beside a fault', 'demo --faults none,kernelPanic', /none goes alone/],
  ['a list of nothing', 'demo --faults ,', /there is nothing between the commas/],
  ['a size of lines', 'demo --plain --size 80x25', /--plain prints lines, and a line has no size/],
  ['a size of lines in a replay', 'replay no/such --plain --size 80x25', /--plain prints lines/],
])('%s is wrong usage', async (_name, line, why) => {
  const { code, err } = await run([demoCommand, replayCommand], line.split(' '));
  expect([code, err]).toEqual([EXIT.usage, expect.stringMatching(why)]);
});
