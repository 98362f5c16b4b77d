import type { NodeSpec } from '../../core/spec.ts';
import { personalityOf } from '../bmc/personalities.ts';
import type { PersonalityName } from '../bmc/personality.ts';
import type { FirmwareName } from '../firmware/firmware-kinds.ts';
import type { SimMachineSpec } from '../machine/sim-host.ts';
import type { Random } from '../run/random.ts';
import { generateHardware } from './generate-site.ts';
import { diskBeside, diskFor } from './rehearse-disks.ts';

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
