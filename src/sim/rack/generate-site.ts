import { personalityOf } from '../bmc/personalities.ts';
import type { PersonalityName } from '../bmc/personality.ts';
import type { FirmwareName } from '../firmware/firmware-kinds.ts';
import type { SimMachineSpec } from '../machine/sim-host.ts';
import { createRandom, type Random } from '../run/random.ts';
import type { PlannedMachine } from './planned-machine.ts';

/** What a made-up site knows beyond the hardware: where it stands, what it is for. */
export interface GeneratedNode extends PlannedMachine {
  readonly rack: string;
  readonly unit: number;
  readonly role: 'controlplane' | 'worker';
  readonly ip: string;
  readonly arch: 'amd64' | 'arm64';
  readonly talosVersion: string;
  readonly isProtected: boolean;
}

const UNITS_PER_RACK = 40;
/** Beside the default: the shape with UnattendedInstallConfig must be seen too. */
export const OLD_SHAPE = 'v1.13.9';
export const NEW_SHAPE = 'v1.14.0';
const CONTROL_PLANES = 3;

/** Shares of what stands in racks; the rest of 100 is plain UEFI. */
const FIRMWARES: readonly (readonly [FirmwareName, number])[] = [
  ['bios-plain', 8],
  ['bios-ipxe-rom', 8],
  ['uefi-http', 10],
  ['arm64', 8],
];

const VENDORS: readonly [PersonalityName, ...PersonalityName[]] = [
  'dell-idrac9-7',
  'hpe-ilo6',
  'supermicro-x11',
  'lenovo-xcc',
  'ami-megarac',
  'openbmc',
  'dell-idrac9-6',
  'hpe-ilo5',
];

const two = (value: number): string => String(value).padStart(2, '0');
const ALPHABET = 'ABCDEFGHJKLMNPQRSTUVWXYZ0123456789';
const code = (random: Random, length: number): string =>
  Array.from({ length }, () => ALPHABET[random.whole(0, ALPHABET.length - 1)]).join('');

function pickFirmware(random: Random): FirmwareName {
  let left = random.between(0, 100);
  for (const [name, share] of FIRMWARES) {
    left -= share;
    if (left < 0) return name;
  }
  return 'uefi';
}

/** Locally administered MACs are nobody's; the index makes them unique, whatever the seed. */
function macOf(random: Random, index: number, port: number): string {
  const number = index * 4 + port;
  const tail = [number >> 16, number >> 8, number].map((byte) => (byte & 0xff).toString(16).padStart(2, '0'));
  return ['3a', random.whole(0, 255).toString(16).padStart(2, '0'), '77', ...tail].join(':');
}

/** HTTP boot can be ordered of some BMCs only. */
export function personalityFor(
  firmware: FirmwareName,
  index: number,
  vendors: readonly PersonalityName[] = VENDORS,
): PersonalityName {
  const fits = vendors.filter(
    (name) => !firmware.endsWith('-http') || personalityOf(name).boot.targets.includes('UefiHttp'),
  );
  return fits[index % fits.length] ?? VENDORS[0];
}

export function generateHardware(name: string, index: number, circuit: string, random: Random): SimMachineSpec {
  const firmware = pickFirmware(random);
  const personality = personalityOf(personalityFor(firmware, index));
  const hex = random.bytes(10).toString('hex');
  const disk = (slot: number, sizeBytes: number) => {
    const serial = `S${code(random, 7)}`;
    return {
      info: {
        name: `nvme${slot}n1`,
        serial,
        sizeBytes,
        model: slot === 0 ? 'SIM PM9A3 480' : 'SIM CD8 3840',
        type: 'nvme' as const,
        wwid: `eui.${random.bytes(8).toString('hex')}`,
        busPath: `/pci0000:00/0000:00:1${slot}.0/nvme`,
      },
      content: { is: 'blank' as const },
    };
  };
  return {
    name,
    macs: [macOf(random, index, 0), macOf(random, index, 1)],
    uuid: `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${index.toString(16).padStart(12, '0')}`,
    serial: `SIM${code(random, 6)}${index}`,
    boardSerial: `BRD${code(random, 6)}${index}`,
    asset: `DEMO-${String(index).padStart(4, '0')}`,
    manufacturer: personality.manufacturer,
    product: firmware.startsWith('arm64') ? `${personality.model} Arm` : personality.model,
    firmware,
    disks: [disk(0, 480_103_981_056), disk(1, 3_840_755_982_336)],
    circuit,
    postMs: random.between(45_000, 90_000),
    bootOrder: random.chance(0.8) ? 'diskFirst' : 'networkFirst',
    // Ten gigabit on most, a gigabit here and there; BIOS iPXE over UNDI is slower than its link.
    bytesPerSecond: firmware.startsWith('bios') ? 4e6 : random.chance(0.8) ? 30e6 : 12e6,
  };
}

/** Racks of 40 units, three control planes, the rest workers: the same for the same seed. */
export function generateSite(count: number, seed: number, net = 77): readonly GeneratedNode[] {
  const random = createRandom(`${seed}/site`);
  return Array.from({ length: count }, (_, i) => {
    const rack = `r${two(Math.floor(i / UNITS_PER_RACK) + 1)}`;
    const unit = (i % UNITS_PER_RACK) + 1;
    const name = `${rack}-u${two(unit)}`;
    const own = random.fork(name);
    const spec = generateHardware(name, i + 1, `${rack}/${unit}`, own);
    const role = i < CONTROL_PLANES ? 'controlplane' : 'worker';
    return {
      spec,
      faults: {},
      isKnown: true,
      isOnAtStart: false,
      personality: personalityFor(spec.firmware, i + 1),
      bmcByTls: i % 8 === 3,
      rack,
      unit,
      role,
      ip: `127.${net}.${Math.floor(i / UNITS_PER_RACK) + 1}.${unit + 10}`,
      arch: spec.firmware.startsWith('arm64') ? 'arm64' : 'amd64',
      talosVersion: i % 3 === 2 ? NEW_SHAPE : OLD_SHAPE,
      // One that refuses belongs to what is shown; a rack of one shows the rest.
      isProtected: i === 0 && count > 1,
    };
  });
}

/** Machines that somebody put into the rack and told nobody. They are on, and shout. */
export function generateStrangers(count: number, seed: number): readonly PlannedMachine[] {
  const random = createRandom(`${seed}/strangers`);
  return Array.from({ length: count }, (_, i) => {
    const name = `stranger-${i + 1}`;
    const spec = generateHardware(name, 60_000 + i, `r01/${UNITS_PER_RACK + 1 + i}`, random.fork(name));
    return {
      spec: { ...spec, bootOrder: 'networkFirst' as const },
      faults: { noBmc: true },
      isKnown: false,
      isOnAtStart: true,
      personality: 'openbmc' as const,
      bmcByTls: false,
    };
  });
}
