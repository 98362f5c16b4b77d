/** What stands in the rack; the names of the kinds are those of the firmware. */
export type MachineKind = 'bios' | 'bios-plain' | 'uefi' | 'http' | 'arm64';

/** As rack.py reads it from rack.json. */
export interface MachineSpec {
  readonly name: string;
  readonly kind: MachineKind;
  readonly firmware: 'bios' | 'uefi';
  readonly arch: 'amd64' | 'arm64';
  /** QEMU's BIOS ROM is iPXE; `plainRom` makes it look like a vendor's. */
  readonly plainRom: boolean;
  /** What the firmware boots without an override. */
  readonly order: 'disk' | 'net';
  /** `strange`: its disk boots, and nobody here installed it. For BIOS only. */
  readonly disk: 'empty' | 'strange';
  readonly memoryMiB: number;
  readonly mac: string;
  readonly tap: string;
  readonly uuid: string;
  readonly serial: string;
  readonly boardSerial: string;
  readonly asset: string;
  readonly diskSerial: string;
  readonly manufacturer: string;
  readonly product: string;
  readonly ip: string;
  readonly kernelArgs: readonly string[];
  /** Address of its BMC; a machine without one is switched by hand. */
  readonly bmc?: string;
}

export interface MachineWish {
  readonly name: string;
  readonly kind: MachineKind;
  readonly order?: 'disk' | 'net';
  readonly disk?: 'empty' | 'strange';
  readonly hasBmc?: boolean;
  readonly kernelArgs?: readonly string[];
}

const ARM64_ARGS = ['console=ttyAMA0,115200'];
/** A busy host gives an emulated machine too few ticks, and Linux panics over its timer (seen: "IO-APIC + timer doesn't work"). */
const AMD64_ARGS = ['console=ttyS0,115200', 'no_timer_check'];

export function machineSpec(wish: MachineWish, index: number): MachineSpec {
  const number = String(index + 1).padStart(2, '0');
  const hex = (index + 1).toString(16).padStart(2, '0');
  return {
    name: wish.name,
    kind: wish.kind,
    firmware: wish.kind === 'bios' || wish.kind === 'bios-plain' ? 'bios' : 'uefi',
    arch: wish.kind === 'arm64' ? 'arm64' : 'amd64',
    plainRom: wish.kind === 'bios-plain',
    order: wish.order ?? 'disk',
    disk: wish.disk ?? 'empty',
    memoryMiB: 1024,
    mac: `52:54:00:1a:4b:${hex}`,
    tap: `tap${index + 1}`,
    uuid: `4c4c4544-00${hex}-4d10-8052-b4c04f4b51${hex}`,
    serial: `LAB7X${number}`,
    boardSerial: `BRD7X${number}`,
    asset: `A-100${number}`,
    diskSerial: `DSK7X${number}`,
    manufacturer: 'LabCorp',
    product: 'LabServer 1',
    ip: `10.77.5.${20 + index}`,
    kernelArgs: [...(wish.kind === 'arm64' ? ARM64_ARGS : AMD64_ARGS), ...(wish.kernelArgs ?? [])],
    ...(wish.hasBmc === false ? {} : { bmc: `172.30.5.${20 + index}` }),
  };
}
