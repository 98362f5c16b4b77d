import { rmSync } from 'node:fs';
import { parseFaults } from '../../sim/rack/assign-faults.ts';
import { renderFaults } from '../../sim/rack/fault-words.ts';
import { type Command, EXIT, flag, inventoryFolder, numberOption, textOption, usageProblem } from '../command.ts';
import { demoFolder, listDemoFolders } from '../demo-folders.ts';
import { SCREEN_OPTIONS } from '../open-screen.ts';
import { runUp } from './up.ts';

export const demoCommand: Command = {
  name: 'demo',
  summary: 'the same program on loopback, against simulated servers that speak the real protocols',
  usage: [
    'demo [--nodes 24] [--speed 20] [--seed 1] [--faults LIST]',
    'demo --inventory DIR      (rehearse your own rack)',
  ],
  about:
    'No root, no hardware, loopback only. Everything is done as for real: DHCP, TFTP, iPXE scripts, HTTP, Redfish,\nTalos events; only the machines are simulated, and the screen says so.',
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
      help: 'some (default), none, or a list like kernelPanic,tftpLoss:3,wrongDisk:r01-u07; `help` tells them all',
    },
    ...SCREEN_OPTIONS,
  },
  examples: ['crashcart demo', 'crashcart demo --nodes 200 --speed 60', 'crashcart demo --inventory ./inventory'],
  run: async (context) => {
    const faults = textOption(context, 'faults') ?? 'some';
    if (faults === 'help') {
      context.out(renderFaults());
      return EXIT.done;
    }
    const wishes = parseFaults(faults);
    if (!wishes.ok) throw usageProblem(wishes.error);
    sweepLeftovers();
    const rehearse = textOption(context, 'inventory') !== undefined;
    return runUp(
      context,
      inventoryFolder(context),
      {
        nodes: numberOption(context, 'nodes', 24, 1, 4000),
        seed: numberOption(context, 'seed', 1, 0),
        speed: numberOption(context, 'speed', 20, 0.1, 1000),
        faults,
        rehearse,
        folder: demoFolder(process.pid),
      },
      flag(context, 'read-only') ? 'SIMULATED READ-ONLY' : 'SIMULATED',
    );
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
