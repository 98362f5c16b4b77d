import type { SimFaults } from '../bmc/faults.ts';

/** What is wrong with one simulated machine. Data, and any of them together. Numbers of boots count network boots. */
export interface MachineFaults {
  /** The BMC shows the one-shot override as set, and the machine boots its disk. */
  readonly lyingOverride?: boolean;
  /** Says the UUID of another machine. */
  readonly duplicateUuid?: string;
  /** Its disks are not those of the inventory: no disk matches. */
  readonly wrongDisk?: boolean;
  /** Share of TFTP packets that get lost, each way. */
  readonly tftpLoss?: number;
  /** In so many boots the loader stops in the middle, for good. */
  readonly tftpStalls?: number;
  /** A forgotten DHCP server on its segment answers first. */
  readonly rivalDhcp?: boolean;
  readonly kernelPanic?: boolean;
  readonly installFails?: boolean;
  /** Resets when the kernel starts, every time, and its firmware tries the network first: each boot is heard. */
  readonly bootLoop?: boolean;
  /** Firmware passes over the first way of offering a boot file. */
  readonly offerIgnored?: boolean;
  /** In so many boots the loader runs and never asks for anything. */
  readonly ipxeHangs?: number;
  /** A link of a fiftieth of the speed. */
  readonly slowDownload?: boolean;
  /** In so many boots the initramfs stops in the middle, for good. */
  readonly downloadStalls?: number;
  /** Nothing it says reaches the event sink. */
  readonly noEventSink?: boolean;
  readonly noKernelLog?: boolean;
  /** Whoever connects anew is told the whole boot again, by events and by the kernel log. */
  readonly replaysReports?: boolean;
  /** Resets through firmware where others kexec: POST, DHCP, and the network is asked again where it comes first. */
  readonly firmwareReboot?: boolean;
  /** Runs nothing but signed programs, and goes through firmware at every reboot. */
  readonly secureBoot?: boolean;
  /** Port 50000 never opens, as on a worker without a control plane. */
  readonly deadApi?: boolean;
  /** Talos is on its disk from the start. */
  readonly haltsInstalled?: boolean;
  readonly configRejected?: boolean;
  /** Installs, reboots, and is never heard of again. */
  readonly deadAfterInstall?: boolean;
  /** Nobody can switch it on but a person at the rack. */
  readonly noBmc?: boolean;
  /** It runs and never becomes ready. */
  readonly neverReady?: boolean;
  /** A control plane whose etcd waits until it is bootstrapped by the API, as that of a new cluster does. */
  readonly awaitsBootstrap?: boolean;
  readonly bmc?: SimFaults;
}
