import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseBareMetalHosts } from '../../src/inventory/parse-bare-metal-hosts.ts';
import { parseInventory } from '../../src/inventory/parse-inventory.ts';
import { parsePackingList } from '../../src/inventory/parse-packing-list.ts';
import { parseTalosCluster } from '../../src/inventory/parse-talos-cluster.ts';
import type { Imported } from '../../src/inventory/render-machine.ts';
import { renderProblems } from '../../src/inventory/render-problems.ts';

const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8');
const renderImport = ({ files, problems }: Imported) =>
  `${files.map((file) => `--- ${file.path}\n${file.text}`).join('')}--- problems\n${renderProblems(problems)}`;
const errorsOf = ({ files }: Imported) => parseInventory(files).problems.filter((one) => one.severity === 'error');
const said = ({ problems }: Imported) =>
  problems.map((one) => `${one.line}:${one.column}: ${one.severity}: ${one.message}`);

describe('a packing list', () => {
  test('as a vendor sends it becomes files that the inventory accepts', async () => {
    const imported = parsePackingList(fixture('packing-list.csv'));
    await expect(renderImport(imported)).toMatchFileSnapshot('golden/packing-list.txt');
    expect(errorsOf(imported)).toEqual([]);
  });

  test.each<[string, string]>([
    ['commas', 'Serial Number,MAC Address,Host Name\nCZJ1,52:54:00:0a:21:01,node-01\n'],
    [
      'semicolons, quotes and a byte order mark',
      '\ufeff"S/N";"PXE-MAC";"Hostname"\r\n"CZJ1";"52-54-00-0A-21-01";"node-01"\r\n',
    ],
    ['tabs and no last line break', 'sn\tmac\tname\nCZJ1\t5254.000a.2101\tNode-01.lab.example'],
    [
      'blank lines and blank columns',
      'SERIAL,,mac,node\n\n,,,\nCZJ1,,52540 00a2101,node-01\n'.replace('52540 00a2101', '5254000a2101'),
    ],
  ])('with %s is read the same', (_, text) => {
    const { files, problems } = parsePackingList(text);
    expect(problems).toEqual([]);
    expect(files).toEqual([{ path: 'node-01.yaml', text: 'macs: [ 52:54:00:0a:21:01 ]\nserial: CZJ1\n' }]);
  });

  test('keeps a serial that looks like a number as it is written', () => {
    const imported = parsePackingList('serial,mac\n0012345,52:54:00:0a:21:01\n1E5,52:54:00:0a:21:02\n');
    expect(parseInventory(imported.files).inventory.nodes.map((node) => node.identity.serial)).toEqual([
      '0012345',
      '1E5',
    ]);
  });

  test.each<[string, string, string]>([
    [
      'one serial twice',
      'sn,mac\nA1,52:54:00:0a:21:01\nA1,52:54:00:0a:21:02\n',
      '3:1: error: serial A1 is also at packing-list.csv:2:1',
    ],
    [
      'one MAC twice',
      'sn,mac\nA1,52:54:00:0a:21:01\nA2,52-54-00-0A-21-01\n',
      '3:4: error: MAC 52:54:00:0a:21:01 is also at packing-list.csv:2:4',
    ],
    ['one place twice', 'sn,rack,u\nA1,r1,3\nA2,R1,U3\n', 'error: place R1 unit 3 is also at packing-list.csv:2:7'],
    [
      'a MAC that a spreadsheet spoilt',
      'sn,mac\nA1,5.254E+11\n',
      '2:4: error: "5.254E+11" is no MAC address; the spreadsheet turned it into a number',
    ],
    ['a line without identity', 'sn,mac,name\n,,node-01\n', '2:1: error: no serial, MAC or UUID in this line'],
    ['a quote that is never closed', 'sn,mac\n"A1,52:54:00:0a:21:01\n', '2:1: error: this quote is never closed'],
    ['no column of serials', 'a,b\n1,2\n', '1:1: error: the first line names no column with serials or MACs'],
    ['two columns of serials', 'sn,serial\nA1,A2\n', '1:4: error: columns "sn" and "serial" both name the serial'],
    ['no text at all', '', '1:1: error: the first line names no column'],
    ['a column that is not used', 'sn,colour\nA1,red\n', '1:4: warning: column "colour" is not used'],
    ['a placeholder', 'sn,asset\nA1,N/A\n', '2:4: warning: "N/A" is a placeholder; left out'],
  ])('with %s says so at its line', (_, text, expected) => {
    expect(said(parsePackingList(text)).join('\n')).toContain(expected);
  });
});

