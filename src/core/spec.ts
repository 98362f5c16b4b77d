/** What the operator's inventory says: the wish, never the observation. Everything here is plain data. */

export type Arch = 'amd64' | 'arm64';
export type Firmware = 'bios' | 'uefi' | 'http';

/** How a machine that is told to boot its own disk takes it best. `auto` picks by firmware and what worked before. */
export type LocalBoot = 'auto' | 'exit' | 'sanboot' | 'notFound' | 'silence';

/** A secret is named, never written down. */
export type SecretRef =
  | { readonly from: 'env'; readonly name: string }
  | { readonly from: 'file'; readonly path: string }
  | { readonly from: 'exec'; readonly command: string };

export interface Place {
  readonly rack?: string;
  readonly unit?: number;
  readonly height: number;
  /** Node of a multi-node chassis: several machines in one rack unit. */
  readonly slot?: string;
}

export interface IdentitySpec {
  readonly macs: readonly string[];
  readonly uuid?: string;
  readonly serial?: string;
  readonly boardSerial?: string;
  readonly asset?: string;
  /** Relay option 82, `<circuit>` or `<remote>/<circuit>`. */
  readonly switchPort?: string;
}

export interface BmcSpec {
  /** `https://…` or `http://…` (Redfish), `ipmi://…`. */
  readonly url: string;
  readonly username: string;
  readonly password: SecretRef;
  /** SHA-256 of the certificate, `AA:BB:…` or plain hex. Absent: trusted on first use, which the operator confirms. */
  readonly fingerprint?: string;
  /** Which ComputerSystem, where one BMC serves several. */
  readonly system?: string;
  /** Only for BMCs that can do no better. */
  readonly tlsMinVersion?: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2';
  /** For sites with their own certificate authority: its file, and the name in the certificate where the URL has none. */
  readonly tls?: { readonly ca: DocumentRef; readonly name?: string };
}

export interface BondSpec {
  readonly name: string;
  readonly links: readonly string[];
  readonly options: Readonly<Record<string, string>>;
  readonly mtu?: number;
}

/** A DHCP option as the operator wants it sent: its code, and its bytes as hex. */
export interface DhcpOptionSpec {
  readonly code: number;
  readonly hex: string;
}

export interface NetworkSpec {
  readonly ip?: string;
  readonly prefix?: number;
  readonly gateway?: string;
  readonly vlan?: number;
  readonly bond?: BondSpec;
  readonly interface?: string;
  readonly dns: readonly string[];
  readonly ntp: readonly string[];
  /** Of these, what is not its own but that of the network which its `ip` is of: DHCP gives that where it asks. */
  readonly ofNetwork?: readonly ('dns' | 'ntp')[];
  readonly domain?: string;
  readonly options?: readonly DhcpOptionSpec[];
}

/** Which disk gets the installation. Several fields must all hold. `path` alone (`/dev/sda`) is not sure to name one disk. */
export interface DiskRule {
  readonly serial?: string;
  readonly wwid?: string;
  /** A `/dev/disk/by-id/…` link. */
  readonly byId?: string;
  readonly path?: string;
  readonly model?: string;
  readonly type?: 'ssd' | 'hdd' | 'nvme' | 'sd';
  /** `>= 900GB`, `== 4TB`, `<= 2TB`. */
  readonly size?: string;
  readonly busPath?: string;
}

/** A file beside the inventory, or the output of a command (SOPS and the like). */
export type DocumentRef =
  | { readonly from: 'file'; readonly path: string }
  | { readonly from: 'exec'; readonly command: string };

/** Baked into the images by the image factory; the arguments also into the system that is installed from them. */
export interface SchematicExtras {
  readonly kernelArgs: readonly string[];
  readonly meta: readonly { readonly key: number; readonly value: string }[];
  /** Single-board computers only. */
  readonly overlay?: {
    readonly image: string;
    readonly name: string;
    readonly options?: Readonly<Record<string, string | number | boolean>>;
  };
}

export interface TalosSpec {
  readonly version?: string;
  readonly schematic?: string;
  /** Official extensions by name; the schematic is then asked of the image factory. */
  readonly extensions?: readonly string[];
  /** What that schematic adds beside extensions. */
  readonly customization?: SchematicExtras;
  readonly kernelArgs: readonly string[];
  /** The article's flat `kernelArgs` is the whole command line; ours are appended to the factory's. */
  readonly kernelArgsReplace: boolean;
  readonly disk?: DiskRule;
  readonly config?: DocumentRef;
  readonly patches: readonly DocumentRef[];
  /** The flat key of the article. Noted, shown, and never more: no file arms a machine. */
  readonly install: boolean;
}

