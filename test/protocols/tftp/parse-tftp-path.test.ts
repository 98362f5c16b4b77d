import { expect, test } from 'vitest';
import { parseTftpPath } from '../../../src/protocols/tftp/parse-tftp-path.ts';

test.each([
  ['ipxe.efi', 'ipxe.efi'],
  ['/ipxe.efi', 'ipxe.efi'],
  ['\\boot\\x64\\ipxe.efi', 'boot/x64/ipxe.efi'],
  ['./a//b', 'a/b'],
  ['..foo', '..foo'],
  ['a%2e%2e', 'a%2e%2e'],
  ['../etc/passwd', undefined],
  ['/a/../../b', undefined],
  ['..\\..\\boot.ini', undefined],
  ['a\\..', undefined],
  ['/', undefined],
  ['.', undefined],
  ['a\nb', undefined],
  ['a\u009bb', undefined],
  ['a/'.repeat(17), undefined],
])('%j', (file, expected) => {
  const result = parseTftpPath(file);
  expect(result.ok ? result.value.join('/') : undefined).toBe(expected);
});
