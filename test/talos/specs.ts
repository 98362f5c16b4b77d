import type { NodeSpec } from '../../src/core/spec.ts';

/** A machine as the inventory gives it, for the tests of this folder. */
export interface SpecChanges {
  readonly name?: string;
  readonly role?: string;
  readonly macs?: readonly string[];
  readonly network?: Partial<NodeSpec['network']>;
  readonly talos?: Partial<NodeSpec['talos']>;
  readonly firmwareReboot?: boolean;
}

export function specOf(changes: SpecChanges = {}): NodeSpec {
  return {
    name: changes.name ?? 'node-01',
    file: 'rack-7/node-01.yaml',
    place: { height: 1 },
    role: changes.role ?? 'worker',
    profile: 'talos',
    identity: { macs: changes.macs ?? ['52:54:00:0a:21:01'] },
    network: { dns: [], ntp: [], ...changes.network },
    talos: { kernelArgs: [], kernelArgsReplace: false, patches: [], install: false, ...changes.talos },
    arch: 'amd64',
    localBoot: 'auto',
    protected: false,
    firmwareReboot: changes.firmwareReboot ?? false,
    labels: {},
  };
}

/** `nodes/k8s-dev/node-01.yaml` of the article, defaults merged in. */
export function articleSpec(): NodeSpec {
  return specOf({
    macs: [],
    network: {
      ip: '192.168.100.1',
      prefix: 24,
      gateway: '192.168.100.1',
      vlan: 1234,
      interface: 'ens1',
      dns: ['1.1.1.1', '8.8.8.8'],
      ntp: ['fr.pool.ntp.org'],
    },
    talos: {
      version: 'v1.9.5',
      kernelArgsReplace: true,
      kernelArgs: [
        'talos.platform=metal console=tty0 init_on_alloc=1 slab_nomerge pti=on consoleblank=0 nvme_core.io_timeout=4294967295 printk.devkmsg=on ima_template=ima-ng ima_appraise=fix ima_hash=sha512',
      ],
    },
  });
}
