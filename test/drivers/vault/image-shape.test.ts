import { expect, test } from 'vitest';
import { shapeProblem } from '../../../src/drivers/vault/image-shape.ts';

const bzImage = Buffer.alloc(1024);
bzImage.write('HdrS', 0x202);
const LARGE = 100_000_000;

test.each([
  ['a kernel with an EFI header', 'kernel', Buffer.from('MZ...'), LARGE, undefined],
  ['a kernel for BIOS alone', 'kernel', bzImage, LARGE, undefined],
  ['a kernel that was cut', 'kernel', bzImage, 1_000_000, 'cannot be whole'],
  ['another file', 'kernel', Buffer.from('{"error": 1}'), LARGE, 'does not begin like its kind (Linux kernel)'],
  ['zstd', 'initramfs', Buffer.from('28b52ffd00', 'hex'), LARGE, undefined],
  ['xz', 'initramfs', Buffer.from('fd377a585a0000', 'hex'), LARGE, undefined],
  ['an initramfs that was cut', 'initramfs', Buffer.from('28b52ffd00', 'hex'), 9_000_000, 'cannot be whole'],
  ['text', 'initramfs', Buffer.from('too many requests'), LARGE, 'does not begin like its kind (initramfs)'],
  ['a command line of any size', 'cmdline', Buffer.from('talos.platform=metal'), 20, undefined],
] as const)('%s', (_name, kind, head, sizeBytes, problem) => {
  if (problem === undefined) expect(shapeProblem(kind, head, sizeBytes)).toBeUndefined();
  else expect(shapeProblem(kind, head, sizeBytes)).toContain(problem);
});
