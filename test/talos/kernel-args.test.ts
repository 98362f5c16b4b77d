import { describe, expect, test } from 'vitest';
import { type KernelArgsInput, renderKernelArgs } from '../../src/talos/kernel-args.ts';
import { usesKexec } from '../../src/talos/kernel-quirks.ts';
import { parseTalosVersion } from '../../src/talos/talos-version.ts';
import { articleSpec, type SpecChanges, specOf } from './specs.ts';

const URLS = {
  config: 'http://10.77.0.1:8080/c/3q2-7wAAQkE/config.yaml',
  eventSink: '10.77.0.1:4001',
  kernelLog: 'tcp://10.77.0.1:4002/',
};

function render(changes: SpecChanges, more: Partial<KernelArgsInput> = {}) {
  return renderKernelArgs({
    spec: specOf(changes),
    version: 'v1.13.9',
    arch: 'amd64',
    urls: {},
    haltIfInstalled: false,
    ...more,
  });
}

function line(changes: SpecChanges, more: Partial<KernelArgsInput> = {}): string {
  const result = render(changes, more);
  return result.ok ? result.value.join(' ') : `refused: ${result.error}`;
}

describe('the article', () => {
  test('gets its own line to the letter', () => {
    const result = renderKernelArgs({
      spec: articleSpec(),
      version: 'v1.9.5',
      arch: 'amd64',
      urls: {},
      haltIfInstalled: false,
    });
    expect(result.ok && result.value.join(' ')).toBe(
      'ip=192.168.100.1::192.168.100.1:255.255.255.0:node-01:ens1.1234::1.1.1.1:8.8.8.8:fr.pool.ntp.org vlan=ens1.1234:ens1 talos.platform=metal console=tty0 init_on_alloc=1 slab_nomerge pti=on consoleblank=0 nvme_core.io_timeout=4294967295 printk.devkmsg=on ima_template=ima-ng ima_appraise=fix ima_hash=sha512',
    );
  });

  test('and with an armed job what we add stands behind it', async () => {
    const result = renderKernelArgs({
      spec: articleSpec(),
      version: 'v1.9.5',
      arch: 'amd64',
      urls: URLS,
      haltIfInstalled: true,
    });
    await expect(result.ok ? `${result.value.join('\n')}\n` : result.error).toMatchFileSnapshot(
      'golden/args-article.txt',
    );
  });
});

describe('the whole command line', () => {
  test.each([
    ['1.9', 'v1.9.6', 'amd64'],
    ['1.10', 'v1.10.1', 'amd64'],
    ['1.11', 'v1.11.6', 'amd64'],
    ['1.12', 'v1.12.11', 'amd64'],
    ['1.13', 'v1.13.9', 'amd64'],
    ['1.14', 'v1.14.0-rc.1', 'amd64'],
    ['1.14-arm64', 'v1.14.0', 'arm64'],
  ] as const)('of an install with Talos %s, without a file of the factory', async (name, version, arch) => {
    const network = { ip: '10.77.0.33', prefix: 24, gateway: '10.77.0.1', interface: 'ens1', dns: ['10.77.0.1'] };
    const text = line({ network }, { version, arch, urls: URLS, haltIfInstalled: true }).replaceAll(' ', '\n');
    await expect(`${text}\n`).toMatchFileSnapshot(`golden/args-${name}.txt`);
  });

  test('of a wipe asks for no configuration and is the one place where the wipe stands', () => {
    expect(line({}, { wipe: 'system', urls: { eventSink: URLS.eventSink } })).toMatch(
      / talos\.experimental\.wipe=system talos\.events\.sink=10\.77\.0\.1:4001$/,
    );
    expect(line({})).not.toContain('wipe');
  });

  test('begins with the file of the factory, to the letter', () => {
    const factoryCmdline = 'talos.platform=metal console=tty0 slab_nomerge pti=on i915.force_probe=56a0\n';
    expect(line({}, { factoryCmdline })).toBe(factoryCmdline.trim());
  });
});

