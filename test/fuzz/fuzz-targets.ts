import { bmcTarget } from './bmc-target.ts';
import type { FuzzTarget } from './fuzz-target.ts';
import { inventoryTarget } from './inventory-target.ts';
import { ipxeTarget } from './ipxe-target.ts';
import { linkTarget } from './link-target.ts';
import { rivalTarget } from './rival-target.ts';
import { TALOS_TARGETS } from './talos-targets.ts';
import { WIRE_TARGETS } from './wire-targets.ts';

/** Everything that takes bytes from outside. */
export const FUZZ_TARGETS: readonly FuzzTarget[] = [
  ...WIRE_TARGETS,
  rivalTarget,
  ...TALOS_TARGETS,
  bmcTarget,
  inventoryTarget,
  ipxeTarget,
  linkTarget,
];
