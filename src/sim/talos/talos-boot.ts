import type { SimHost } from '../machine/sim-host.ts';
import type { SimRun } from '../run/sim-run.ts';
import type { TalosCmdline } from './parse-cmdline.ts';
import type { SimConfig } from './sim-config.ts';
import type { TalosVoice } from './talos-voice.ts';

/** One boot of the simulated Talos, from its kernel to the next reboot. */
export interface TalosBoot {
  readonly run: SimRun;
  readonly host: SimHost;
  readonly voice: TalosVoice;
  readonly from: 'network' | 'disk';
  readonly mode: 'bios' | 'uefi';
  readonly cpu: 'amd64' | 'arm64';
  readonly cmdline: TalosCmdline;
  readonly address: string;
  config: SimConfig | undefined;
}

/** What a phase lasts where nothing special happens in it. */
const STEP_MS = [150, 500] as const;

/** START, work, STOP, with the lines that machined writes beside them. */
export async function phase(
  boot: TalosBoot,
  name: string,
  position: readonly [number, number],
  work?: () => Promise<void>,
): Promise<void> {
  const { voice, run, host } = boot;
  const [index, count] = position;
  voice.event({ type: 'phase', phase: name, action: 'start' });
  voice.log(`phase ${name} (${index}/${count}): 1 tasks(s)`);
  if (work === undefined) await run.sleep(host.random.between(STEP_MS[0], STEP_MS[1]));
  else await work();
  voice.log(`phase ${name} (${index}/${count}): done`);
  voice.event({ type: 'phase', phase: name, action: 'stop' });
}

export async function phases(boot: TalosBoot, names: readonly string[]): Promise<void> {
  for (const [i, name] of names.entries()) await phase(boot, name, [i + 1, names.length]);
}

export async function task(boot: TalosBoot, name: string, work: () => Promise<void>): Promise<void> {
  boot.voice.event({ type: 'task', task: name, action: 'start' });
  await work();
  boot.voice.event({ type: 'task', task: name, action: 'stop' });
}

/** A sequence whose phases are given by `work`. */
export async function sequence(boot: TalosBoot, name: string, work: () => Promise<void>): Promise<void> {
  boot.voice.event({ type: 'sequence', sequence: name, action: 'start' });
  boot.voice.log(`${name} sequence: ${name === 'initialize' ? 7 : 8} phase(s)`);
  await work();
  boot.voice.event({ type: 'sequence', sequence: name, action: 'stop' });
  boot.voice.log(`${name} sequence: done`);
}