describe('the network of one machine', () => {
  const factoryCmdline = 'talos.platform=metal slab_nomerge pti=on';
  const ip = { ip: '10.0.0.5', prefix: 24 };
  test.each<[string, SpecChanges, string]>([
    ['an address and its mask', { network: { ...ip, interface: 'eth0' } }, 'ip=10.0.0.5:::255.255.255.0:node-01:eth0'],
    ['a reservation without prefix is left to DHCP', { network: { ip: '10.0.0.5' } }, ''],
    [
      'without `interface` the first MAC names the link',
      { network: ip },
      'ip=10.0.0.5:::255.255.255.0:node-01:enx5254000a2101',
    ],
    ['without either the device is left to Talos', { network: ip, macs: [] }, 'ip=10.0.0.5:::255.255.255.0:node-01'],
    [
      'IPv6 stands in brackets with its prefix length',
      { network: { ip: 'fd00::5', prefix: 64, gateway: 'fd00::1', interface: 'eth0', dns: ['fd00::53'] } },
      'ip=[fd00::5]::[fd00::1]:64:node-01:eth0::[fd00::53]',
    ],
    [
      'a name as NTP server is left out, because Talos would drop the line',
      { network: { ...ip, interface: 'eth0', ntp: ['pool.ntp.org', '10.0.0.1'] } },
      'ip=10.0.0.5:::255.255.255.0:node-01:eth0::::10.0.0.1',
    ],
    [
      'a VLAN without address asks DHCP on it',
      { network: { vlan: 7, interface: 'eth0' } },
      'ip=eth0.7:dhcp vlan=eth0.7:eth0',
    ],
    [
      'a bond carries address, VLAN and options',
      {
        network: {
          ...ip,
          vlan: 7,
          bond: { name: 'bond0', links: ['eth0', 'eth1'], options: { mode: '802.3ad', miimon: '100' }, mtu: 9000 },
        },
      },
      'ip=10.0.0.5:::255.255.255.0:node-01:bond0.7 vlan=bond0.7:bond0 bond=bond0:eth0,eth1:mode=802.3ad,miimon=100:9000',
    ],
  ])('%s', (_name, changes, expected) => {
    expect(line(changes, { factoryCmdline }).slice(factoryCmdline.length).trim()).toBe(expected);
  });

  test('what the operator wrote by hand stands alone', () => {
    const network = { ...ip, interface: 'eth0' };
    expect(line({ network, talos: { kernelArgs: ['ip=eth9:dhcp'] } }, { factoryCmdline })).toBe(
      `${factoryCmdline} ip=eth9:dhcp`,
    );
  });
});

describe('extra arguments', () => {
  const factoryCmdline = 'talos.platform=metal console=tty0 slab_nomerge pti=on module.sig_enforce=1 a=1 a=2';
  test.each<[string, readonly string[], string]>([
    ['are appended', ['b=1'], 'talos.platform=metal console=tty0 slab_nomerge pti=on module.sig_enforce=1 a=1 a=2 b=1'],
    [
      'with console= replace the console',
      ['console=ttyS1'],
      'talos.platform=metal slab_nomerge pti=on module.sig_enforce=1 a=1 a=2 console=ttyS1',
    ],
    ['with - remove by name', ['-module.sig_enforce', '-a'], 'talos.platform=metal console=tty0 slab_nomerge pti=on'],
    [
      'with - remove one value',
      ['-a=1'],
      'talos.platform=metal console=tty0 slab_nomerge pti=on module.sig_enforce=1 a=2',
    ],
    ['that are already there are not doubled', ['pti=on'], factoryCmdline],
  ])('%s', (_name, kernelArgs, expected) => {
    expect(line({ talos: { kernelArgs } }, { factoryCmdline })).toBe(expected);
  });

  test('a serial console comes beside the default one', () => {
    expect(line({}, { factoryCmdline, console: 'ttyS0,115200' })).toContain('console=tty0 ');
    expect(line({}, { factoryCmdline, console: 'ttyS0,115200' })).toMatch(/ console=ttyS0,115200$/);
  });

  test('kexec is off on the command line too when the machine must go through firmware', () => {
    expect(line({ firmwareReboot: true })).toContain('sysctl.kernel.kexec_load_disabled=1');
    expect(line({ firmwareReboot: false })).not.toContain('kexec');
  });
});

