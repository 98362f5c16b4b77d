import { describe, expect, test } from 'vitest';
import { ARCH_TABLE } from '../../../src/protocols/dhcp/arch-table.ts';
import { classifyDhcpClient, type DhcpClient } from '../../../src/protocols/dhcp/classify-dhcp-client.ts';
import { decodeDhcp } from '../../../src/protocols/dhcp/decode-dhcp.ts';
import { ascii, packet, type Tlv } from './dhcp-bytes.ts';

function classified(options: readonly Tlv[]): DhcpClient {
  const result = decodeDhcp(packet([[53, 1], ...options]));
  if (!result.ok) throw new Error(result.error);
  return classifyDhcpClient(result.value);
}

const pxe: Tlv = [60, ...ascii('PXEClient:Arch:00007:UNDI:003000')];
const http: Tlv = [60, ...ascii('HTTPClient:Arch:00016:UNDI:003000')];
const alone: Tlv = [60, ...ascii('PXEClient')];
const ipxeClass: Tlv = [77, ...ascii('iPXE')];
const settings: Tlv = [175, 177, 5, 1, 0x1a, 0xf4, 0x10, 0, 235, 3, 1, 21, 1, 19, 1, 1, 20, 1, 0, 36, 1, 1];

const clients: readonly [string, readonly Tlv[], string, string | undefined, string | undefined][] = [
  ['OVMF over TFTP', [pxe, [93, 0, 7]], 'pxe', 'amd64', 'uefi'],
  ['OVMF over HTTP', [http, [93, 0, 16]], 'httpBoot', 'amd64', 'http'],
  ['AAVMF over TFTP', [pxe, [93, 0, 11]], 'pxe', 'arm64', 'uefi'],
  ['AAVMF over HTTP', [http, [93, 0, 19]], 'httpBoot', 'arm64', 'http'],
  ['a BIOS ROM', [pxe, [93, 0, 0]], 'pxe', 'x86', 'bios'],
  ['firmware that swaps 7 and 9', [pxe, [93, 0, 9]], 'pxe', 'amd64', 'uefi'],
  [
    'iPXE 2025 behind a proxy: the class has no :Arch',
    [alone, ipxeClass, settings, [93, 0, 7]],
    'ipxe',
    'amd64',
    'uefi',
  ],
  ['iPXE by option 175 alone', [pxe, settings, [93, 0, 0]], 'ipxe', 'x86', 'bios'],
  ['iPXE by user class alone', [pxe, ipxeClass, [93, 0, 0]], 'ipxe', 'x86', 'bios'],
  ['iPXE in RFC 3004 form', [pxe, [77, 4, ...ascii('iPXE')], [93, 0, 0]], 'ipxe', 'x86', 'bios'],
  ['iPXE with a broken 175', [pxe, [175, 19], [93, 0, 0]], 'ipxe', 'x86', 'bios'],
  ['a ROM without 93', [alone], 'pxe', undefined, undefined],
  ['a ROM with a broken 93: the class is not asked', [pxe, [93, 7]], 'pxe', undefined, undefined],
  ['a list: the first with a loader', [pxe, [93, 0, 1, 0, 200, 0, 6, 0, 7]], 'pxe', 'x86', 'uefi'],
  ['an unknown arch', [pxe, [93, 0, 200]], 'pxe', undefined, undefined],
  [
    'U-Boot: 93 without a known class',
    [
      [60, ...ascii('U-Boot.armv8')],
      [93, 0, 22],
    ],
    'pxe',
    'arm64',
    'other',
  ],
  ['93 of an HTTP kind without a class', [[93, 0, 16]], 'httpBoot', 'amd64', 'http'],
];

describe('classifyDhcpClient', () => {
  test.each(clients)('%s', (_name, options, kind, cpu, firmware) => {
    const client = classified(options);
    if (client.kind === 'os') throw new Error('taken for an operating system');
    expect([client.kind, client.arch?.cpu, client.arch?.firmware]).toEqual([kind, cpu, firmware]);
  });

  test.each([
    ['nothing', []],
    ['Windows', [[60, ...ascii('MSFT 5.0')]]],
    [
      'Talos',
      [
        [12, ...ascii('talos-1')],
        [61, 1, 0x52, 0x54, 0, 1, 2, 3],
      ],
    ],
    ['udhcpc', [[60, ...ascii('udhcp 1.37.0')]]],
    ['another class that starts alike', [[60, ...ascii('PXEClientele')]]],
    ['another user class', [[77, ...ascii('iPXEish')]]],
  ] as const satisfies readonly (readonly [string, readonly Tlv[]])[])(
    '%s is an operating system',
    (_name, options) => {
      expect(classified(options)).toEqual({ kind: 'os' });
    },
  );

  test('the build of iPXE is read from 175; a feature of value 0 is off', () => {
    const client = classified([pxe, settings]);
    expect(client).toMatchObject({ ipxe: { features: ['http', 'efi'], version: '1.21.1', busId: '1af4:1000' } });
  });

  test('unknown codes are kept for the operator', () => {
    expect(classified([pxe, [93, 0, 200, 0, 7]])).toMatchObject({ archCodes: [200, 7], arch: { code: 7 } });
  });
});

test('the table has every code that IANA gave out, 0 to 0x29', () => {
  expect([...ARCH_TABLE.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: 0x2a }, (_, code) => code));
  for (const [code, row] of ARCH_TABLE) expect(row.code).toBe(code);
});
