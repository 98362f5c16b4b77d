import type { SimBoot } from '../bmc/sim-state.ts';
import type { Random } from '../run/random.ts';
import type { SimClock } from '../run/sim-clock.ts';
import { createRun, type SimRun, untilPowerOff } from '../run/sim-run.ts';
import type { SimSwitch } from '../switch/sim-switch.ts';
import { liveOn, type SimMachineState } from './live-on.ts';
import type { MachineFaults } from './machine-faults.ts';
import { createSimDisk, type DiskContent, type SimDisk } from './sim-disk.ts';
import type { SimHost, SimMachineSpec, SimPorts, SimStep } from './sim-host.ts';

export interface SimMachineOptions {
  readonly spec: SimMachineSpec;
  readonly clock: SimClock;
  readonly random: Random;
  readonly net: () => SimSwitch;
  readonly ports: () => SimPorts;
  readonly faults?: MachineFaults;
  /** Asked at the end of POST: the one-shot override of the BMC, used up by the asking. */
  readonly takeBoot?: () => SimBoot;
  readonly setProgress?: (progress: string) => void;
  readonly onNote?: (note: SimNote) => void;
  readonly onStep?: (step: SimStep) => void;
  readonly onWrite?: (write: SimWrite) => void;
  readonly idleMs?: number;
  /** How much of its console is kept. */
  readonly consoleLines?: number;
  readonly api?: boolean;
  readonly authority?: NonNullable<SimHost['authority']>;
}

export interface SimNote {
  readonly machine: string;
  /** Simulated milliseconds since the clock began. */
  readonly atMs: number;
  readonly text: string;
}

/** Something was written to a disk, by whatever ran on the machine. */
export interface SimWrite {
  readonly machine: string;
  readonly disk: string;
  readonly content: DiskContent['is'];
}

export interface SimMachine {
  readonly spec: SimMachineSpec;
  readonly disks: readonly SimDisk[];
  readonly state: SimMachineState;
  /** What stood on its console, the newest last; bounded. */
  readonly console: readonly string[];
  powerOn(): void;
  powerOff(): void;
  /** A person at the rack: on or off; `network` is F12 during POST. */
  pressPower(choose?: 'network'): void;
  setFaults(faults: MachineFaults): void;
  faults(): MachineFaults;
}

const CONSOLE_LINES = 300;

export function createSimMachine(options: SimMachineOptions): SimMachine {
  const { spec, clock, random, consoleLines = CONSOLE_LINES } = options;
  const disks = spec.disks.map(({ info, content }) =>
    createSimDisk(info, content, (disk, next) => options.onWrite?.({ machine: spec.name, disk, content: next.is })),
  );
  const state: SimMachineState = {
    power: 'off',
    step: 'off',
    address: undefined,
    boots: 0,
    networkBoots: 0,
    stopped: undefined,
  };
  const lines: string[] = [];
  let faults = options.faults ?? {};
  let spent: Partial<Record<'tftpStalls' | 'ipxeHangs' | 'downloadStalls', number>> = {};
  let run: SimRun | undefined;
  let chosen: 'network' | undefined;

  const note = (text: string) => {
    lines.push(text);
    if (lines.length > consoleLines) lines.shift();
    options.onNote?.({ machine: spec.name, atMs: clock.now(), text });
  };
  const host: SimHost = {
    spec,
    net: options.net,
    ports: options.ports,
    random,
    disks,
    faults: () => faults,
    uuid: () => faults.duplicateUuid ?? spec.uuid,
    spend(fault) {
      const used = spent[fault] ?? 0;
      if (used >= (faults[fault] ?? 0)) return false;
      spent = { ...spent, [fault]: used + 1 };
      return true;
    },
    note,
    step: (step) => {
      state.step = step;
      options.onStep?.(step);
    },
    leased: (lease) => {
      state.address = lease.address;
    },
    bytesPerSecond: () => (faults.slowDownload === true ? spec.bytesPerSecond / 50 : spec.bytesPerSecond),
    idleMs: options.idleMs,
    api: options.api ?? true,
    authority: options.authority,
    hasBmc: options.takeBoot !== undefined && faults.noBmc !== true,
  };
  const progress = (text: string) => options.setProgress?.(text);
  const takeBoot = (): SimBoot => {
    const asked = options.takeBoot?.() ?? { target: 'disk' };
    const byHand = chosen;
    chosen = undefined;
    return byHand === undefined ? asked : { target: 'pxe' };
  };

  const powerOff = () => {
    if (state.power === 'off') return;
    state.power = 'off';
    state.step = 'off';
    state.stopped = undefined;
    const old = run;
    run = undefined;
    old?.end();
    note('power off');
  };
  const powerOn = () => {
    if (state.power === 'on') return;
    state.power = 'on';
    note('power on');
    const begun = createRun(clock);
    run = begun;
    void untilPowerOff(liveOn(begun, { host, state, takeBoot, progress }));
  };

  return {
    spec,
    disks,
    state,
    console: lines,
    powerOn,
    powerOff,
    pressPower(choose) {
      if (state.power === 'on' && choose === undefined) {
        powerOff();
        return;
      }
      chosen = choose;
      powerOff();
      powerOn();
    },
    setFaults(next) {
      faults = next;
      spent = {};
    },
    faults: () => faults,
  };
}
