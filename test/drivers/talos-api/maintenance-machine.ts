/** What a machine in maintenance mode tells of itself, as YAML of COSI resources. */
export interface MachineFacts {
  readonly serial: string;
  readonly uuid: string;
  readonly mac: string;
  /** Partition labels on its disk. */
  readonly holds?: readonly string[];
}

export type Resources = Readonly<Record<string, Readonly<Record<string, string>>>>;

export function resourcesOf({ serial, uuid, mac, holds = [] }: MachineFacts): Resources {
  const volumes = holds.map((label, i) => [`sda${i + 1}`, `parent: sda\npartition_label: ${label}\n`] as const);
  return {
    'SystemInformations.hardware.talos.dev': {
      systeminformation: `manufacturer: Dell Inc.\nproductName: R640\nserialnumber: "${serial}"\nuuid: ${uuid}\n`,
    },
    'Processors.hardware.talos.dev': { 'CPU-0': 'productName: Xeon\ncoreCount: 16\nthreadCount: 32\n' },
    'MemoryModules.hardware.talos.dev': { 'DIMM-0': 'sizeMiB: 32768\n' },
    'Disks.block.talos.dev': { sda: 'size: 480103981056\nserial: S1\ntransport: sata\n' },
    'DiscoveredVolumes.block.talos.dev': Object.fromEntries(volumes),
    'LinkStatuses.net.talos.dev': {
      ens1: `type: ether\nkind: ""\nhardwareAddr: ${mac}\npermanentAddr: ${mac}\nlinkState: true\n`,
    },
  };
}
