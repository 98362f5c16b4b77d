import type { SubnetSpec } from '../../core/spec.ts';
import type { PersonalityName } from '../bmc/personality.ts';
import type { MachineFaults } from '../machine/machine-faults.ts';
import type { SimMachineSpec } from '../machine/sim-host.ts';

/** One machine of a simulated site: hardware, place, and what is wrong with it. */
export interface PlannedMachine {
  readonly spec: SimMachineSpec;
  readonly faults: MachineFaults;
  /** The names of what goes wrong with it on purpose. */
  readonly wrong?: readonly string[];
  /** Strangers stand in the rack and in no inventory. */
  readonly isKnown: boolean;
  readonly isOnAtStart: boolean;
  readonly personality: PersonalityName;
  readonly bmcByTls: boolean;
  /** Which of the site's networks it is plugged into; absent: the first. */
  readonly network?: number;
  /** What its configuration makes of it; a stranger has none. */
  readonly role?: 'controlplane' | 'worker';
  /** Its address there, as the inventory says; where another server gives addresses, that one knows it too. */
  readonly ip?: string;
}

/** A simulated segment in 127/8: a switch with a relay; our servers stand in the first one of the site. */
export interface PlannedNetwork {
  /** The second number of its addresses: 77 in 127.77.0.1. */
  readonly net: number;
  readonly subnet: string;
  readonly relay: string;
  /** Of our servers: the same for all networks of one site. */
  readonly server: string;
  readonly pool: { readonly from: string; readonly to: string };
  /** Who gives addresses: we; or the office's own server, while we add the boot file (`proxy`) or nothing (`off`). */
  readonly dhcp: SubnetSpec['dhcp'];
}

/** The rival's own corner of the segment. */
export const rivalIn = ({ net }: PlannedNetwork) => ({
  address: `127.${net}.0.66`,
  firstAddress: `127.${net}.250.1`,
  bootFile: 'pxelinux.0',
});

export interface SimPortsOfSite {
  readonly dhcp: number;
  readonly proxy: number;
  readonly tftp: number;
  readonly http: number;
  readonly events: number;
  readonly kernelLog: number;
}

/** A file below the inventory folder. */
export interface SimFile {
  readonly path: string;
  readonly text: string;
}