describe('BareMetalHosts', () => {
  test('of every kind of BMC become files that the inventory accepts', async () => {
    const imported = parseBareMetalHosts(fixture('bare-metal-hosts.yaml'));
    const text = renderImport(imported);
    await expect(text).toMatchFileSnapshot('golden/bare-metal-hosts.txt');
    expect(errorsOf(imported)).toEqual([]);
    expect(text).not.toContain('hunter2');
    expect(text).not.toContain('aHVudGVyMg');
  });

  test.each<[string, string, string]>([
    ['no such document', 'kind: Pod\n', 'no document of kind BareMetalHost'],
    [
      'an unknown BMC',
      'kind: BareMetalHost\nmetadata: { name: a }\nspec: { bootMACAddress: "52:54:00:0a:21:01", bmc: { address: "libvirt://x/y" } }\n',
      '3:62: error: bmc.address "libvirt://x/y" is not supported',
    ],
    [
      'a broken MAC',
      'kind: BareMetalHost\nmetadata: { name: a }\nspec: { bootMACAddress: x }\n',
      '3:25: error: bootMACAddress "x" is no MAC address',
    ],
    ['no MAC', 'kind: BareMetalHost\nmetadata: { name: a }\nspec: {}\n', 'nothing to know it by'],
    ['broken YAML', 'kind: [\n', 'not valid YAML'],
  ])('with %s say so', (_, text, expected) => {
    expect(said(parseBareMetalHosts(text)).join('\n')).toContain(expected);
  });
});

describe('a TalosCluster', () => {
  test('of the talos-operator documentation imports, and the inventory accepts it', async () => {
    const imported = parseTalosCluster(fixture('talos-cluster.yaml'));
    await expect(renderImport(imported)).toMatchFileSnapshot('golden/talos-cluster.txt');
    const { inventory } = parseInventory(imported.files);
    expect(errorsOf(imported)).toEqual([]);
    expect(inventory.site.networks).toMatchObject([
      { interface: 'enp0s1', address: '10.0.0.1', subnet: '10.0.0.0/24' },
    ]);
    expect(
      inventory.nodes.map((node) => [
        node.identity.macs[0],
        node.network.ip,
        node.role,
        node.talos.version,
        node.talos.kernelArgs,
      ]),
    ).toEqual([
      ['aa:aa:aa:aa:aa:aa', '10.0.0.2', 'controlplane', 'v1.13.0', []],
      ['bb:bb:bb:bb:bb:bb', '10.0.0.3', 'controlplane', 'v1.13.0', ['net.ifnames=0', 'nomodeset']],
    ]);
  });

  const cluster = (spec: string) =>
    `kind: TalosCluster\nmetadata: { name: c }\nspec:\n  pxeServerSpec: { address: 10.0.0.1, interface: e }\n${spec}`;
  test.each<[string, string, string]>([
    ['no such document', 'kind: Pod\n', 'no document of kind TalosCluster'],
    [
      'a machine without MAC',
      cluster('  worker: { metalSpec: { machines: [{ address: 10.0.0.2 }] } }\n'),
      '5:37: error: machine 10.0.0.2 has no pxeClientSpec.macAddress',
    ],
    [
      'one MAC twice',
      cluster(
        '  worker: { metalSpec: { machines: [{ pxeClientSpec: { macAddress: "aa:aa:aa:aa:aa:aa" } }, { pxeClientSpec: { macAddress: "AA:aa:aa:aa:aa:aa" } }] } }\n',
      ),
      'aa:aa:aa:aa:aa:aa belongs to two machines',
    ],
    ['machines in containers', cluster('  worker: { mode: container }\n'), 'worker has mode "container": no machines'],
    [
      'a wipe',
      cluster('  worker: { metalSpec: { machineSpec: { wipe: true, installDisk: /dev/sda }, machines: [] } }\n'),
      'wipe: true is left out: no file arms a machine',
    ],
    [
      'a broken address',
      'kind: TalosCluster\nspec: { pxeServerSpec: { address: x } }\n',
      'pxeServerSpec.address "x" is no IPv4 address',
    ],
  ])('with %s says so', (_, text, expected) => {
    expect(said(parseTalosCluster(text)).join('\n')).toContain(expected);
  });
});
