import { expect, test } from 'vitest';
import { EXIT } from '../../src/cli/command.ts';
import { attachCommand } from '../../src/cli/commands/attach.ts';
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
  [
    'a fault of a machine that is not there',
    'demo --faults kernelPanic:x',
    /the fault kernelPanic is for x, and there is no such machine/,
  ],
  ['a number that cannot be one', 'demo --faults kernelPanic:-1', /is for -1, and there is no such machine/],
  [
    'more faults than machines',
    'demo --nodes 4 --faults kernelPanic:5',
    /for 5 machines, and here only 4 machines can/,
  ],
  ['a fault of control planes on a worker', 'demo --faults awaitsBootstrap:r01-u09', /and r01-u09 is a worker/],
  [
    'a fault of a machine that the rehearsed site does not have',
    'demo --inventory inventory --faults kernelPanic:r01-u01',
    /the fault kernelPanic is for r01-u01, and there is no such machine/,
  ],
  ['a fault that is none', 'demo --faults nope', /there is no fault "nope"/],
  ['a fault that is said twice over', 'demo --faults kernelPanic:2:3', /says more than how many/],
  ['a list that a variable left empty', 'demo --faults=', /the list of faults is empty/],
  ['none beside a fault', 'demo --faults none,kernelPanic', /none goes alone/],
  ['a list of nothing', 'demo --faults ,', /there is nothing between the commas/],
  ['a size of lines', 'demo --plain --size 80x25', /--plain prints lines, and a line has no size/],
  ['the write side for lines', 'attach --plain --take', /lines give no orders: leave out --take/],
  ['a size of lines in a replay', 'replay no/such --plain --size 80x25', /--plain prints lines/],
])('%s is wrong usage', async (_name, line, why) => {
  const { code, err } = await run([attachCommand, demoCommand, replayCommand], line.split(' '));
  expect([code, err]).toEqual([EXIT.usage, expect.stringMatching(why)]);
});
