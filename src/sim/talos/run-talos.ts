import { systemOptions } from '../firmware/firmware-kinds.ts';
import { findTalos } from '../machine/sim-disk.ts';
import type { BootEnd, SimHost } from '../machine/sim-host.ts';
import type { SimRun } from '../run/sim-run.ts';
import { obtainLease } from '../wire/obtain-lease.ts';
import { fetchConfig } from './fetch-config.ts';
import { installBySequence, installUnattended } from './install.ts';
import { parseCmdline, type TalosCmdline } from './parse-cmdline.ts';
import { failSequence, reboot } from './reboot.ts';
import { parseSimConfig } from './sim-config.ts';
import { openTalosApi } from './talos-api.ts';
import { phase, phases, sequence, type TalosBoot, task } from './talos-boot.ts';
import { createVoice } from './talos-voice.ts';

export interface TalosStart {
  readonly from: 'network' | 'disk';
  readonly args: string;
  readonly mode: 'bios' | 'uefi';
  readonly cpu: 'amd64' | 'arm64';
}

/** Kernel to init, then machined. */
const KERNEL_MS = [3_000, 6_000] as const;
const HALT_MS = 70 * 60_000;

/** Talos from its kernel to its next reboot. A second kernel by kexec is another call. */
export async function runTalos(run: SimRun, host: SimHost, start: TalosStart): Promise<BootEnd> {
  host.step('linux');
  const cmdline = parseCmdline(start.args);
  if (host.faults().bootLoop === true) {
    await run.sleep(host.random.between(500, 1_500));
    host.note('the machine resets itself');
    return { is: 'reset' };
  }
  await run.sleep(host.random.between(KERNEL_MS[0], KERNEL_MS[1]));
  const address = await findAddress(run, host, cmdline, start);
  if (address === undefined) return { is: 'stopped', why: 'Talos waits for an address' };
  const boot: TalosBoot = {
    run,
    host,
    voice: createVoice(run, host, address),
    ...start,
    cmdline,
    address,
    config: undefined,
  };
  const api = host.api ? openTalosApi(run, address) : undefined;
  const end = await live(boot, api);
  boot.voice.close();
  api?.close();
  return end;
}

async function findAddress(
  run: SimRun,
  host: SimHost,
  cmdline: TalosCmdline,
  start: TalosStart,
): Promise<string | undefined> {
  if (cmdline.address !== undefined) return cmdline.address;
  const disk = start.from === 'disk' ? findTalos(host.disks)?.content : undefined;
  const known =
    disk?.is === 'talos' && disk.configText !== undefined ? parseSimConfig(Buffer.from(disk.configText)) : undefined;
  const hostName = cmdline.hostName ?? (known?.ok === true ? known.value.hostName : undefined);
  for (;;) {
    const lease = await obtainLease(run, {
      net: host.net(),
      circuit: host.spec.circuit,
      mac: host.spec.macs[0],
      random: host.random,
      broadcast: true,
      options: systemOptions(host.spec.macs[0], hostName),
      discoverAtMs: [0, 2_000, 6_000, 14_000, 30_000],
      giveUpMs: 45_000,
      settleMs: () => 0,
      takes: () => true,
    });
    if (lease === undefined) continue;
    host.leased(lease);
    return lease.address;
  }
}

type Api = ReturnType<typeof openTalosApi> | undefined;

