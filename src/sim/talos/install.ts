import { fail, ok, type Result } from '../../core/result.ts';
import type { SimDisk } from '../machine/sim-disk.ts';
import type { BootEnd } from '../machine/sim-host.ts';
import { failSequence, reboot } from './reboot.ts';
import type { SimConfig, SimInstall } from './sim-config.ts';
import { phase, type TalosBoot } from './talos-boot.ts';

/** Pulling the installer and writing the disk, simulated milliseconds each. */
const PULL_MS = [12_000, 25_000] as const;
const WRITE_MS = [8_000, 20_000] as const;
const PARTITIONS = {
  uefi: ['EFI', 'META'],
  bios: ['BIOS', 'BOOT', 'META'],
} as const;

/** arm64 has kexec again from 1.13.1 on; nobody boots an older one here. */
function rebootManner(boot: TalosBoot, config: SimConfig): 'kexec' | 'firmware' {
  const disabled =
    boot.cmdline.kexecDisabled ||
    config.kexecDisabled ||
    boot.host.faults().firmwareReboot === true ||
    boot.host.faults().secureBoot === true;
  return disabled ? 'firmware' : 'kexec';
}

/** Up to 1.13: a sequence of its own. A failure is fatal, and Talos goes through firmware. */
export async function installBySequence(boot: TalosBoot, config: SimConfig, install: SimInstall): Promise<BootEnd> {
  const { voice, host } = boot;
  voice.event({ type: 'sequence', sequence: 'install', action: 'start' });
  voice.log('install sequence: 8 phase(s)');
  await phase(boot, 'env', [1, 8]);
  voice.event({ type: 'phase', phase: 'install', action: 'start' });
  voice.stage('installing', true);
  host.step('installing');
  voice.log('phase install (2/8): 1 tasks(s)');
  const written = await writeDisk(boot, config, install);
  if (!written.ok) {
    voice.log(`phase install (2/8): failed: ${written.error}`, 'error');
    return failSequence(boot, 'install', `error running phase 2 in install sequence: ${written.error}`);
  }
  voice.event({ type: 'phase', phase: 'install', action: 'stop' });
  await phase(boot, 'meta', [3, 8]);
  await phase(boot, 'saveMeta', [4, 8]);
  return reboot(boot, 'install', rebootManner(boot, config));
}

/** 1.14: `boot` waits in diskSizeCheck while a controller installs beside it; failures are tried again for ever. */
export async function installUnattended(
  boot: TalosBoot,
  config: SimConfig,
  install: SimInstall,
): Promise<BootEnd | undefined> {
  const { voice, run, host } = boot;
  voice.event({ type: 'sequence', sequence: 'install', action: 'start' });
  voice.event({ type: 'sequence', sequence: 'install', action: 'stop' });
  voice.event({ type: 'sequence', sequence: 'boot', action: 'start' });
  voice.stage('booting', false, [{ name: 'services', reason: 'unattended install is running' }]);
  await phase(boot, 'memorySizeCheck', [1, 9]);
  voice.event({ type: 'phase', phase: 'diskSizeCheck', action: 'start' });
  host.step('installing');
  for (let waitMs = 5_000; ; waitMs = Math.min(60_000, waitMs * 1.5)) {
    const written = await writeDisk(boot, config, install);
    if (written.ok) break;
    voice.log(`controller failed: unattended install failed: ${written.error}`, 'error');
    await run.sleep(Math.max(waitMs, 500 * run.clock.speed));
  }
  if (!install.reboots) return undefined;
  voice.log('requesting reboot after successful install');
  voice.event({
    type: 'sequence',
    sequence: 'boot',
    action: 'noop',
    error: { code: 'canceled', message: 'sequence was taken over' },
  });
  voice.event({ type: 'sequence', sequence: 'reboot', action: 'start' });
  return reboot(boot, 'reboot', rebootManner(boot, config));
}

async function pullImage(boot: TalosBoot, image: string): Promise<void> {
  const { voice, run, host } = boot;
  const pullMs = host.random.between(PULL_MS[0], PULL_MS[1]);
  voice.log(`pulling image ${image}: starting...`);
  for (const percent of [12.5, 41.2, 78.9, 100]) {
    await run.sleep(pullMs / 4);
    const done = ((95 * percent) / 100).toFixed(1);
    voice.log(`pulling image ${image}: downloading 3 layers (${done} MiB/95.0 MiB) (${percent.toFixed(2)}%)...`);
  }
}

async function writeDisk(boot: TalosBoot, config: SimConfig, install: SimInstall): Promise<Result<SimDisk>> {
  const { voice, run, host } = boot;
  await pullImage(boot, install.image);
  voice.log(`using disk match expression: ${install.by}`);
  const chosen = install.choose(host.disks.map((disk) => disk.info));
  if (!chosen.ok) return chosen;
  const disk = host.disks.find((one) => one.info === chosen.value);
  if (disk === undefined) return fail('the disk is gone');
  const device = `/dev/${disk.info.name.replace(/^\/dev\//, '')}`;
  voice.log(`installing Talos to disk ${device}`);
  const parts = PARTITIONS[boot.mode];
  const writeMs = host.random.between(WRITE_MS[0], WRITE_MS[1]);
  for (const label of parts) {
    await run.sleep(writeMs / (parts.length + 2));
    voice.log(`created ${label} (c12a7328-f81f-11d2-ba4b-00a0c93ec93b) size 2203058176 bytes`);
  }
  if (host.faults().installFails === true) {
    return fail(`failed to write ${device}: input/output error`);
  }
  await run.sleep((writeMs * 2) / (parts.length + 2));
  if (boot.mode === 'uefi') {
    voice.log('updating EFI variables');
    voice.log('created Talos Linux UKI boot entry at index 4');
  }
  disk.content = { is: 'talos', version: install.version, configText: config.text, mode: boot.mode };
  voice.log(`installation of ${install.version} complete`);
  voice.log('install successful');
  return ok(disk);
}
