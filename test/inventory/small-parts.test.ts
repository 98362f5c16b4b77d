import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseLeaseSeconds } from '../../src/inventory/duration.ts';
import { isHostAddress, parseCidr, parseIpv4, prefixOfNetmask, renderIpv4 } from '../../src/inventory/ipv4.ts';
import { nearestName } from '../../src/inventory/nearest-name.ts';
import { parseInventory } from '../../src/inventory/parse-inventory.ts';
import { splitArguments } from '../../src/inventory/parse-reference.ts';
import { subnetOf } from '../../src/inventory/subnet-of.ts';
import { writeImported } from '../../src/inventory/write-imported.ts';

test.each<[string, string | undefined]>([
  ['serail', 'serial'],
  ['board_serial', 'boardSerial'],
  ['SERIAL', 'serial'],
  ['mac', 'macs'],
  ['gatway', 'gateway'],
  ['colour', undefined],
  ['', undefined],
  ['x'.repeat(5000), undefined],
])('the nearest name to %s is %s', (word, expected) => {
  expect(nearestName(word, ['serial', 'boardSerial', 'macs', 'gateway', 'unit', 'ip'])).toBe(expected);
});

test.each<[string, number | undefined]>([
  ['12h', 43_200],
  ['1d12h', 129_600],
  ['3600', 3600],
  ['90', undefined],
  ['400d', undefined],
  ['12 hours', undefined],
  ['h', undefined],
])('the lease %s is %s seconds', (text, expected) => {
  expect(parseLeaseSeconds(text)).toBe(expected);
});

test.each<[string, boolean]>([
  ['0.0.0.0', true],
  ['255.255.255.255', true],
  ['1.2.3', false],
  ['1.2.3.256', false],
  ['1.2.3.04', false],
  ['1.2.3.4 ', false],
  ['0x1.2.3.4', false],
])('%s is an address: %s', (text, expected) => {
  const address = parseIpv4(text);
  expect(address !== undefined).toBe(expected);
  if (address !== undefined) expect(renderIpv4(address)).toBe(text);
});

test.each<[string, number | undefined]>([
  ['255.255.255.255', 32],
  ['255.255.254.0', 23],
  ['128.0.0.0', 1],
  ['0.0.0.0', 0],
  ['255.0.255.0', undefined],
])('the netmask %s is /%s', (text, expected) => {
  expect(prefixOfNetmask(text)).toBe(expected);
});

test.each<[string, string, boolean]>([
  ['10.0.0.0/24', '10.0.0.0', false],
  ['10.0.0.0/24', '10.0.0.255', false],
  ['10.0.0.0/24', '10.0.0.254', true],
  ['10.0.0.0/31', '10.0.0.0', true],
  ['10.0.0.0/32', '10.0.0.0', true],
])('in %s, %s is a host: %s', (network, text, expected) => {
  const cidr = parseCidr(network);
  expect(cidr.ok && isHostAddress(cidr.value, parseIpv4(text) ?? -1)).toBe(expected);
});

test('the network of an address is found, and none for a stranger', () => {
  const text =
    'networks: [{ interface: a, subnet: 10.0.0.0/24 }, { relay: 10.1.0.1, address: 10.0.0.9, subnet: 10.1.0.0/16 }]';
  const { site } = parseInventory([{ path: '_site.yaml', text }]).inventory;
  expect(subnetOf(site, '10.1.200.3')?.relay).toBe('10.1.0.1');
  expect(subnetOf(site, '10.2.0.1')).toBeUndefined();
  expect(subnetOf(site, 'x')).toBeUndefined();
});

test('a kernel command line is split as the kernel does', () => {
  expect(splitArguments('a=1  dyndbg="file x +p; y" b')).toEqual(['a=1', 'dyndbg="file x +p; y"', 'b']);
});

test('an import is written whole, and never over a file that exists', () => {
  const folder = mkdtempSync(join(tmpdir(), 'crashcart-import-'));
  try {
    const files = [
      { path: 'r1/a.yaml', text: 'serial: A1\n' },
      { path: 'b.yaml', text: 'serial: B1\n' },
    ];
    writeFileSync(join(folder, 'b.yaml'), 'mine');
    expect(writeImported(folder, files).ok).toBe(false);
    expect(() => readFileSync(join(folder, 'r1/a.yaml'))).toThrow();
    rmSync(join(folder, 'b.yaml'));
    expect(writeImported(folder, files)).toEqual({ ok: true, value: ['r1/a.yaml', 'b.yaml'] });
    expect(readFileSync(join(folder, 'r1/a.yaml'), 'utf8')).toBe('serial: A1\n');
    expect(writeImported(folder, [{ path: '../x.yaml', text: '' }]).ok).toBe(false);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