async function live(boot: TalosBoot, api: Api): Promise<BootEnd> {
  const { host, voice, run, cmdline } = boot;
  host.step('talos');
  const installed = findTalos(host.disks);
  const onDisk = installed?.content.is === 'talos' ? installed.content.configText : undefined;
  const stored = onDisk === undefined ? undefined : parseSimConfig(Buffer.from(onDisk));
  if (stored?.ok === true) boot.config = stored.value;
  // The kernel's arguments are those of the network boot: the installed system reports by its configuration alone.
  if (boot.from === 'network') {
    voice.listenTo(cmdline.eventSink, cmdline.kernelLog === undefined ? [] : [cmdline.kernelLog]);
  } else if (boot.config !== undefined) voice.listenTo(boot.config.eventSink, boot.config.kernelLogs);
  voice.kernel('Linux version 6.18.44-talos (simulated)');
  if (host.faults().kernelPanic === true) {
    voice.log('initialize sequence: 7 phase(s)');
    await run.sleep(1_500);
    voice.kernel('Kernel panic - not syncing: Fatal exception in interrupt', 'error');
    await run.sleep(2_000);
    voice.close();
    return { is: 'stopped', why: 'kernel panic' };
  }
  const early = await initialize(boot, installed !== undefined);
  if (early !== undefined) return early;
  if (boot.config === undefined) return maintain(boot, api);
  announce(boot);
  return afterConfig(boot, api, installed !== undefined);
}

/** `initialize` up to the configuration; an end where it goes no further: missing arguments, wipe, halt. */
async function initialize(boot: TalosBoot, isInstalled: boolean): Promise<BootEnd | undefined> {
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

function announce(boot: TalosBoot): void {
  const hostName = boot.config?.hostName;
  if (hostName === undefined) return;
  boot.voice.event({ type: 'address', hostName, addresses: [boot.address] });
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

async function maintain(boot: TalosBoot, api: Api): Promise<BootEnd> {
  const { voice, host, run } = boot;
  host.step('maintenance');
  voice.event({ type: 'task', task: 'runningMaintenance', action: 'start' });
  voice.stage('maintenance', true);
  voice.log('this machine is reachable at:');
  voice.log(`\t${boot.address}`);
  const fingerprint = await api?.serve('maintenance');
  if (fingerprint !== undefined) voice.log(`server certificate issued fingerprint=${fingerprint}`);
  await run.wait<never>(undefined, () => () => undefined);
  return { is: 'off' };
}

async function afterConfig(boot: TalosBoot, api: Api, wasInstalled: boolean): Promise<BootEnd> {
  const { config } = boot;
  if (config === undefined) return { is: 'off' };
  const { install } = config;
  if (!wasInstalled && install !== undefined) {
    const end =
      install.shape === 'machine.install'
        ? await installBySequence(boot, config, install)
        : await installUnattended(boot, config, install);
    if (end !== undefined) return end;
  } else {
    boot.voice.event({ type: 'sequence', sequence: 'install', action: 'start' });
    boot.voice.event({ type: 'sequence', sequence: 'install', action: 'stop' });
  }
  return serve(boot, api);
}

const notReady = [
  { name: 'services', reason: 'kubelet is not healthy' },
  { name: 'nodeReady', reason: 'node is not ready' },
];

/** `boot` to RUNNING to ready, and then for as long as there is power. */
async function serve(boot: TalosBoot, api: Api): Promise<BootEnd> {
  const { voice, host, run, config } = boot;
  const isControlPlane = config?.machineType !== 'worker';
  await sequence(boot, 'boot', async () => {
    voice.stage('booting', false, notReady);
    await phases(boot, ['memorySizeCheck', 'diskSizeCheck', 'env', 'dbus', 'ephemeral', 'userDisks', 'userSetup']);
    await phase(boot, 'startEverything', [8, 8], async () => {
      for (const service of ['cri', 'kubelet', ...(isControlPlane ? ['trustd', 'etcd'] : [])]) {
        voice.service(service, 'starting', 'Starting');
        await run.sleep(host.random.between(800, 3_000));
        voice.service(service, 'running', 'Started');
      }
    });
  });
  await api?.serve('cluster');
  host.step('running');
  voice.stage('running', false, notReady);
  await run.sleep(host.random.between(4_000, 15_000));
  if (host.faults().neverReady === true) voice.stage('running', false, notReady.slice(1));
  else {
    voice.stage('running', true);
    voice.log('machine is running and ready');
    host.step('ready');
  }
  await run.wait<never>(undefined, () => () => undefined);
  return { is: 'off' };
}
