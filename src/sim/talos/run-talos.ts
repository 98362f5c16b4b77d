import { systemOptions } from '../firmware/firmware-kinds.ts';
import { findTalos } from '../machine/sim-disk.ts';
import type { BootEnd, SimHost } from '../machine/sim-host.ts';
import type { SimRun } from '../run/sim-run.ts';
import { obtainLease } from '../wire/obtain-lease.ts';
import { initialize } from './initialize.ts';
import { installBySequence, installUnattended } from './install.ts';
import { parseCmdline, type TalosCmdline } from './parse-cmdline.ts';
import { runNode } from './run-node.ts';
import { parseSimConfig } from './sim-config.ts';
import { type ApiFacts, type ApiOrder, openTalosApi, type TalosApi } from './talos-api.ts';
import type { TalosBoot } from './talos-boot.ts';
import { createVoice } from './talos-voice.ts';

export interface TalosStart {
  readonly from: 'network' | 'disk';
  readonly args: string;
  readonly mode: 'bios' | 'uefi';
  readonly cpu: 'amd64' | 'arm64';
}

/** Kernel to init, then machined. */
const KERNEL_MS = [3_000, 6_000] as const;

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
  const api = host.api && host.faults().deadApi !== true ? openTalosApi(run, host, address) : undefined;
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

type Api = TalosApi | undefined;

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

function announce(boot: TalosBoot): void {
  const hostName = boot.config?.hostName;
  if (hostName === undefined) return;
  boot.voice.event({ type: 'address', hostName, addresses: [boot.address] });
}

/** The command line names no version; what the demo's images are is what its machines say. */
const simVersion = (boot: TalosBoot): string => {
  const content = findTalos(boot.host.disks)?.content;
  return boot.config?.install?.version ?? (content?.is === 'talos' ? content.version : 'v1.13.9');
};

/** Seconds of real time. */
const PORT_TRIES = 60;

async function maintain(boot: TalosBoot, api: Api): Promise<BootEnd> {
  const { voice, host, run, cmdline } = boot;
  host.step('maintenance');
  voice.event({ type: 'task', task: 'runningMaintenance', action: 'start' });
  voice.stage('maintenance', true);
  voice.log('this machine is reachable at:');
  voice.log(`\t${boot.address}`);
  const facts: ApiFacts = {
    version: simVersion(boot),
    stage: () => 'maintenance',
    services: () => ['machined', 'apid'],
    config: () => undefined,
    takeConfig: () => undefined,
  };
  let fingerprint = await api?.serve('maintenance', facts);
  // Another simulation on this machine may hold the port for a moment; without it nothing happens here anyway.
  for (let left = PORT_TRIES; api !== undefined && fingerprint === undefined && left > 0; left -= 1) {
    await run.sleep(1_000 * run.clock.speed);
    fingerprint = await api.serve('maintenance', facts);
  }
  if (fingerprint !== undefined) voice.log(`server certificate issued fingerprint=${fingerprint}`);
  for (;;) {
    const order =
      api === undefined ? await run.wait<ApiOrder>(undefined, () => () => undefined) : await api.nextOrder();
    if (order?.is !== 'config') continue;
    boot.config = order.config;
    voice.event({ type: 'task', task: 'runningMaintenance', action: 'stop' });
    voice.listenTo(order.config.eventSink ?? cmdline.eventSink, order.config.kernelLogs);
    announce(boot);
    return afterConfig(boot, api, false);
  }
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
  return runNode(boot, api);
}
