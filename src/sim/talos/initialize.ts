import type { BootEnd } from '../machine/sim-host.ts';
import { fetchConfig } from './fetch-config.ts';
import { failSequence, reboot } from './reboot.ts';
import { phase, phases, type TalosBoot, task } from './talos-boot.ts';

const HALT_MS = 70 * 60_000;

/** `initialize` up to the configuration; an end where it goes no further: missing arguments, wipe, halt. */
export async function initialize(boot: TalosBoot, isInstalled: boolean): Promise<BootEnd | undefined> {
  const { voice, cmdline, from, run, host } = boot;
  voice.event({ type: 'sequence', sequence: 'initialize', action: 'start' });
  voice.log('initialize sequence: 7 phase(s)');
  voice.stage('booting', false, [{ name: 'services', reason: 'machined is starting' }]);
  if (from === 'network' && cmdline.missing.length > 0) {
    voice.event({ type: 'phase', phase: 'systemRequirements', action: 'start' });
    const why = `required KSPP parameter is missing: ${cmdline.missing.join(', ')}`;
    return failSequence(boot, 'initialize', `error running phase 1 in initialize sequence: ${why}`);
  }
  await phases(boot, ['systemRequirements', 'earlyServices', 'usb', 'meta']);
  for (const service of ['machined', 'udevd', 'apid', 'syslogd', 'containerd']) {
    voice.service(service, 'running', 'Started');
  }
  voice.event({
    type: 'address',
    hostName: boot.config?.hostName ?? `talos-${host.spec.serial.toLowerCase()}`,
    addresses: [boot.address],
  });
  if (from === 'network' && cmdline.wipe !== undefined) return wipeDisks(boot);
  if (from === 'network' && isInstalled && cmdline.haltIfInstalled) return halt(boot);
  if (boot.config !== undefined) {
    await phase(boot, 'config', [7, 7], () => task(boot, 'loadConfig', () => run.sleep(400)));
  } else if (cmdline.config !== undefined) await loadConfig(boot, cmdline.config);
  voice.event({ type: 'sequence', sequence: 'initialize', action: 'stop' });
  return undefined;
}

async function loadConfig(boot: TalosBoot, url: string): Promise<void> {
  await phase(boot, 'config', [7, 7], () =>
    task(boot, 'loadConfig', async () => {
      const config = await fetchConfig(boot, url);
      boot.voice.listenTo(config.eventSink ?? boot.cmdline.eventSink, [
        ...new Set([...(boot.cmdline.kernelLog === undefined ? [] : [boot.cmdline.kernelLog]), ...config.kernelLogs]),
      ]);
      // Documents without a v1alpha1 one are applied at once, and the search goes on, into maintenance.
      if (config.isComplete) boot.config = config;
    }),
  );
}

async function wipeDisks(boot: TalosBoot): Promise<BootEnd> {
  const { voice, host, run, cmdline } = boot;
  await phase(boot, 'wipeDisks', [5, 7], () =>
    task(boot, cmdline.wipe === 'system' ? 'wipeSystemDisk' : 'wipeSystemDiskPartitions', async () => {
      await run.sleep(host.random.between(3_000, 6_000));
      for (const disk of host.disks) {
        if (disk.content.is !== 'talos') continue;
        voice.log(`wiped disk /dev/${disk.info.name}`);
        const { version, mode } = disk.content;
        // With labels META stays, so it still counts as installed.
        disk.content = cmdline.wipe === 'system' ? { is: 'blank' } : { is: 'talos', version, mode };
      }
    }),
  );
  return reboot(boot, 'reboot', 'firmware');
}

async function halt(boot: TalosBoot): Promise<BootEnd> {
  const { voice, host, run } = boot;
  host.step('halted');
  voice.event({ type: 'phase', phase: 'haltIfInstalled', action: 'start' });
  voice.event({ type: 'task', task: 'haltIfInstalled', action: 'start' });
  for (let waitedMs = 0; waitedMs < HALT_MS; waitedMs += 30_000) {
    voice.log(
      'Talos is already installed to disk but booted from another media and talos.halt_if_installed kernel parameter is set. Please reboot from the disk.',
      'warn',
    );
    await run.sleep(Math.max(30_000, 5_000 * run.clock.speed));
  }
  return failSequence(boot, 'initialize', 'error running phase haltIfInstalled: halt_if_installed timed out');
}
