import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { mustRun } from './run-command.ts';

/** What a machine says that boots its disk before we installed anything there. */
export const STRANGE_SYSTEM = '[disk] a system that is none of ours';

const SECTOR = 512;
/** 16-bit code at 0000:7C00: writes the text behind it to COM1, byte by byte, and stays. */
const CODE = [
  [0x31, 0xc0], // xor ax, ax
  [0x8e, 0xd8], // mov ds, ax
  [0xfc], // cld
  [0xbe, 0x23, 0x7c], // mov si, 7C23: the text
  [0xba, 0xfd, 0x03], // mov dx, 3FD: line status
  [0xac], // next: lodsb
  [0x84, 0xc0], // test al, al
  [0x74, 0x10], // jz stay
  [0x88, 0xc4], // mov ah, al
  [0xec], // wait: in al, dx
  [0xa8, 0x20], // test al, 20: may it be given a byte?
  [0x74, 0xfb], // jz wait
  [0x88, 0xe0], // mov al, ah
  [0xb2, 0xf8], // mov dl, F8
  [0xee], // out dx, al
  [0xb2, 0xfd], // mov dl, FD
  [0xeb, 0xeb], // jmp next
  [0xf4, 0xeb, 0xfd], // stay: hlt, jmp stay
].flat();

/** A disk of a BIOS machine with nothing on it but this sector. */
export async function writeStrangeDisk(folder: string, disk: string, size: string): Promise<void> {
  const sector = Buffer.alloc(SECTOR);
  sector.set([...CODE, ...Buffer.from(`\r\n${STRANGE_SYSTEM}\r\n\0`)]);
  sector.set([0x55, 0xaa], SECTOR - 2);
  await mkdir(folder, { recursive: true });
  const raw = join(folder, 'sector.raw');
  const file = await open(raw, 'w');
  await file.write(sector);
  await file.close();
  await mustRun('truncate', ['--size', size, raw]);
  await mustRun('qemu-img', ['convert', '-q', '-f', 'raw', '-O', 'qcow2', raw, disk]);
  await rm(raw);
}
