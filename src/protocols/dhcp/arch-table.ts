/** IANA "Processor Architecture Types" (option 93, RFC 4578 and 5970). Which file a machine can run follows from this. */

export type Cpu =
  | 'x86'
  | 'amd64'
  | 'arm32'
  | 'arm64'
  | 'riscv32'
  | 'riscv64'
  | 'riscv128'
  | 'loongarch32'
  | 'loongarch64'
  | 'ia64'
  | 'ebc'
  | 'other';

/** `bios`: a PC BIOS. `uefi`: UEFI over TFTP. `http`: UEFI HTTP boot, which wants a URL. `other`: nothing of ours runs there. */
export type BootFirmware = 'bios' | 'uefi' | 'http' | 'other';

/** What kind of file to hand out. `pxelinux` stands for U-Boot, which reads such configuration itself. */
export type LoaderFamily = 'ipxe-bios' | 'ipxe-efi' | 'pxelinux' | 'none';

export interface ArchRow {
  readonly code: number;
  readonly name: string;
  readonly cpu: Cpu;
  readonly firmware: BootFirmware;
  readonly loader: LoaderFamily;
}

type Row = readonly [name: string, cpu: Cpu, firmware: BootFirmware, loader: LoaderFamily];

const ROWS: Readonly<Record<number, Row>> = {
  // Also what a 64-bit machine says in BIOS mode: the CPU is told later, by iPXE.
  0: ['x86 BIOS', 'x86', 'bios', 'ipxe-bios'],
  1: ['NEC/PC98', 'other', 'other', 'none'],
  2: ['Itanium', 'ia64', 'uefi', 'none'],
  3: ['DEC Alpha', 'other', 'other', 'none'],
  4: ['Arc x86', 'other', 'other', 'none'],
  5: ['Intel Lean Client', 'other', 'other', 'none'],
  6: ['x86 UEFI', 'x86', 'uefi', 'ipxe-efi'],
  7: ['x64 UEFI', 'amd64', 'uefi', 'ipxe-efi'],
  8: ['EFI Xscale', 'arm32', 'uefi', 'none'],
  // RFC 4578 and its erratum swap 7 and 9, so firmware sends either for x86-64; nobody has EBC machines.
  9: ['EBC, in the field x64 UEFI', 'amd64', 'uefi', 'ipxe-efi'],
  10: ['ARM 32-bit UEFI', 'arm32', 'uefi', 'ipxe-efi'],
  11: ['ARM 64-bit UEFI', 'arm64', 'uefi', 'ipxe-efi'],
  12: ['PowerPC Open Firmware', 'other', 'other', 'none'],
  13: ['PowerPC ePAPR', 'other', 'other', 'none'],
  14: ['POWER OPAL v3', 'other', 'other', 'none'],
  15: ['x86 UEFI boot from HTTP', 'x86', 'http', 'ipxe-efi'],
  16: ['x64 UEFI boot from HTTP', 'amd64', 'http', 'ipxe-efi'],
  17: ['EBC boot from HTTP', 'ebc', 'http', 'none'],
  18: ['ARM UEFI 32 boot from HTTP', 'arm32', 'http', 'ipxe-efi'],
  19: ['ARM UEFI 64 boot from HTTP', 'arm64', 'http', 'ipxe-efi'],
  20: ['PC/AT BIOS boot from HTTP', 'x86', 'bios', 'ipxe-bios'],
  21: ['ARM 32 U-Boot', 'arm32', 'other', 'pxelinux'],
  22: ['ARM 64 U-Boot', 'arm64', 'other', 'pxelinux'],
  23: ['ARM U-Boot 32 boot from HTTP', 'arm32', 'other', 'pxelinux'],
  24: ['ARM U-Boot 64 boot from HTTP', 'arm64', 'other', 'pxelinux'],
  25: ['RISC-V 32-bit UEFI', 'riscv32', 'uefi', 'ipxe-efi'],
  26: ['RISC-V 32-bit UEFI boot from HTTP', 'riscv32', 'http', 'ipxe-efi'],
  27: ['RISC-V 64-bit UEFI', 'riscv64', 'uefi', 'ipxe-efi'],
  28: ['RISC-V 64-bit UEFI boot from HTTP', 'riscv64', 'http', 'ipxe-efi'],
  29: ['RISC-V 128-bit UEFI', 'riscv128', 'uefi', 'none'],
  30: ['RISC-V 128-bit UEFI boot from HTTP', 'riscv128', 'http', 'none'],
  31: ['s390 Basic', 'other', 'other', 'none'],
  32: ['s390 Extended', 'other', 'other', 'none'],
  33: ['MIPS 32-bit UEFI', 'other', 'uefi', 'none'],
  34: ['MIPS 64-bit UEFI', 'other', 'uefi', 'none'],
  35: ['Sunway 32-bit UEFI', 'other', 'uefi', 'none'],
  36: ['Sunway 64-bit UEFI', 'other', 'uefi', 'none'],
  37: ['LoongArch 32-bit UEFI', 'loongarch32', 'uefi', 'none'],
  38: ['LoongArch 32-bit UEFI boot from HTTP', 'loongarch32', 'http', 'none'],
  39: ['LoongArch 64-bit UEFI', 'loongarch64', 'uefi', 'ipxe-efi'],
  40: ['LoongArch 64-bit UEFI boot from HTTP', 'loongarch64', 'http', 'ipxe-efi'],
  41: ['ARM rpiboot', 'arm64', 'other', 'none'],
};

export const ARCH_TABLE: ReadonlyMap<number, ArchRow> = new Map(
  Object.entries(ROWS).map(([key, [name, cpu, firmware, loader]]) => {
    const code = Number(key);
    return [code, { code, name, cpu, firmware, loader }];
  }),
);
