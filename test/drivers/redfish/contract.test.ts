import { expect, test } from 'vitest';
import { PERSONALITIES } from '../../../src/sim/bmc/personalities.ts';
import { describeBmcContract } from './bmc-contract.ts';
import { openSim } from './sim-port.ts';

const PROGRESS = {
  none: { inPost: undefined, over: undefined },
  bootProgress: { inPost: 'MemoryInitializationStarted', over: 'OSBootStarted' },
  both: { inPost: 'MemoryInitializationStarted', over: 'OSBootStarted' },
  hpePostState: { inPost: 'InPost', over: 'FinishedPost' },
} as const;

for (const [index, personality] of PERSONALITIES.entries()) {
  describeBmcContract(personality.name, async () => {
    const { sim, port, notes, close } = await openSim({ personality: personality.name, index: index + 1 });
    const { identity } = sim;
    const serial = { board: identity.sku, chassis: identity.serial, blank: undefined }[personality.serial];
    return {
      port,
      serial,
      macs: identity.macs,
      takeBoot: () => sim.takeBoot().target,
      addLog: (text) => sim.addLog('Warning', text),
      raceTo(power) {
        sim.state.power = power === 'on' ? 'On' : 'Off';
        sim.setFaults({ stalePower: power === 'on' ? 'Off' : 'On' });
      },
      refusals: () => notes.filter((note) => /^POST \w+: 4\d\d$/.test(note)).length,
      refusesAlreadyThere: personality.reset.alreadyThere.status >= 400,
      progress: PROGRESS[personality.progress],
      startPost: () => Object.assign(sim.state, { power: 'On', inPost: true, progress: 'MemoryInitializationStarted' }),
      endPost: () => Object.assign(sim.state, { inPost: false, progress: 'OSBootStarted' }),
      can: {
        mode: personality.boot.mode !== 'absent',
        media: personality.media.slots.some((slot) => slot.by !== 'none'),
        log: true,
        uefiHttp: personality.boot.targets.includes('UefiHttp'),
      },
      async close() {
        await port.close();
        // Whatever was done, no session may stay behind.
        expect(sim.sessions.list()).toEqual([]);
        expect(sim.requests.peak).toBeLessThanOrEqual(1);
        await close();
      },
    };
  });
}

test('every personality that the issue names is there', () => {
  expect(PERSONALITIES.map((one) => one.name).sort()).toEqual([
    'ami-megarac',
    'dell-idrac9-6',
    'dell-idrac9-7',
    'hpe-ilo5',
    'hpe-ilo6',
    'lenovo-xcc',
    'openbmc',
    'supermicro-x10',
    'supermicro-x11',
  ]);
});
