import type { SeenDisk } from '../../core/node.ts';
import type { DiskRule, NodeSpec } from '../../core/spec.ts';
import { matchesDisk, parseDiskSize } from '../../talos/disk-rule.ts';
import { personalityOf } from '../bmc/personalities.ts';
import type { PersonalityName } from '../bmc/personality.ts';
import type { FirmwareName } from '../firmware/firmware-kinds.ts';
import type { SimMachineSpec } from '../machine/sim-host.ts';
import type { Random } from '../run/random.ts';
import { generateHardware } from './generate-site.ts';

const FIRMWARE_OF: Readonly<Record<'bios' | 'uefi' | 'http', FirmwareName>> = {
  bios: 'bios-plain',
  uefi: 'uefi',
  http: 'uefi-http',
};

export function firmwareOf({ arch, firmware }: NodeSpec): FirmwareName {
  if (arch === 'arm64') return firmware === 'http' ? 'arm64-http' : 'arm64';
  return FIRMWARE_OF[firmware ?? 'uefi'];
}

/** What the inventory says of a machine is true of it; what it does not say is made up. */
export function rehearseHardware(
  node: NodeSpec,
  index: number,
  personality: PersonalityName,
  random: Random,
): SimMachineSpec {
  const { identity } = node;
  const { manufacturer, model } = personalityOf(personality);
  const made = generateHardware(
    node.name,
    index,
    identity.switchPort ?? `${node.place.rack ?? 'rack'}/${index}`,
    random,
  );
  const [first, ...rest] = identity.macs;
  return {
    ...made,
    macs: first === undefined ? made.macs : [first, ...rest],
    uuid: identity.uuid ?? made.uuid,
    serial: identity.serial ?? made.serial,
    boardSerial: identity.boardSerial ?? made.boardSerial,
    asset: identity.asset ?? made.asset,
    manufacturer,
    product: model,
    firmware: firmwareOf(node),
    bootOrder: 'diskFirst',
    circuit: identity.switchPort ?? made.circuit,
    disks: made.disks.flatMap((disk, i) => {
      const info = i === 0 ? diskFor(node.talos.disk, disk.info) : diskBeside(node.talos.disk, disk.info);
      return info === undefined ? [] : [{ ...disk, info }];
    }),
  };
}

/** The first disk is one that the rule means; sizes that are compared get what is just enough. */
function diskFor(rule: DiskRule | undefined, made: SeenDisk): SeenDisk {
  if (rule === undefined) return made;
  const plain = (text: string | undefined) => text?.replaceAll('*', 'SIM');
  const size = rule.size === undefined ? undefined : parseDiskSize(rule.size);
  const { serial, wwid, model, busPath, type, byId, path } = rule;
  const fits = size?.ok !== true ? made.sizeBytes : sizeFor(size.value.op, size.value.sizeBytes);
  return {
    ...made,
    sizeBytes: fits,
    ...(serial === undefined ? {} : { serial: plain(serial) ?? '' }),
    ...(wwid === undefined ? {} : { wwid: plain(wwid) ?? '' }),
    ...(model === undefined ? {} : { model: plain(model) ?? '' }),
    ...(busPath === undefined ? {} : { busPath: plain(busPath) ?? '' }),
    ...(type === undefined ? {} : { type }),
    ...(byId === undefined ? {} : { byId: [byId] }),
    ...(path === undefined ? {} : { name: path.replace(/^\/dev\//, '') }),
  };
}

/** What else may stand in such a machine; SATA has no wwid that begins like that of NVMe. */
const OTHERS: readonly ((made: SeenDisk) => SeenDisk)[] = [
  (made) => made,
  (made) => sata(made, 'ssd', 'SIM SATA 3840'),
  (made) => sata(made, 'hdd', 'SIM EXOS 3840'),
  (made) => ({ ...made, name: 'nvme7n1', model: 'SIM BOOT 64', sizeBytes: 64_023_257_088 }),
  (made) => ({ ...made, name: 'nvme7n1', model: 'SIM CD8 30720', sizeBytes: 30_725_970_923_520 }),
];

const sata = (made: SeenDisk, type: 'ssd' | 'hdd', model: string): SeenDisk => ({
  ...made,
  name: 'sda',
  type,
  model,
  wwid: `naa.5${made.wwid?.replace(/^eui\./, '').slice(1) ?? ''}`,
  busPath: '/pci0000:00/0000:00:17.0/ata1',
});

/** Where a rule means more than one disk the gate refuses the machine: none that we make up may be one of them. */
function diskBeside(rule: DiskRule | undefined, made: SeenDisk): SeenDisk | undefined {
  if (rule === undefined) return made;
  return OTHERS.map((other) => other(made)).find((disk) => !matchesDisk(rule, disk));
}

function sizeFor(op: '>=' | '<=' | '>' | '<' | '==', sizeBytes: number): number {
  if (op === '>') return sizeBytes + 1e9;
  return op === '<' ? sizeBytes - 1e9 : sizeBytes;
}
