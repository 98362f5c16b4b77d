import type { NodeSpec } from '../../src/core/spec.ts';

/** What the inventory says of a machine of which nothing is special; who it is and where comes beside it. */
export const PLAIN_MACHINE = {
  role: 'worker',
  profile: 'talos',
  network: { dns: [], ntp: [] },
  talos: { kernelArgs: [], kernelArgsReplace: false, patches: [], install: false },
  arch: 'amd64',
  localBoot: 'auto',
  protected: false,
  firmwareReboot: false,
  labels: {},
} as const satisfies Partial<NodeSpec>;
