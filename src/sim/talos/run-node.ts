import { findTalos } from '../machine/sim-disk.ts';
import type { BootEnd } from '../machine/sim-host.ts';
import { reboot } from './reboot.ts';
import type { ApiOrder, TalosApi } from './talos-api.ts';
import { phase, phases, sequence, type TalosBoot } from './talos-boot.ts';

const notReady = [
  { name: 'services', reason: 'kubelet is not healthy' },
  { name: 'nodeReady', reason: 'node is not ready' },
];

/** `boot` to RUNNING to ready, and then for as long as there is power. */
export async function runNode(boot: TalosBoot, api: TalosApi | undefined): Promise<BootEnd> {
  const { voice, host, run, config } = boot;
  const isControlPlane = config?.machineType !== 'worker';
  let waitsForEtcd = isControlPlane && host.faults().awaitsBootstrap === true;
  await sequence(boot, 'boot', async () => {
    voice.stage('booting', false, notReady);
    await phases(boot, ['memorySizeCheck', 'diskSizeCheck', 'env', 'dbus', 'ephemeral', 'userDisks', 'userSetup']);
    await phase(boot, 'startEverything', [8, 8], async () => {
      for (const service of ['cri', 'kubelet', ...(isControlPlane ? ['trustd', 'etcd'] : [])]) {
        if (service === 'etcd' && waitsForEtcd) {
          voice.service('etcd', 'preparing', 'Running pre state');
          continue;
        }
        voice.service(service, 'starting', 'Starting');
        await run.sleep(host.random.between(800, 3_000));
        voice.service(service, 'running', 'Started');
      }
    });
  });
  const services = ['machined', 'apid', 'cri', 'kubelet', ...(isControlPlane ? ['trustd', 'etcd'] : [])];
  const installed = findTalos(host.disks);
  const content = installed?.content;
  await api?.serve('cluster', {
    version: content?.is === 'talos' ? content.version : (config?.install?.version ?? 'v1.13.9'),
    stage: () => 'running',
    services: () => services,
    preparing: () => (waitsForEtcd ? ['etcd'] : []),
    config: () => boot.config,
    takeConfig: (next) => {
      boot.config = next;
      if (installed?.content.is === 'talos') installed.content = { ...installed.content, configText: next.text };
      voice.log('configuration applied');
    },
  });
  host.step('running');
  voice.stage('running', false, notReady);
  while (waitsForEtcd) {
    const order = await nextOrder(boot, api);
    if (order?.is !== 'bootstrap') return obey(boot, order);
    waitsForEtcd = false;
    voice.log('bootstrap request received');
    voice.service('etcd', 'running', 'Started');
  }
  await run.sleep(host.random.between(4_000, 15_000));
  if (host.faults().neverReady === true) voice.stage('running', false, notReady.slice(1));
  else {
    voice.stage('running', true);
    voice.log('machine is running and ready');
    host.step('ready');
  }
  return obey(boot, await nextOrder(boot, api));
}

/** Without an API nobody orders anything. */
const nextOrder = ({ run }: TalosBoot, api: TalosApi | undefined): Promise<ApiOrder | undefined> =>
  api === undefined ? run.wait<ApiOrder>(undefined, () => () => undefined) : api.nextOrder();

const obey = (boot: TalosBoot, order: ApiOrder | undefined): Promise<BootEnd> =>
  order?.is === 'reset' ? reset(boot, order.reboots) : reboot(boot, 'reboot', 'kexec');

/** The system disk is erased; without `reboots` the machine shuts down. */
async function reset(boot: TalosBoot, reboots: boolean): Promise<BootEnd> {
  const { voice, host, run } = boot;
  voice.stage('resetting', true);
  await run.sleep(8_000);
  for (const disk of host.disks) if (disk.content.is === 'talos') disk.content = { is: 'blank' };
  voice.log('wiped the system disk');
  if (reboots) return reboot(boot, 'reboot', 'firmware');
  await voice.drain();
  voice.close();
  return { is: 'stopped', why: 'Talos reset itself and shut down' };
}
