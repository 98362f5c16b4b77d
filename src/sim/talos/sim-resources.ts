import type { SimDisk } from '../machine/sim-disk.ts';
import { findTalos } from '../machine/sim-disk.ts';
import type { SimHost } from '../machine/sim-host.ts';

/** What the state API of a simulated node holds: resource type → id → YAML. */
export type SimResources = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** JSON is YAML. */
const yaml = (fields: object): string => JSON.stringify(fields);

/** The hardware as Talos reads it from SMBIOS and the kernel. */
export function hardwareResources(host: SimHost): SimResources {
  const { spec } = host;
  const system = findTalos(host.disks);
  return {
    'SystemInformations.hardware.talos.dev': {
      systeminformation: yaml({
        manufacturer: spec.manufacturer,
        productName: spec.product,
        serialnumber: spec.serial,
        uuid: host.uuid(),
      }),
    },
    'Processors.hardware.talos.dev': {
      'CPU-0': yaml({ productName: 'SIM CPU 32', coreCount: 32, threadCount: 64 }),
    },
    'MemoryModules.hardware.talos.dev': {
      'DIMM-0': yaml({ sizeMiB: 65_536 }),
      'DIMM-1': yaml({ sizeMiB: 65_536 }),
    },
    'Disks.block.talos.dev': Object.fromEntries(host.disks.map((disk) => [disk.info.name, diskYaml(disk)])),
    'DiscoveredVolumes.block.talos.dev': Object.fromEntries(host.disks.flatMap(volumesOf)),
    'SystemDisks.block.talos.dev':
      system === undefined
        ? {}
        : { 'system-disk': yaml({ diskID: system.info.name, devPath: `/dev/${system.info.name}` }) },
    'LinkStatuses.net.talos.dev': Object.fromEntries(
      spec.macs.map((mac, port) => [
        `eno${port + 1}`,
        yaml({
          type: 'ether',
          kind: '',
          hardwareAddr: mac,
          permanentAddr: mac,
          linkState: port === 0,
          speedMbit: port === 0 ? 10_000 : 0,
          driver: 'sim',
        }),
      ]),
    ),
  };
}

function diskYaml({ info }: SimDisk): string {
  const { name, sizeBytes, model, serial, wwid, type, busPath, byId } = info;
  const transport = type === 'nvme' ? 'nvme' : type === 'sd' ? 'mmc' : 'sata';
  const plain = { size: sizeBytes, model, serial, wwid, bus_path: busPath, transport, rotational: type === 'hdd' };
  return yaml({ dev_path: `/dev/${name}`, ...plain, symlinks: byId ?? [] });
}

function volumesOf({ info, content }: SimDisk): readonly (readonly [string, string])[] {
  const labels =
    content.is === 'talos' ? ['EFI', 'META', 'STATE', 'EPHEMERAL'] : content.is === 'otherSystem' ? ['root'] : [];
  return labels.map((label, at) => [`${info.name}p${at + 1}`, yaml({ parent: info.name, partition_label: label })]);
}