export interface NodeSpec {
  /** The host name: the file's name without `.yaml`. */
  readonly name: string;
  /** Path below the inventory folder. */
  readonly file: string;
  readonly place: Place;
  readonly role: string;
  readonly cluster?: string;
  readonly profile: string;
  readonly identity: IdentitySpec;
  readonly bmc?: BmcSpec;
  readonly network: NetworkSpec;
  readonly talos: TalosSpec;
  readonly arch: Arch;
  readonly firmware?: Firmware;
  /**
   * `virtualMedia`: no PXE reaches it, its BMC inserts iPXE. `secureBoot`: its firmware runs nothing that is not signed,
   * so HTTP boot loads the signed UKI itself. Absent: by the network.
   */
  readonly boot?: 'virtualMedia' | 'secureBoot';
  readonly loader?: string;
  readonly localBoot: LocalBoot;
  readonly protected: boolean;
  /** The operator turned kexec off for this machine: after the install it goes through firmware. */
  readonly firmwareReboot: boolean;
  /** A packet capture, a screen and `inspect` may name free labels. */
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * True: it installs, and takes a reinstall with the host name typed. False: it writes no disk, and is booted as a rescue.
 * Absent: nobody said so, and it is not booted at all.
 */
export type WritesDisk = boolean;

export type ProfileSpec =
  /** `reset`: a reinstall or wipe of a node that runs begins with a reset by Talos itself. */
  | { readonly kind: 'talos'; readonly reset?: boolean }
  | { readonly kind: 'talos-ram' }
  | { readonly kind: 'inspect' }
  | { readonly kind: 'local' }
  | {
      readonly kind: 'linux';
      readonly kernel: string;
      readonly initrds: readonly string[];
      readonly args: readonly string[];
      readonly userData?: DocumentRef;
      readonly metaData?: DocumentRef;
      readonly networkConfig?: DocumentRef;
      readonly vendorData?: DocumentRef;
      readonly writesDisk?: WritesDisk;
    }
  | { readonly kind: 'efi'; readonly file: string; readonly args: readonly string[]; readonly writesDisk?: WritesDisk }
  | { readonly kind: 'script'; readonly template: DocumentRef; readonly writesDisk?: WritesDisk };

export interface SubnetSpec {
  readonly interface?: string;
  readonly relay?: string;
  readonly address?: string;
  readonly dhcp: 'authoritative' | 'proxy' | 'off';
  readonly subnet: string;
  readonly pool?: { readonly from: string; readonly to: string };
  readonly gateway?: string;
  readonly dns: readonly string[];
  readonly ntp: readonly string[];
  readonly domain?: string;
  readonly routes: readonly { readonly to: string; readonly via: string }[];
  readonly leaseSeconds: number;
  readonly options?: readonly DhcpOptionSpec[];
  /** A second server: it answers only who has asked in vain for so long. */
  readonly answerAfterSeconds?: number;
  /** The switches of this wire write option 82 into what machines ask, and take out what those wrote themselves. */
  readonly snooping?: boolean;
  /** Router advertisements, so that iPXE does not wait for IPv6: only on a network that is ours alone. */
  readonly dedicated: boolean;
}

/** What the ways from us to the machines carry, in bits per second: a wave boots no more at a time than they feed. */
export interface UplinkSpec {
  readonly site?: number;
  /** Of each rack that is not named. */
  readonly rack?: number;
  readonly racks: Readonly<Record<string, number>>;
}

export interface SiteSpec {
  readonly site: string;
  readonly networks: readonly SubnetSpec[];
  readonly ports: {
    readonly dhcp: number;
    readonly proxy: number;
    readonly tftp: number;
    readonly http: number;
    readonly events: number;
    readonly kernelLog: number;
  };
  readonly uplink?: UplinkSpec;
  readonly metrics?: string;
  /** Threads that send images and loaders; 0: the engine's own thread does. Without it, by the number of cores. */
  readonly threads?: number;
  readonly stateDir?: string;
  readonly assetsDir?: string;
  readonly loaders: { readonly bios: string; readonly uefi: string; readonly arm64: string };
  readonly talos: { readonly version?: string; readonly schematic?: string; readonly factory: string };
  readonly unknown: 'note' | 'discover';
  /** Rule 5 of "when a disk may be written" waived: `/dev/sda` counts as naming one disk. */
  readonly allowDiskPath: boolean;
  readonly talosconfig?: DocumentRef;
}

export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly severity: 'error' | 'warning';
  readonly message: string;
}

export interface Inventory {
  readonly site: SiteSpec;
  readonly profiles: Readonly<Record<string, ProfileSpec>>;
  readonly nodes: readonly NodeSpec[];
}
