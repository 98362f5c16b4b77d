import type { PersonalityName } from '../bmc/personality.ts';
import type { MachineFaults } from '../machine/machine-faults.ts';
import type { SimMachineSpec } from '../machine/sim-host.ts';

/** One machine of a simulated site: hardware, place, and what is wrong with it. */
export interface PlannedMachine {
  readonly spec: SimMachineSpec;
  readonly faults: MachineFaults;
  /** Strangers stand in the rack and in no inventory. */
  readonly isKnown: boolean;
  readonly isOnAtStart: boolean;
  readonly personality: PersonalityName;
  readonly bmcByTls: boolean;
}

/** A simulated segment in 127/8: a switch with a relay, and our servers. */
export interface PlannedNetwork {
  /** The second number of its addresses: 77 in 127.77.0.1. */
  readonly net: number;
  readonly subnet: string;
  readonly relay: string;
  readonly server: string;
  readonly pool: { readonly from: string; readonly to: string };
}

/** Of a rehearsal: wide enough for every network of a real site, each a /16 of its own in it. */
export const REHEARSAL_NETWORK: PlannedNetwork = {
  net: 77,
  subnet: '127.64.0.0/10',
  relay: '127.77.0.2',
  server: '127.77.0.1',
  pool: { from: '127.127.200.1', to: '127.127.219.254' },
};

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
