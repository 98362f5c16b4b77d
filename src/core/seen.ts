import type { BmcIdentity, BmcLogLine, BootProgress } from './bmc.ts';
import type { NotAtIp, Unanswered } from './phase.ts';
import type { SeenApi, SeenMachine } from './seen-talos.ts';
import type { Firmware } from './spec.ts';
import type { TimeMs } from './time.ts';

/** What was observed of the hardware, kept over boots. */
export interface Seen {
  readonly lastAt?: TimeMs;
  readonly address?: string;
  readonly mac?: string;
  /** On its record, and when it asked by it last to boot: as firmware, as iPXE or for its script. */
  readonly nic?: { readonly mac: string; readonly at: TimeMs };
  readonly uuid?: string;
  readonly serial?: string;
  readonly boardSerial?: string;
  readonly firmware?: Firmware;
  readonly arch?: number;
  readonly product?: string;
  readonly hostName?: string;
  readonly talosVersion?: string;
  readonly disks?: readonly SeenDisk[];
  readonly machine?: SeenMachine;
  readonly api?: SeenApi;
  /** What other DHCP servers answered it, by server; a few. */
  readonly rivals?: readonly SeenRival[];
  /** What the server that gives the addresses beside `dhcp: proxy` was heard to offer it last. */
  readonly addressOffer?: AddressOffer;
  /** It asked for a network boot from where DHCP is not served. */
  readonly unanswered?: Unanswered;
  /** Where it is in place of its `ip:`, or outside of the pool; with which NIC, since it took that from us last. */
  readonly notAtIp?: NotAtIp & { readonly mac: string; readonly address: string };
  /** The address that it took from another DHCP server, until it takes one of ours: what it is shown with. */
  readonly elsewhere?: string;
  readonly bmc?: BmcIdentity;
  readonly bmcAt?: TimeMs;
  readonly bmcProblem?: string;
  /** A boot override that somebody had left for every boot, and a job replaced. */
  readonly replacedOverride?: string;
  readonly bootProgress?: BootProgress;
  /** Of its hardware log, the newest first: read when a job hung or failed. */
  readonly bmcLog?: { readonly at: TimeMs; readonly lines: readonly BmcLogLine[] };
  /** What a job set on the BMC and nobody has read back as taken away: done when it answers again, also after a crash. */
  readonly bmcLeft?: { readonly job: string; readonly override: boolean; readonly media: boolean };
  readonly installedAt?: TimeMs;
  readonly configHash?: string;
  readonly schematic?: string;
  readonly readySince?: TimeMs;
}

export interface SeenRival {
  readonly server: string;
  /** When it answered last. */
  readonly at: TimeMs;
  readonly bootFile?: string;
  /** When it sent a NAK last. */
  readonly refusedAt?: TimeMs;
}

export interface AddressOffer {
  readonly server: string;
  readonly address: string;
  readonly at: TimeMs;
}

export interface SeenDisk {
  readonly name: string;
  readonly sizeBytes: number;
  readonly model?: string;
  readonly serial?: string;
  readonly wwid?: string;
  readonly type?: 'ssd' | 'hdd' | 'nvme' | 'sd' | 'unknown';
  readonly busPath?: string;
  readonly byId?: readonly string[];
  /** What is on it now, where that was read: partition labels. */
  readonly holds?: readonly string[];
}
