import type { SimBoot } from '../bmc/sim-state.ts';
import { bootNetwork } from '../firmware/boot-network.ts';
import { FIRMWARE_KINDS, type FirmwareKind, type FirmwareName } from '../firmware/firmware-kinds.ts';
import type { Random } from '../run/random.ts';
import type { SimClock } from '../run/sim-clock.ts';
import { createRun, type SimRun, untilPowerOff } from '../run/sim-run.ts';
import type { SimSwitch } from '../switch/sim-switch.ts';
import { runTalos } from '../talos/run-talos.ts';
import type { MachineFaults } from './machine-faults.ts';
import { runSystem } from './run-system.ts';
import { findBootDisk, type SimDisk } from './sim-disk.ts';
import type { BootEnd, SimHost, SimMachineSpec, SimPorts, SimStep } from './sim-host.ts';

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
  readonly idleMs?: number;
  readonly api?: boolean;
}

export interface SimNote {
  readonly machine: string;
  /** Simulated milliseconds since the clock began. */
  readonly atMs: number;
  readonly text: string;
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

export interface SimMachineState {
  power: 'on' | 'off';
  step: SimStep;
  address: string | undefined;
  boots: number;
  networkBoots: number;
  /** Why nothing more happens, while that is so. */
  stopped: string | undefined;
}

const MAX_CONSOLE = 300;
/** After a pass over all boot entries that came to nothing firmware begins again, here ever more slowly. */
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 120_000;
const WARM_POST_SHARE = 0.7;
const KEXEC_MS = [8_000, 15_000] as const;
/** A machine that has nothing to boot is left alone after so many passes. */
const MAX_PASSES = 200;

const HTTP_TWIN: Readonly<Partial<Record<FirmwareName, FirmwareName>>> = { uefi: 'uefi-http', arm64: 'arm64-http' };

export function createSimMachine(options: SimMachineOptions): SimMachine {
  const { spec, clock, random } = options;
  const disks: SimDisk[] = spec.disks.map(({ info, content }) => ({ info, content }));
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
    if (lines.length > MAX_CONSOLE) lines.shift();
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
    },
    leased: (lease) => {
      state.address = lease.address;
    },
    bytesPerSecond: () => (faults.slowDownload === true ? spec.bytesPerSecond / 50 : spec.bytesPerSecond),
    idleMs: options.idleMs,
    api: options.api ?? true,
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

interface Life {
  readonly host: SimHost;
  readonly state: SimMachineState;
  readonly takeBoot: () => SimBoot;
  readonly progress: (text: string) => void;
}

/** From one power on to the end of power: POST, boot, and again after each reset. */
async function liveOn(run: SimRun, life: Life): Promise<void> {
  const { host, state } = life;
  for (let share = 1; ; share = WARM_POST_SHARE) {
    host.step('post');
    state.stopped = undefined;
    await run.sleep(host.spec.postMs * share);
    state.boots += 1;
    const inner = run.child();
    const end = await boot(inner, life);
    inner.end();
    if (end.is === 'reset') continue;
    if (end.is === 'stopped') {
      state.stopped = end.why;
      host.step('stopped');
      host.note(end.why);
    }
    await run.wait<never>(undefined, () => () => undefined);
  }
}

function kindFor(host: SimHost, target: SimBoot['target']): FirmwareKind {
  const own = host.spec.firmware;
  return FIRMWARE_KINDS[target === 'uefiHttp' ? (HTTP_TWIN[own] ?? own) : own];
}

async function boot(run: SimRun, life: Life): Promise<BootEnd> {
  const { host, takeBoot, progress } = life;
  const first = takeBoot();
  progress('OSBootStarted');
  const own = FIRMWARE_KINDS[host.spec.firmware];
  const isOverridden = first.target === 'pxe' || first.target === 'uefiHttp';
  if (first.target === 'cd') return { is: 'stopped', why: `virtual medium ${first.imageUrl ?? '(none)'}` };
  for (let pass = 0; pass < MAX_PASSES; pass += 1) {
    const networkFirst = (pass === 0 && isOverridden) || host.spec.bootOrder === 'networkFirst';
    const order = networkFirst ? (['network', 'disk'] as const) : (['disk', 'network'] as const);
    for (const device of order) {
      const kind = pass === 0 && isOverridden ? kindFor(host, first.target) : own;
      const end = device === 'disk' ? await bootDisk(run, life, own) : await bootFromNetwork(run, life, kind);
      if (end.is !== 'next') return end;
      host.note(`${device}: ${end.why}`);
    }
    await run.sleep(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 1.5 ** pass));
  }
  return { is: 'stopped', why: 'no bootable device' };
}

async function bootFromNetwork(run: SimRun, life: Life, kind: FirmwareKind): Promise<BootEnd> {
  const { host, state, progress } = life;
  state.networkBoots += 1;
  const inner = run.child();
  const end = await bootNetwork(inner, host, kind);
  inner.end();
  if (end.is === 'disk') return bootDisk(run, life, kind);
  if (end.is !== 'linux') return end;
  progress('OSRunning');
  if (!/(?:^|\s)talos\.platform=/.test(end.args)) return runSystem(run, host, host.spec.name, end.args);
  return follow(
    run,
    life,
    await runTalos(run.child(), host, { from: 'network', args: end.args, mode: kind.mode, cpu: kind.cpu }),
    kind,
  );
}

async function bootDisk(run: SimRun, life: Life, kind: FirmwareKind): Promise<BootEnd> {
  const { host, progress } = life;
  const disk = findBootDisk(host.disks, kind.mode);
  if (disk === undefined) return { is: 'next', why: 'no system' };
  progress('OSRunning');
  host.note(`booting ${disk.info.name}: ${disk.content.is}`);
  if (disk.content.is === 'otherSystem') return runSystem(run, host, disk.content.hostName, '');
  await run.sleep(host.random.between(2_000, 5_000));
  return follow(run, life, await startInstalled(run, life, kind), kind);
}

/** The second kernel of a kexec: no POST, no firmware, no network boot. */
async function follow(run: SimRun, life: Life, end: BootEnd, kind: FirmwareKind): Promise<BootEnd> {
  const { host } = life;
  let now = end;
  while (now.is === 'kexec') {
    await run.sleep(host.random.between(KEXEC_MS[0], KEXEC_MS[1]));
    now = await startInstalled(run, life, kind);
  }
  return now;
}

async function startInstalled(run: SimRun, life: Life, kind: FirmwareKind): Promise<BootEnd> {
  const { host } = life;
  if (host.faults().deadAfterInstall === true) return { is: 'stopped', why: 'a black screen' };
  const inner = run.child();
  const end = await runTalos(inner, host, { from: 'disk', args: '', mode: kind.mode, cpu: kind.cpu });
  inner.end();
  return end;
}
