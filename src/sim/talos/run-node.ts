import type { BootEnd } from '../machine/sim-host.ts';
import type { TalosApi } from './talos-api.ts';
import { phase, phases, sequence, type TalosBoot } from './talos-boot.ts';

const notReady = [
  { name: 'services', reason: 'kubelet is not healthy' },
  { name: 'nodeReady', reason: 'node is not ready' },
];

/** `boot` to RUNNING to ready, and then for as long as there is power. */
export async function runNode(boot: TalosBoot, api: TalosApi | undefined): Promise<BootEnd> {
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
