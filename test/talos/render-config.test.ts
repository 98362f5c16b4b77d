import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type ConfigInput, configHash, renderConfig } from '../../src/talos/render-config.ts';
import { type SpecChanges, specOf } from './specs.ts';

const base = (minor: string) => readFileSync(new URL(`fixtures/base-${minor}.yaml`, import.meta.url), 'utf8');
const ENDPOINTS = { eventSink: '10.77.0.1:4001', kernelLog: 'tcp://10.77.0.1:4002/' };
const SCHEMATIC = '376567988ad370138ad8b2698212367b8edcb69b5fd68c80be1f2ec7d603b4ba';
const NETWORK = {
  ip: '10.77.0.33',
  prefix: 24,
  gateway: '10.77.0.1',
  interface: 'ens1',
  dns: ['10.77.0.1'],
  ntp: ['10.77.0.1'],
};

function render(minor: string, version: string, changes: SpecChanges, more: Partial<ConfigInput> = {}) {
  return renderConfig({
    base: base(minor),
    patches: [],
    spec: specOf(changes),
    version,
    endpoints: ENDPOINTS,
    installerImage: `factory.talos.dev/metal-installer/${SCHEMATIC}:${version}`,
    ...more,
  });
}

function textOf(result: ReturnType<typeof renderConfig>): string {
  return result.ok ? result.value.text : `refused: ${JSON.stringify(result.error, null, 1)}`;
}

describe('a whole configuration', () => {
  test.each([
    ['1.12', 'v1.12.11', 'worker'],
    ['1.13', 'v1.13.9', 'worker'],
    ['1.14', 'v1.14.0', 'controlplane'],
  ])('for %s: name, addresses, disk and reporting in the shape of that version', async (minor, version, role) => {
    const talos = { disk: { serial: 'S6CKNE0T', size: '>= 400GB' } };
    const result = render(minor, version, { role, network: { ...NETWORK, vlan: 7 }, talos, firmwareReboot: true });
    await expect(textOf(result)).toMatchFileSnapshot(`golden/config-${minor}.yaml`);
    expect(result.ok && result.value.hash).toBe(configHash(textOf(result)));
  });

  test('for 1.11 everything stays in the one document', async () => {
    const only = base('1.12').split('---\n')[0] ?? '';
    const spec = specOf({ network: NETWORK, talos: { disk: { byId: '/dev/disk/by-id/wwn-0x5000c500' } } });
    const result = renderConfig({ base: only, patches: [], spec, version: 'v1.11.6', endpoints: ENDPOINTS });
    await expect(textOf(result)).toMatchFileSnapshot('golden/config-1.11.yaml');
  });

  test('for a bond', async () => {
    const bond = { name: 'bond0', links: ['ens1', 'ens2'], options: { mode: '802.3ad', lacp_rate: 'fast' }, mtu: 9000 };
    const result = render('1.13', 'v1.13.9', {
      network: { ...NETWORK, bond, vlan: 7, interface: 'x' },
      talos: { disk: { wwid: 'eui.1' } },
    });
    await expect(textOf(result)).toMatchFileSnapshot('golden/config-bond.yaml');
  });
});