describe('what is refused', () => {
  test.each<[string, SpecChanges, Partial<KernelArgsInput>, RegExp]>([
    ['a variable that iPXE would eat', { talos: { kernelArgs: ['a=\u0024{uuid}'] } }, {}, /iPXE would replace/],
    ['a space', { talos: { kernelArgs: ['a=1 b=2'] } }, {}, /one argument per list item/],
    ['a line break', { talos: { kernelArgs: ['a=1\nboot'] } }, {}, /a space/],
    ['a control character', { talos: { kernelArgs: ['a=\u0007'] } }, {}, /printable ASCII/],
    ['a second command', { talos: { kernelArgs: ['||'] } }, {}, /end the command/],
    ['a comment', { talos: { kernelArgs: ['#x'] } }, {}, /end the command/],
    ['a quote', { talos: { kernelArgs: ['a="b'] } }, {}, /quote/],
    [
      'a wipe in the inventory',
      { talos: { kernelArgs: ['talos.experimental.wipe=system'] } },
      {},
      /set by this program/,
    ],
    [
      'a configuration address in the inventory',
      { talos: { kernelArgs: ['talos.config=http://x/'] } },
      {},
      /set by this program/,
    ],
    [
      'a wipe baked into the schematic',
      {},
      { factoryCmdline: 'talos.platform=metal talos.experimental.wipe=system' },
      /set by this program/,
    ],
    ['the removal of what Talos enforces', { talos: { kernelArgs: ['-pti'] } }, {}, /pti=on is missing/],
    [
      'another platform',
      { talos: { kernelArgs: ['talos.platform=aws'] } },
      {},
      /"talos.platform=aws", and on that platform/,
    ],
    [
      'two platforms, of which Talos takes the first',
      {},
      { factoryCmdline: 'talos.platform=nocloud talos.platform=metal slab_nomerge pti=on' },
      /"talos.platform=nocloud"/,
    ],
    ['a file of the factory that is an error page', {}, { factoryCmdline: '<html>502</html>' }, /no talos.platform/],
    ['a minor that is not known, without file', {}, { version: 'v1.31.0' }, /no default command line/],
    ['a version that is none', {}, { version: 'latest' }, /not a Talos version/],
    ['a VLAN on nothing', { network: { vlan: 4 } }, {}, /needs `interface`/],
    ['2000 bytes', { talos: { kernelArgs: [`a=${'x'.repeat(1900)}`] } }, {}, /bytes long/],
  ])('%s', (_name, changes, more, reason) => {
    const result = render(changes, more);
    expect(result.ok ? result.value.join(' ') : result.error).toMatch(reason);
    expect(result.ok).toBe(false);
  });
});

test.each([
  ['v1.13.9', 'amd64', false, true],
  ['v1.13.9', 'amd64', true, false],
  ['v1.11.5', 'arm64', false, true],
  ['v1.11.6', 'arm64', false, false],
  ['v1.12.3', 'arm64', false, false],
  ['v1.13.0', 'arm64', false, false],
  ['v1.13.1', 'arm64', false, true],
] as const)('kexec with %s on %s, secure boot %s: %s', (version, arch, secure, expected) => {
  const parsed = parseTalosVersion(version);
  expect(parsed.ok && usesKexec(parsed.value, arch, secure)).toBe(expected);
});
