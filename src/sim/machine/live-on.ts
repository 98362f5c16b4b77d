import type { SimBoot } from '../bmc/sim-state.ts';
import { bootMedium } from '../firmware/boot-medium.ts';
import { bootNetwork } from '../firmware/boot-network.ts';
import { FIRMWARE_KINDS, type FirmwareKind, type FirmwareName } from '../firmware/firmware-kinds.ts';
import type { SimRun } from '../run/sim-run.ts';
import { runTalos } from '../talos/run-talos.ts';
import { runSystem } from './run-system.ts';
import { findBootDisk } from './sim-disk.ts';
import type { BootEnd, SimHost, SimStep } from './sim-host.ts';

export interface SimMachineState {
  power: 'on' | 'off';
  step: SimStep;
  address: string | undefined;
  boots: number;
  networkBoots: number;
  /** Why nothing more happens, while that is so. */
  stopped: string | undefined;
}

/** After a pass over all boot entries that came to nothing firmware begins again, here ever more slowly. */
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 120_000;
/** Real milliseconds. Hundreds that begin again at scaled speed would shout a busy computer down, and never get through. */
const LEAST_PAUSE_MS = 200;
const LEAST_LONGEST_PAUSE_MS = 5_000;
const WARM_POST_SHARE = 0.7;
/**
 * Real milliseconds of every POST but the first of a machine, at any speed. The program takes a script that is asked for
 * within a second of the hand-off for a late copy of the boot before: no real machine is back so soon.
 */
const LEAST_POST_MS = 1_100;
const KEXEC_MS = [8_000, 15_000] as const;
/** A machine that has nothing to boot is left alone after so many passes. */
const MAX_PASSES = 200;

const HTTP_TWIN: Readonly<Partial<Record<FirmwareName, FirmwareName>>> = { uefi: 'uefi-http', arm64: 'arm64-http' };

/** A machine with power. */
export interface SimLife {
  readonly host: SimHost;
  readonly state: SimMachineState;
  readonly takeBoot: () => SimBoot;
  readonly progress: (text: string) => void;
}

/** From one power on to the end of power: POST, boot, and again after each reset. */
export async function liveOn(run: SimRun, life: SimLife): Promise<void> {
  const { host, state } = life;
  for (let share = 1; ; share = WARM_POST_SHARE) {
    host.step('post');
    state.stopped = undefined;
    const least = state.boots === 0 ? 0 : LEAST_POST_MS * run.clock.speed;
    await run.sleep(Math.max(least, host.spec.postMs * share));
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

async function boot(run: SimRun, life: SimLife): Promise<BootEnd> {
  const { host, takeBoot, progress } = life;
  const first = takeBoot();
  progress('OSBootStarted');
  const own = FIRMWARE_KINDS[host.spec.firmware];
  const isOverridden = first.target === 'pxe' || first.target === 'uefiHttp';
  const isNetworkFirst = host.spec.bootOrder === 'networkFirst' || host.faults().bootLoop === true;
  if (first.target === 'cd') {
    const end = await bootFromMedium(run, life, own, first.imageUrl);
    if (end.is !== 'next') return end;
    host.note(`virtual medium: ${end.why}`);
  }
  for (let pass = 0; pass < MAX_PASSES; pass += 1) {
    const networkFirst = (pass === 0 && isOverridden) || isNetworkFirst;
    const order = networkFirst ? (['network', 'disk'] as const) : (['disk', 'network'] as const);
    for (const device of order) {
      const kind = pass === 0 && isOverridden ? kindFor(host, first.target) : own;
      const end = device === 'disk' ? await bootDisk(run, life, own) : await bootFromNetwork(run, life, kind);
      if (end.is !== 'next') return end;
      host.note(`${device}: ${end.why}`);
    }
    const atLeast = Math.min(LEAST_LONGEST_PAUSE_MS, LEAST_PAUSE_MS * 1.5 ** pass) * run.clock.speed;
    await run.sleep(Math.max(atLeast, Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 1.5 ** pass)));
  }
  return { is: 'stopped', why: 'no bootable device' };
}

async function bootFromMedium(
  run: SimRun,
  life: SimLife,
  kind: FirmwareKind,
  url: string | undefined,
): Promise<BootEnd> {
  const inner = run.child();
  const end = await bootMedium(inner, life.host, kind, url);
  inner.end();
  return afterLoader(run, life, kind, end);
}

async function bootFromNetwork(run: SimRun, life: SimLife, kind: FirmwareKind): Promise<BootEnd> {
  const { host, state } = life;
  state.networkBoots += 1;
  const inner = run.child();
  const end = await bootNetwork(inner, host, kind);
  inner.end();
  return afterLoader(run, life, kind, end);
}

async function afterLoader(run: SimRun, life: SimLife, kind: FirmwareKind, end: BootEnd): Promise<BootEnd> {
  const { host, progress } = life;
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

async function bootDisk(run: SimRun, life: SimLife, kind: FirmwareKind): Promise<BootEnd> {
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
async function follow(run: SimRun, life: SimLife, end: BootEnd, kind: FirmwareKind): Promise<BootEnd> {
  const { host } = life;
  let now = end;
  while (now.is === 'kexec') {
    await run.sleep(host.random.between(KEXEC_MS[0], KEXEC_MS[1]));
    now = await startInstalled(run, life, kind);
  }
  return now;
}

async function startInstalled(run: SimRun, life: SimLife, kind: FirmwareKind): Promise<BootEnd> {
  const { host } = life;
  if (host.faults().deadAfterInstall === true) return { is: 'stopped', why: 'a black screen' };
  const inner = run.child();
  const end = await runTalos(inner, host, { from: 'disk', args: '', mode: kind.mode, cpu: kind.cpu });
  inner.end();
  return end;
}
