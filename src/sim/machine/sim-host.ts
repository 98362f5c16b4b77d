import type { issueCertificate } from '../bmc/issue-certificate.ts';
import type { FirmwareName } from '../firmware/firmware-kinds.ts';
import type { Random } from '../run/random.ts';
import type { SimSwitch } from '../switch/sim-switch.ts';
import type { Lease } from '../wire/obtain-lease.ts';
import type { MachineFaults } from './machine-faults.ts';
import type { DiskContent, SimDisk } from './sim-disk.ts';

/** The hardware: what does not change from boot to boot. */
export interface SimMachineSpec {
  readonly name: string;
  /** The first is the NIC that boots. */
  readonly macs: readonly [string, ...string[]];
  readonly uuid: string;
  readonly serial: string;
  readonly boardSerial: string;
  readonly asset: string;
  readonly manufacturer: string;
  readonly product: string;
  readonly firmware: FirmwareName;
  readonly disks: readonly { readonly info: SimDisk['info']; readonly content: DiskContent }[];
  /** What the relay writes into option 82. */
  readonly circuit: string;
  /** Simulated milliseconds from power on to the first boot device. */
  readonly postMs: number;
  readonly bootOrder: 'diskFirst' | 'networkFirst';
  readonly bytesPerSecond: number;
}

/** Ports that no DHCP answer can name: 69 and 4011 on real networks. */
export interface SimPorts {
  readonly tftp: number;
  readonly proxy?: number;
}

/** Where in its life a machine is, for whoever watches the simulation itself. */
export type SimStep =
  | 'off'
  | 'post'
  | 'dhcp'
  | 'loader'
  | 'ipxe'
  | 'linux'
  | 'talos'
  | 'maintenance'
  | 'installing'
  | 'halted'
  | 'running'
  | 'ready'
  | 'otherSystem'
  | 'stopped';

/** The machine as its firmware and its systems see it. */
export interface SimHost {
  readonly spec: SimMachineSpec;
  readonly net: () => SimSwitch;
  readonly ports: () => SimPorts;
  readonly random: Random;
  readonly disks: readonly SimDisk[];
  readonly faults: () => MachineFaults;
  /** The UUID that it says, which a fault may have made another machine's. */
  readonly uuid: () => string;
  /** True so many times as the fault says, counted over the machine's life. */
  readonly spend: (fault: 'tftpStalls' | 'ipxeHangs' | 'downloadStalls') => boolean;
  readonly note: (text: string) => void;
  readonly step: (step: SimStep) => void;
  readonly leased: (lease: Lease) => void;
  readonly bytesPerSecond: () => number;
  /** For programs in memory only: sockets are closed when nothing was said for so long (real milliseconds). */
  readonly idleMs: number | undefined;
  readonly api: boolean;
  /** Of the cluster that its nodes belong to: signs what their API shows, and who may ask it. */
  readonly authority: ReturnType<typeof issueCertificate> | undefined;
  readonly hasBmc: boolean;
}

/** How a stretch of a boot ended. */
export type BootEnd =
  /** On to the next boot device. */
  | { readonly is: 'next'; readonly why: string }
  | { readonly is: 'disk' }
  | { readonly is: 'linux'; readonly args: string; readonly sizeBytes: number }
  | { readonly is: 'reset' }
  | { readonly is: 'kexec' }
  | { readonly is: 'off' }
  /** Nothing more happens until somebody presses a button. */
  | { readonly is: 'stopped'; readonly why: string };