describe('what the operator wrote', () => {
  test('stays to the byte where nothing is asked for', () => {
    const plain = base('1.13')
      .replace('auto: stable', 'hostname: node-01')
      .replace(/ # A method.*/, '');
    const result = renderConfig({ base: plain, patches: [], spec: specOf(), version: 'v1.13.9', endpoints: {} });
    expect(textOf(result)).toBe(plain);
  });

  test('keeps its secrets, file modes, comments and free text when its document is touched', () => {
    const text = textOf(render('1.13', 'v1.13.9', { talos: { disk: { serial: 'S6CKNE0T' } } }));
    for (const line of base('1.13').split('\n')) {
      if (/token|secret|crt|permissions|x = 1|# Defines/.test(line)) expect(text).toContain(line);
    }
  });

  test('an address that is already there is not doubled', () => {
    const patch = 'apiVersion: v1alpha1\nkind: LinkConfig\nname: eth9\naddresses:\n  - address: 10.77.0.33/24\n';
    const text = textOf(render('1.13', 'v1.13.9', { network: NETWORK }, { patches: [patch] }));
    expect(text.match(/10\.77\.0\.33\/24/g)).toHaveLength(1);
    expect(text).not.toContain('name: ens1');
  });

  test('the old shape of interfaces is kept where the base uses it, also in 1.13', () => {
    const patch = 'machine:\n  network:\n    interfaces:\n      - interface: ens1\n        mtu: 9000\n';
    const text = textOf(render('1.13', 'v1.13.9', { network: NETWORK }, { patches: [patch] }));
    expect(text).toMatch(/- interface: ens1\n +mtu: 9000\n +dhcp: false\n +addresses:\n +- 10\.77\.0\.33\/24/);
    expect(text).not.toContain('LinkConfig');
  });

  test('without `interface` the MAC finds the link', () => {
    const text = textOf(render('1.13', 'v1.13.9', { network: { ip: '10.77.0.33', prefix: 24 } }));
    expect(text).toContain('match: mac(link.permanent_addr) == "52:54:00:0a:21:01"');
  });

  test('a reservation without prefix writes no address', () => {
    expect(textOf(render('1.13', 'v1.13.9', { network: { ip: '10.77.0.33' } }))).not.toContain('10.77.0.33');
  });

  test('an installer from an own mirror stays', () => {
    const image = 'registry.rack7.example/installer:v1.13.9';
    const patch = `machine: { install: { image: '${image}' } }`;
    const result = render('1.13', 'v1.13.9', {}, { patches: [patch] });
    expect(result.ok && result.value.installDisk).toEqual({ shape: 'machine.install', by: '/dev/sda', image });
  });

  test('1.14 keeps machine.install when the base uses it', () => {
    const patch = 'machine: { install: { disk: /dev/sda } }';
    const spec = { role: 'controlplane', talos: { disk: { serial: 'S6*' } } };
    const result = render('1.14', 'v1.14.0', spec, { patches: [patch] });
    expect(result.ok && result.value.installDisk).toMatchObject({ shape: 'machine.install', by: '{serial:S6*}' });
    expect(textOf(result)).not.toContain('UnattendedInstallConfig');
  });

  test('what is replaced is told', () => {
    const patch = 'apiVersion: v1alpha1\nkind: EventSinkConfig\nendpoint: other:1\n';
    const result = render('1.13', 'v1.13.9', { talos: { disk: { serial: 'S1' } } }, { patches: [patch] });
    expect(result.ok && result.value.warnings.map((one) => `${one.document}: ${one.message}`)).toEqual([
      'v1alpha1: machine.install.disk /dev/sda is replaced by the disk of the inventory',
      'EventSinkConfig: event sink other:1 is replaced by ours: Talos knows one only',
    ]);
  });
});

describe('what is refused, with the place', () => {
  const disk = { serial: 'S1' };
  test.each<[string, string, string, SpecChanges, Partial<ConfigInput>, RegExp]>([
    [
      'broken YAML',
      '1.13',
      'v1.13.9',
      {},
      { base: 'version: v1alpha1\nmachine: [1\ncluster: x\n' },
      /base.*"line":[23]/,
    ],
    ['a broken patch', '1.13', 'v1.13.9', {}, { patches: ['a: b: c'] }, /patch 1.*"line":1/],
    [
      'a JSON patch',
      '1.13',
      'v1.13.9',
      {},
      { patches: ['- op: add\n  path: /x\n  value: 1\n'] },
      /patch 1.*strategic merge/,
    ],
    ['nothing', '1.13', 'v1.13.9', {}, { base: '' }, /no document with `version: v1alpha1`/],
    [
      'a configuration for a newer Talos',
      '1.14',
      'v1.13.9',
      { role: 'controlplane', talos: { disk } },
      {},
      /exists from Talos 1\.14 on/,
    ],
    [
      'a worker with the keys of a control plane',
      '1.14',
      'v1.14.0',
      { role: 'worker', talos: { disk } },
      {},
      /calls this machine worker/,
    ],
    ['no disk for 1.14', '1.14', 'v1.14.0', { role: 'controlplane' }, {}, /nothing says which disk/],
    [
      'no install for 1.13',
      '1.13',
      'v1.13.9',
      {},
      { patches: ['machine: { install: { $patch: delete } }'], installerImage: undefined as never },
      /install instructions are required/,
    ],
    [
      'a device and a selector at once',
      '1.13',
      'v1.13.9',
      { talos: { disk: { byId: '/dev/disk/by-id/a', model: 'X' } } },
      {},
      /not both/,
    ],
    [
      'a document twice',
      '1.13',
      'v1.13.9',
      {},
      {
        base: `${base('1.13')}---\napiVersion: v1alpha1\nkind: OOMConfig\n---\napiVersion: v1alpha1\nkind: OOMConfig\n`,
      },
      /there twice/,
    ],
    ['an unknown top key', '1.13', 'v1.13.9', {}, { patches: ['machines: {}\nversion: v1alpha1'] }, /does not know/],
    [
      'an endpoint without https',
      '1.13',
      'v1.13.9',
      {},
      { patches: ['cluster: {controlPlane: {endpoint: "http://x:6443"}}'] },
      /https/,
    ],
    [
      'an installer without tag',
      '1.13',
      'v1.13.9',
      {},
      { patches: ['machine: {install: {image: r.example/installer}}'] },
      /has no tag/,
    ],
    [
      'a twin of a document',
      '1.13',
      'v1.13.9',
      {},
      {
        patches: [
          'machine: {network: {nameservers: [1.1.1.1]}}',
          'apiVersion: v1alpha1\nkind: ResolverConfig\nnameservers: [{address: 1.1.1.1}]',
        ],
      },
      /exclude each other/,
    ],
    ['a version that is none', '1.13', 'latest', {}, {}, /not a Talos version/],
  ])('%s', (_name, minor, version, changes, more, reason) => {
    const result = render(minor, version, changes, more);
    expect(result.ok).toBe(false);
    expect(result.ok ? '' : JSON.stringify(result.error)).toMatch(reason);
  });

  test('no reason holds a secret', () => {
    const result = render('1.13', 'v1.13.9', {}, { base: `${base('1.13')}\n  broken` });
    expect(JSON.stringify(result)).not.toMatch(/abcdef\.0123|LS0t|Zm9y/);
  });
});
