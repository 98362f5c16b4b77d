import { existsSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseFaults } from '../../sim/rack/assign-faults.ts';
import { renderFaults } from '../../sim/rack/fault-words.ts';
import {
  type Command,
  EXIT,
  flag,
  inventoryFolder,
  noInventory,
  numberOption,
  textOption,
  usageProblem,
} from '../command.ts';
import { demoFolder, listDemoFolders } from '../demo-folders.ts';
import { SCREEN_OPTIONS } from '../open-screen.ts';
import { runUp } from './up.ts';

export const demoCommand: Command = {
  name: 'demo',
  summary: 'the same program on loopback, against simulated servers with the real protocols',
  usage: [
    'demo [--nodes 24] [--speed 20] [--seed 1] [--faults LIST]',
    'demo --inventory DIR [--faults LIST]    (rehearse your own rack)',
  ],
  about:
    'No root, no hardware, loopback only. Everything is done as for real: DHCP, TFTP, iPXE scripts, HTTP, Redfish, Talos events; only the machines are simulated, and the screen says so. What goes wrong on purpose is counted on the first screen, and told by its key `!` and on the page of each machine; of a small rack it is a third of the machines at most, unless --faults names more. `crashcart status` and all other commands find the demo in the next window.\n\nWhat --keep kept, of a demo that was killed as well, is there to be looked at, not gone on with: `crashcart replay DIR` shows it again, `crashcart export --state DIR` writes the report of it.',
  mostWords: 0,
  options: {
    inventory: {
      type: 'string',
      short: 'i',
      value: 'DIR',
      help: 'rehearse the machines of this inventory instead of made-up ones',
    },
    nodes: { type: 'string', value: 'N', help: 'how many servers (default: 24)' },
    speed: { type: 'string', value: 'N', help: 'how many times faster than real servers (default: 20)' },
    seed: { type: 'string', value: 'N', help: 'the same number gives the same rack and the same faults (default: 1)' },
    faults: {
      type: 'string',
      value: 'LIST',
      help: 'what goes wrong: some, none (with --inventory the default), or a list; `help` tells them all',
    },
    keep: {
      type: 'string',
      value: 'DIR',
      help: 'keep the journal there, in a new folder or an empty one (default: it goes with the demo)',
    },
    ...SCREEN_OPTIONS,
  },
  examples: [
    'crashcart demo',
    'crashcart demo --nodes 200 --speed 60 --faults kernelPanic,tftpLoss:3,wrongDisk:r01-u07',
    'crashcart demo --inventory ./inventory',
    'crashcart demo --keep ./rehearsal      (then: crashcart replay ./rehearsal)',
  ],
  run: async (context) => {
    const rehearse = textOption(context, 'inventory') !== undefined;
    // Of his own machines an operator must believe what he sees.
    const faults = textOption(context, 'faults') ?? (rehearse ? 'none' : 'some');
    if (faults === 'help') {
      context.out(renderFaults());
      return EXIT.done;
    }
    const wishes = parseFaults(faults);
    if (!wishes.ok) throw usageProblem(wishes.error);
    const inventory = inventoryFolder(context);
    if (rehearse && textOption(context, 'nodes') !== undefined)
      throw usageProblem(
        '--nodes makes servers up, and --inventory rehearses those of its files: leave out one of them',
      );
    if (rehearse && !existsSync(inventory)) throw noInventory(inventory);
    const rack = {
      faults,
      nodes: numberOption(context, 'nodes', 24, 1, 4000),
      seed: numberOption(context, 'seed', 1, 0),
    };
    const speed = numberOption(context, 'speed', 20, 0.1, 1000);
    if (textOption(context, 'faults') !== undefined && wishes.value.length > 0) {
      // Who asks for none need not wait for it to be loaded.
      const { checkFaults } = await import('../check-faults.ts');
      const fit = await checkFaults({ ...rack, ...(rehearse ? { inventory } : {}) });
      if (!fit.ok) throw usageProblem(fit.error);
    }
    sweepLeftovers();
    const keep = textOption(context, 'keep');
    const end = await runUp(
      context,
      inventory,
      {
        ...rack,
        speed,
        rehearse,
        folder: demoFolder(process.pid),
        ...(keep === undefined ? {} : { keep: resolve(keep) }),
      },
      flag(context, 'read-only') ? 'SIMULATED READ-ONLY' : 'SIMULATED',
    );
    if (keep !== undefined) context.err(`crashcart: kept; \`crashcart replay ${keep}\` shows it again\n`);
    return end;
  },
};

/** A demo that was killed leaves its folder; the next one takes it away. */
function sweepLeftovers(): void {
  for (const { path, isAlive } of listDemoFolders()) {
    if (isAlive) continue;
    try {
      rmSync(path, { recursive: true, force: true });
    } catch {
      // In use: not ours to take away.
    }
  }
}
