import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseInventory } from '../../src/inventory/parse-inventory.ts';

const SITE = `site: lab
networks:
  - { interface: eth1, address: 10.77.0.1, subnet: 10.77.0.0/24, pool: 10.77.0.100-10.77.0.199 }
talos: { version: v1.13.9 }
`;
const GOOD = 'macs: [52:54:00:0a:21:01]\nserial: CZJ1\n';

const read = (files: Readonly<Record<string, string>>) =>
  parseInventory(Object.entries({ '_site.yaml': SITE, ...files }).map(([path, text]) => ({ path, text })));
const problemsOf = (files: Readonly<Record<string, string>>) =>
  read(files).problems.map((one) => `${one.file}:${one.line}:${one.column}: ${one.severity}: ${one.message}`);
const ofMachine = (text: string) => problemsOf({ 'a.yaml': GOOD + text });

describe('a machine', () => {
  test.each<[string, string]>([
    ['with nothing but an identity', ''],
    [
      'with every key',
      'rack: r1\nunit: 1\nheight: 2\nslot: A\nrole: worker\ncluster: c\nprofile: talos\nuuid: 4c4c4544-0056-3510-8052-b4c04f4b5131\nboardSerial: B1\nasset: 10023\nswitchPort: Eth1/7\nip: 10.77.0.33\nprefix: 24\ngateway: 10.77.0.1\nvlan: 12\ninterface: eth0\nbond: { links: [a, b], mode: 802.3ad }\ndns: [10.77.0.1]\nntp: pool.ntp.org\ndomain: lab.example\narch: arm64\nfirmware: http\nloader: x.efi\nlocalBoot: exit\nprotected: yes\nfirmwareReboot: false\nlabels: { room: 2 }\ntalos: { version: 1.13.9, extensions: [siderolabs/iscsi-tools], kernelArgs: [a=b], disk: { wwid: naa.5 }, config: c.yaml, patches: p.yaml }\nbmc: { url: "https://10.0.0.1:8443", username: a, password: "exec:pass show bmc", system: /redfish/v1/Systems/1, tlsMinVersion: TLSv1.2, tls: { ca: exec:cat ca.pem, name: bmc-33 } }\nboot: virtual-media\n',
    ],
    ['with an address of another network and its own netmask', 'ip: 192.168.1.5\nnetmask: 255.255.255.0\n'],
    ['whose serial is all digits', 'asset: 0012345\n'],
  ])('%s is accepted', (_, text) => {
    expect(ofMachine(text)).toEqual([]);
  });

  test.each<[string, string, string]>([
    ['a misspelt key', 'serail: X\n', '3:1: error: unknown key "serail"; did you mean "serial"?'],
    [
      'a key at the wrong level',
      'version: v1.13.9\n',
      '3:1: error: unknown key "version"; it belongs under "talos:" (talos.version)',
    ],
    [
      'a nested key that belongs above',
      'talos: { rack: r1 }\n',
      '3:10: error: unknown key "rack" in "talos"; it belongs at the top level',
    ],
    [
      'a misspelt nested key',
      'bmc: { url: "https://1.2.3.4", usrname: a, password: env:A, username: b }\n',
      'unknown key "usrname" in "bmc"; did you mean "username"?',
    ],
    ['a key of habit', 'hostname: x\n', `unknown key "hostname"; the file's name is the host name`],
    ['a map where a word belongs', 'rack: { a: b }\n', '3:7: error: rack: expected text, such as r07; found a map'],
    [
      'a word where a map belongs',
      'bmc: 10.0.0.1\n',
      '3:6: error: bmc: expected a map, such as { url: https://10.21.7.33, username: admin, password: env:BMC_PASSWORD }; found text',
    ],
    [
      'a virtual medium without a BMC',
      'boot: virtual-media\n',
      '3:7: error: boot: virtual-media needs a bmc; write bmc: { url: https://10.21.7.33, … }',
    ],
    [
      'a virtual medium by IPMI',
      'boot: virtual-media\nbmc: { url: "ipmi://1.2.3.4", password: env:A, username: b }\n',
      '3:7: error: boot: virtual-media needs Redfish; IPMI inserts no medium. Write https:// in bmc.url',
    ],
    [
      'an authority without its file',
      'bmc: { url: "https://1.2.3.4", password: env:A, username: b, tls: { name: x } }\n',
      'bmc.tls has no ca; write ca: _bmc-ca.pem',
    ],
    ['an octal unit', 'unit: 033\n', '3:7: error: unit: expected a whole number from 1 to 100, such as 33; found text'],
    [
      'a VLAN out of range',
      'vlan: 4095\n',
      '3:7: error: vlan: expected a whole number from 1 to 4094, such as 120; found 4095',
    ],
    ['a misspelt choice', 'firmware: ufei\n', 'firmware: expected bios or uefi or http; did you mean "uefi"?'],
    ['an unsure flag', 'protected: maybe\n', 'protected: expected true or false; found text'],
    [
      'a list with a map in it',
      'dns: [{ a: b }]\n',
      '3:7: error: dns.0: expected text, such as 10.77.0.1; found a map',
    ],
    [
      'a placeholder serial of the board',
      'boardSerial: To be filled by O.E.M.\n',
      '3:14: error: boardSerial: "To be filled by O.E.M." is a placeholder',
    ],
    ['a UUID that is none', 'uuid: 1234\n', 'uuid: "1234" is no UUID; expected'],
    [
      'a UUID that many boards share',
      'uuid: 03000200-0400-0500-0006-000700080009\n',
      'is a placeholder that many machines share',
    ],
    [
      'a literal password',
      'bmc: { url: "https://1.2.3.4", username: a, password: hunter2 }\n',
      '3:55: error: bmc.password: a password stands here in the clear; write where it is kept: env:BMC_PASSWORD',
    ],
    [
      'a BMC without user',
      'bmc: { url: "https://1.2.3.4", password: env:A }\n',
      '3:6: error: bmc has no username; write username: admin',
    ],
    ['a BMC without url', 'bmc: { username: a, password: env:A }\n', '3:6: error: bmc has no url'],
    [
      'a BMC URL with a password',
      'bmc: { url: "https://a:hunter2@1.2.3.4", username: a, password: env:A }\n',
      'bmc.url: a user or password stands in the URL',
    ],
    [
      'a BMC URL that is none',
      'bmc: { url: 10.0.0.1, username: a, password: env:A }\n',
      'bmc.url: "10.0.0.1" is no URL',
    ],
    [
      'a fingerprint that is too short',
      'bmc: { url: "https://1.2.3.4", username: a, password: env:A, fingerprint: "AA:BB" }\n',
      'bmc.fingerprint: expected a SHA-256',
    ],
    [
      'an unknown profile',
      'profile: memtset\n',
      'profile: "memtset" is neither built in nor in _profiles.yaml; known: talos',
    ],
    [
      'an unknown role',
      'role: control-plane\n',
      '3:7: warning: role: "control-plane" is not known to Talos; did you mean "controlplane"?',
    ],
    ['an address with a leading zero', 'ip: 10.77.0.033\n', '3:5: error: ip: "10.77.0.033" is no IPv4 address'],
    [
      'an address outside of every network',
      'ip: 10.78.0.5\n',
      'ip: 10.78.0.5 is in no network of the site (10.77.0.0/24)',
    ],
    ['the broadcast address', 'ip: 10.77.0.255\n', 'ip: 10.77.0.255 is the broadcast address of 10.77.0.0/24'],
    ['the network address', 'ip: 10.77.0.0\n', 'ip: 10.77.0.0 is the network address'],
    [
      'an address in the pool',
      'ip: 10.77.0.150\n',
      '3:5: warning: ip: 10.77.0.150 is inside the dynamic pool 10.77.0.100-10.77.0.199',
    ],
    ['our own address', 'ip: 10.77.0.1\n', 'ip: 10.77.0.1 is the address of crashcart itself'],
    [
      'a gateway outside of the subnet',
      'ip: 10.77.0.5\ngateway: 10.78.0.1\n',
      '4:10: error: gateway: 10.78.0.1 is outside 10.77.0.0/24',
    ],
    ['a netmask with holes', 'ip: 10.77.0.5\nnetmask: 255.0.255.0\n', 'netmask: "255.0.255.0" is no netmask'],
    ['a bond without links', 'bond: { name: bond0 }\n', 'bond has no links'],
    [
      'a disk path',
      'talos: { disk: /dev/sda }\n',
      '3:16: warning: talos.disk: /dev/sda may be another disk at the next boot',
    ],
    ['a disk by model alone', 'talos: { disk: { model: X } }\n', '3:16: warning: talos.disk may match several disks'],
    ['an empty disk rule', 'talos: { disk: {} }\n', 'talos.disk is empty'],
    [
      'a version of two numbers',
      'talos: { version: 1.13 }\n',
      '3:19: error: talos.version: "1.13" is no Talos version',
    ],
    ['a schematic that was cut', 'talos: { schematic: 3765679 }\n', 'expected 64 hex digits, found 7 characters'],
    [
      'a schematic of an odd extension',
      'talos: { schematic: [siderolabs/i915, not one] }\n',
      '3:39: error: talos.schematic: "not one"; expected siderolabs/iscsi-tools',
    ],
    [
      'a one-boot argument in a schematic',
      'talos: { schematic: { kernelArgs: [a=b, talos.config=http://x/] } }\n',
      '"talos.config=http://x/" is for one boot; a schematic\'s arguments end up on the disk',
    ],
    [
      'a meta key out of range',
      'talos: { schematic: { meta: [{ key: 256, value: x }] } }\n',
      '3:37: error: talos.schematic.meta.0.key: expected a whole number from 0 to 255',
    ],
    ['Secure Boot on a BIOS', 'boot: secure-boot\nfirmware: bios\n', "firmware: Secure Boot is UEFI's"],
    ['half a meta value', 'talos: { schematic: { meta: [{ key: 10 }] } }\n', 'both of them'],
    ['half an overlay', 'talos: { schematic: { overlay: { name: rpi_generic } } }\n', 'both of them'],
    [
      'an unknown key in a schematic',
      'talos: { schematic: { extention: [siderolabs/i915] } }\n',
      '3:23: error: unknown key "extention" in "talos.schematic"; did you mean "extensions"?',
    ],
    [
      'a schematic beside extensions',
      `talos: { schematic: ${'a'.repeat(64)}, extensions: [siderolabs/x] }\n`,
      'exclude each other',
    ],
    [
      'a wipe in the kernel arguments',
      'talos: { kernelArgs: [talos.experimental.wipe=system] }\n',
      'would wipe at every boot',
    ],
    [
      'a second command in the kernel arguments',
      'talos:\n  kernelArgs:\n    - quiet\n    - "a || shell"\n',
      '6:7: error: kernelArgs: "||" would end the command in an iPXE script',
    ],
    [
      'a quote in the kernel arguments',
      'talos: { kernelArgs: [\'a="b c"\'] }\n',
      '3:23: error: kernelArgs: "a="b c"" holds a space: write one argument per list item',
    ],
    ['a secret reference as a config', 'talos: { config: "env:X" }\n', 'talos.config: expected a file'],
    [
      'both spellings of one key',
      'talosVersion: v1.9.5\ntalos: { version: v1.9.6 }\n',
      '"talosVersion" and "talos.version" (a.yaml:4:10) say the same',
    ],
    ['a control character', 'rack: "r\\u0007"\n', 'rack: holds a control character'],
  ])('reports %s', (_, text, expected) => {
    const found = ofMachine(text);
    expect(found.join('\n')).toContain(expected);
    expect(found.join('\n')).not.toContain('hunter2');
    expect(found).toHaveLength(1);
  });

  test.each<[string, string, string]>([
    ['without any identity', 'rack: r1\n', '1:1: error: no identity: write macs:'],
    ['without a MAC', 'serial: X1\n', '1:1: warning: no macs'],
    ['with a MAC alone', 'macs: 52:54:00:0a:21:01\n', '1:7: warning: a MAC alone is no sure identity'],
    [
      'with a broken MAC',
      'serial: X1\nmacs: [52:54:00:0a:21]\n',
      '2:8: error: macs: "52:54:00:0a:21" is no MAC address',
    ],
    [
      'with one MAC twice',
      'serial: X1\nmacs: [52:54:00:0a:21:01, 5254.000a.2101]\n',
      '2:27: error: macs: 52:54:00:0a:21:01 stands here twice',
    ],
    [
      'that is a Talos config',
      'version: v1alpha1\nmachine: { type: worker }\n',
      '1:1: error: this is a document of Talos or Kubernetes',
    ],
  ])('%s is reported', (_, text, expected) => {
    expect(problemsOf({ 'a.yaml': text }).join('\n')).toContain(`a.yaml:${expected}`);
  });

  test.each<[string, string]>([
    ['under_score.yaml', '"under_score" is none'],
    ['node.lab.example.yaml', 'name it node.yaml and write domain: lab.example'],
    [`${'a'.repeat(64)}.yaml`, '64 characters are more than 63'],
    ['-a.yaml', '"-a" is none'],
    ['Node.yaml', 'name the file node.yaml'],
  ])('%s has no good host name', (file, expected) => {
    expect(problemsOf({ [`r1/${file}`]: GOOD }).join('\n')).toContain(expected);
  });

  test('of a disk rule with a mistake in it nothing is said but that', () => {
    expect(ofMachine('talos: { disk: { serial: "A\\nB" } }\n')).toEqual([
      'a.yaml:3:26: error: talos.disk.serial: holds a control character or a line break',
    ]);
    expect(ofMachine('talos: { disk: { serial: [A], type: nvme } }\n')).toHaveLength(1);
  });

  const GATEWAY = 'ip: 10.77.0.254 is the gateway of 10.77.0.0/24';
  const RELAY = 'ip: 10.77.0.9 is the relay of 10.77.0.0/24';
  test.each<[string, string, string, string]>([
    [
      'the gateway of its network',
      'interface: eth1, dhcp: authoritative, gateway: 10.77.0.254',
      '10.77.0.254',
      `error: ${GATEWAY}, which no machine gets; correct it, or \`gateway:\` in _site.yaml`,
    ],
    [
      'the relay of its network',
      'relay: 10.77.0.9, dhcp: authoritative',
      '10.77.0.9',
      `error: ${RELAY}, which no machine gets; correct it, or \`relay:\` in _site.yaml`,
    ],
    [
      'the gateway where another server gives the addresses',
      'interface: eth1, dhcp: proxy, gateway: 10.77.0.254',
      '10.77.0.254',
      `warning: ${GATEWAY}; correct one of them, unless this machine is that router`,
    ],
  ])('with the address of %s is reported', (_, network, ip, expected) => {
    const site = `site: lab\nnetworks:\n  - { ${network}, address: 10.77.0.1, subnet: 10.77.0.0/24 }\ntalos: { version: v1.13.9 }\n`;
    expect(problemsOf({ '_site.yaml': site, 'a.yaml': `${GOOD}ip: ${ip}\n` })).toEqual([`a.yaml:3:5: ${expected}`]);
  });

  test('several wrong values of one file are all reported', () => {
    const found = ofMachine('unit: x\nvlan: 9999\nrole: [a]\nip: 1.2.3\nfoo: 1\ntalos: { version: x, disk: 3 }\n');
    expect(found.map((line) => line.split(': ')[0]?.replace('a.yaml:', ''))).toEqual(
      expect.arrayContaining(['3:7', '4:7', '5:7', '6:5', '7:1', '8:19']),
    );
  });
});

describe('defaults', () => {
  test('merge maps, replace lists, and the nearer folder wins; null takes away', () => {
    const { inventory, problems } = read({
      '_defaults.yaml':
        'dns: [1.1.1.1, 2.2.2.2]\nbmc: { username: far, password: env:FAR }\nrole: worker\nlabels: { a: 1, b: 2 }\n',
      'r1/_defaults.yaml': 'dns: [3.3.3.3]\nbmc: { username: near }\nlabels: { b: null, c: 3 }\n',
      'r1/row/a.yaml': `${GOOD}bmc: { url: "https://1.2.3.4" }\nrole: ~\n`,
    });
    expect(problems).toEqual([]);
    const [node] = inventory.nodes;
    expect(node?.network.dns).toEqual(['3.3.3.3']);
    expect(node?.bmc).toMatchObject({ username: 'near', password: { from: 'env', name: 'FAR' } });
    expect(node?.labels).toEqual({ a: '1', c: '3' });
    expect(node?.role).toBe('worker');
  });

  test('a nearer file wins in whichever spelling', () => {
    const { inventory } = read({
      '_defaults.yaml':
        'talosVersion: v1.9.5\nkernelArgs: whole line\ndns0: 1.1.1.1\ndns1: 2.2.2.2\nnetmask: 255.255.255.0\n',
      'r1/_defaults.yaml': 'talos: { version: v1.13.9, kernelArgs: [extra=1] }\ndns: 3.3.3.3\nprefix: 25\n',
      'r1/a.yaml': GOOD,
    });
    expect(inventory.nodes[0]?.talos).toMatchObject({
      version: 'v1.13.9',
      kernelArgs: ['extra=1'],
      kernelArgsReplace: false,
    });
    expect(inventory.nodes[0]?.network).toMatchObject({ dns: ['3.3.3.3'], prefix: 25 });
  });

  test('a wrong value that many machines inherit is said once, where it stands', () => {
    const machines = Object.fromEntries(
      [1, 2, 3].map((n) => [`a${n}.yaml`, `macs: [52:54:00:0a:21:0${n}]\nserial: S${n}\n`]),
    );
    expect(problemsOf({ '_defaults.yaml': 'vlan: 9999\ntalos: { version: x }\n', ...machines })).toEqual([
      '_defaults.yaml:1:7: error: vlan: expected a whole number from 1 to 4094, such as 120; found 9999',
      expect.stringContaining('_defaults.yaml:2:19: error: talos.version: "x" is no Talos version'),
    ]);
  });

  test('user and password of a BMC alone make no BMC', () => {
    const { inventory, problems } = read({
      '_defaults.yaml': 'bmc: { username: a, password: env:A }\n',
      'a.yaml': GOOD,
    });
    expect(problems).toEqual([]);
    expect(inventory.nodes[0]?.bmc).toBeUndefined();
  });

  test('a file that is nearly named _defaults.yaml is not silently ignored', () => {
    expect(problemsOf({ '_default.yaml': 'role: worker\n', 'a.yaml': GOOD })).toEqual([
      '_default.yaml:1:1: error: this file is not read; did you mean "_defaults.yaml"?',
    ]);
  });
});

describe('two machines', () => {
  const two = (a: string, b: string) => problemsOf({ 'a.yaml': a, 'b.yaml': b });
  test.each<[string, string, string, string]>([
    [
      'one MAC',
      'macs: [52:54:00:0a:21:01]\nserial: A\n',
      'serial: B\nmacs: [52-54-00-0A-21-01]\n',
      'b.yaml:2:8: error: MAC 52:54:00:0a:21:01 is also at a.yaml:1:8',
    ],
    [
      'one UUID in both byte orders',
      `${GOOD}uuid: 33221100-5544-7766-8899-aabbccddeeff\n`,
      'macs: [52:54:00:0a:21:02]\nuuid: 00112233-4455-6677-8899-aabbccddeeff\n',
      'b.yaml:2:7: error: UUID 00112233-4455-6677-8899-aabbccddeeff is also at a.yaml:3:7',
    ],
    [
      'one serial',
      GOOD,
      'macs: [52:54:00:0a:21:02]\nserial: czj1\n',
      'b.yaml:2:9: error: serial czj1 is also at a.yaml:2:9',
    ],
    [
      'one board serial',
      `${GOOD}boardSerial: B7\n`,
      'macs: [52:54:00:0a:21:02]\nboardSerial: B7\n',
      'board serial B7 is also at a.yaml:3:14',
    ],
    [
      'one asset',
      `${GOOD}asset: 12\n`,
      'macs: [52:54:00:0a:21:02]\nserial: C\nasset: "12"\n',
      'asset 12 is also at a.yaml:3:8',
    ],
    [
      'one address',
      `${GOOD}ip: 10.77.0.5\n`,
      'macs: [52:54:00:0a:21:02]\nserial: C\nip: 10.77.0.5/24\n',
      'ip 10.77.0.5 is also at a.yaml:3:5',
    ],
    [
      'one place',
      `${GOOD}rack: r1\nunit: 3\nheight: 2\n`,
      'macs: [52:54:00:0a:21:02]\nserial: C\nrack: R1\nunit: 4\n',
      'b.yaml:4:7: error: rack R1 unit 4 is taken by a at a.yaml:4:7',
    ],
    [
      'one BMC',
      `${GOOD}bmc: { url: "https://1.2.3.4", username: a, password: env:A }\n`,
      'macs: [52:54:00:0a:21:02]\nserial: C\nbmc: { url: "https://1.2.3.4/", username: a, password: env:A }\n',
      'BMC https://1.2.3.4 is also at a.yaml:3:13',
    ],
  ])('cannot have %s', (_, a, b, expected) => {
    expect(two(a, b).join('\n')).toContain(expected);
  });

  test('cannot inherit one serial or one MAC', () => {
    const found = problemsOf({
      '_defaults.yaml': 'serial: CZJ1\nmacs: [52:54:00:0a:21:01]\n',
      'a.yaml': 'unit: 1\nrack: r\n',
      'b.yaml': 'unit: 2\nrack: r\n',
    });
    expect(found.toSorted()).toEqual([
      '_defaults.yaml:1:9: error: serial is inherited by several machines; write it in each own file',
      "_defaults.yaml:2:8: error: MAC 52:54:00:0a:21:01 is inherited by several machines; write it in each machine's own file",
    ]);
  });

  test('cannot have one host name, in whichever folder', () => {
    const found = problemsOf({ 'r1/a.yaml': GOOD, 'r2/A.yml': 'macs: [52:54:00:0a:21:02]\nserial: C\n' });
    expect(found.join('\n')).toContain('r2/A.yml:1:1: error: host name A is also at r1/a.yaml:1:1');
  });

  const board = (slot: string, n: number, boardSerial = '') =>
    `macs: [52:54:00:0a:21:0${n}]\nserial: CHASSIS\nrack: r1\nunit: 3\nheight: 2\nslot: ${slot}\n${boardSerial}`;
  test('may share a chassis and its serial when each board has its own', () => {
    expect(two(board('A', 1, 'boardSerial: B1\n'), board('B', 2, 'boardSerial: B2\n'))).toEqual([]);
  });
  test('need a board serial each when they share the serial of a chassis', () => {
    expect(two(board('A', 1), board('B', 2, 'boardSerial: B2\n'))).toEqual([
      'a.yaml:2:9: error: serial CHASSIS is shared by the machines of a chassis (b.yaml:2:9); write boardSerial:',
    ]);
  });
  test('cannot be in one slot', () => {
    expect(two(board('A', 1, 'boardSerial: B1\n'), board('a', 2, 'boardSerial: B2\n'))).toHaveLength(1);
  });
});

describe('a site', () => {
  const ofSite = (text: string) => problemsOf({ '_site.yaml': text });
  const net = (rest: string) => `networks:\n  - { interface: eth1, subnet: 10.77.0.0/24, ${rest} }\n`;
  test.each<[string, string, string]>([
    ['an unknown key', `sites: lab\n${net('dhcp: off')}`, '1:1: error: unknown key "sites"; did you mean "site"?'],
    [
      'a subnet with host bits',
      'networks: [{ interface: a, subnet: 10.77.0.5/24 }]',
      '1:36: error: subnet: this is an address in a subnet; the subnet is 10.77.0.0/24',
    ],
    ['a network without subnet', 'networks: [{ interface: a }]', '1:12: error: a network needs subnet: 10.77.0.0/24'],
    [
      'a network without interface',
      'networks: [{ subnet: 10.77.0.0/24 }]',
      'a network needs interface: eth1, or relay:',
    ],
    [
      'a relay without the address of ours that it forwards to',
      'networks: [{ relay: 10.20.0.1, subnet: 10.20.0.0/24 }]',
      '1:21: error: relay: needs `address:` beside it, the address of this host that the relay forwards to',
    ],
    [
      'a pool outside',
      net('pool: 10.78.0.1-10.78.0.9'),
      '2:52: error: pool: 10.78.0.1-10.78.0.9 is outside 10.77.0.0/24',
    ],
    [
      'a pool that is reversed',
      net('pool: 10.77.0.9-10.77.0.1'),
      'pool: 10.77.0.9 comes after 10.77.0.1; write 10.77.0.1-10.77.0.9',
    ],
    ['a pool up to the broadcast', net('pool: 10.77.0.9-10.77.0.255'), 'holds the network or broadcast address'],
    [
      'a pool over the gateway',
      net('gateway: 10.77.0.9, pool: 10.77.0.1-10.77.0.20'),
      'warning: pool: holds the gateway 10.77.0.9',
    ],
    ['a pool that is none', net('pool: all'), 'pool: "all" is no range'],
    ['a gateway outside', net('gateway: 10.78.0.1'), 'gateway: 10.78.0.1 is no host of 10.77.0.0/24'],
    ['an unknown DHCP role', net('dhcp: proxi'), 'dhcp: expected authoritative or proxy or off; did you mean "proxy"?'],
    ['a lease that is too short', net('lease: 5s'), 'lease: "5s"; expected 2m to 365d'],
    [
      'a route that leaves the subnet',
      net('routes: [{ to: 10.0.0.0/8, via: 10.9.9.9 }]'),
      'routes.via: "10.9.9.9" is no address in',
    ],
    [
      'subnets that overlap',
      'networks:\n  - { interface: a, subnet: 10.0.0.0/8 }\n  - { interface: b, subnet: 10.77.0.0/16 }\n',
      '3:29: error: subnet: 10.77.0.0/16 overlaps 10.0.0.0/8',
    ],
    [
      'a port out of range',
      `${net('dhcp: off')}ports: { http: 70000 }`,
      'ports.http: expected a whole number from 1 to 65535',
    ],
    [
      'one port for two',
      `${net('dhcp: off')}ports: { http: 4002 }`,
      '3:16: error: ports: http and events are both 4002',
    ],
    [
      'a metrics address without port',
      `${net('dhcp: off')}metrics: 127.0.0.1`,
      'metrics: "127.0.0.1"; expected an address and a port',
    ],
    [
      'a factory that is no URL',
      `${net('dhcp: off')}talos: { factory: factory.talos.dev }`,
      'talos.factory: "factory.talos.dev" is no URL',
    ],
    ['no networks', 'site: lab\n', 'warning: no networks: nothing is served'],
    ['nothing in its file', '# to be written\n', 'warning: the file is empty: nothing is served'],
    [
      'a network at the top',
      `interface: eth1\n${net('dhcp: off')}`,
      'unknown key "interface"; write it as one of the networks',
    ],
  ])('with %s is reported', (_, text, expected) => {
    const found = ofSite(text);
    expect(found.join('\n')).toContain(`_site.yaml:`);
    expect(found.join('\n')).toContain(expected);
    expect(found).toHaveLength(1);
  });

  test('allowDiskPath lets a path name the disk', () => {
    const machine = `${GOOD}talos: { disk: /dev/sda }\n`;
    expect(problemsOf({ '_site.yaml': `${SITE}allowDiskPath: true\n`, 'a.yaml': machine })).toEqual([]);
  });

  test('is read only at the top', () => {
    expect(problemsOf({ 'r1/_site.yaml': SITE })).toEqual([expect.stringContaining('is read only at the top')]);
  });

  test('that is broken does not make machines look wrong', () => {
    expect(problemsOf({ '_site.yaml': 'a: b: c', 'a.yaml': GOOD }).map((line) => line.split(':')[0])).toEqual([
      '_site.yaml',
    ]);
  });
});

describe('a schematic', () => {
  const schematicOf = (text: string) => {
    const { inventory, problems } = read({ '_site.yaml': SITE, 'a.yaml': `${GOOD}talos: { schematic: ${text} }\n` });
    expect(problems).toEqual([]);
    const { schematic, extensions, customization } = inventory.nodes[0]?.talos ?? {};
    return { schematic, extensions, customization };
  };

  test('is an id, a list of extensions, or all that the image factory adds', () => {
    expect(schematicOf('A'.repeat(64))).toEqual({ schematic: 'a'.repeat(64) });
    expect(schematicOf('[siderolabs/i915]')).toEqual({ extensions: ['siderolabs/i915'] });
    expect(
      schematicOf(
        '{ extensions: siderolabs/i915, kernelArgs: console=ttyS1 -module.sig_enforce, meta: [{ key: 0xa, value: "a: b" }], overlay: { name: rpi_generic, image: siderolabs/sbc-raspberrypi, options: { configTxt: x } } }',
      ),
    ).toEqual({
      extensions: ['siderolabs/i915'],
      customization: {
        kernelArgs: ['console=ttyS1', '-module.sig_enforce'],
        meta: [{ key: 10, value: 'a: b' }],
        overlay: { name: 'rpi_generic', image: 'siderolabs/sbc-raspberrypi', options: { configTxt: 'x' } },
      },
    });
  });

  test('of a folder is added to by a nearer file, and an id takes its place', () => {
    const files = {
      '_site.yaml': SITE,
      '_defaults.yaml': 'talos: { schematic: { extensions: [siderolabs/i915] } }\n',
      'a.yaml': `${GOOD}talos: { schematic: { kernelArgs: [a=b] } }\n`,
    };
    expect(read(files).inventory.nodes[0]?.talos).toMatchObject({
      extensions: ['siderolabs/i915'],
      customization: { kernelArgs: ['a=b'] },
    });
    const named = { ...files, 'a.yaml': `${GOOD}talos: { schematic: ${'b'.repeat(64)} }\n` };
    expect(read(named).inventory.nodes[0]?.talos).toMatchObject({ schematic: 'b'.repeat(64) });
    expect(read(named).inventory.nodes[0]?.talos.customization).toBeUndefined();
  });
});

describe('a network without a pool', () => {
  const bare = (subnet: string, more = '') =>
    `  - { interface: eth1, dhcp: authoritative, subnet: ${subnet}${more} }\n`;
  const warned = (networks: string, ...ips: readonly string[]) =>
    problemsOf({
      '_site.yaml': `networks:\n${networks}talos: { version: v1.13.9 }\n`,
      ...Object.fromEntries(
        ips.map((ip, at) => [
          `n${at}.yaml`,
          `macs: [52:54:00:0a:21:0${at}]\nserial: S${at}\n${ip === '' ? '' : `ip: ${ip}\n`}`,
        ]),
      ),
    });
  test.each<[string, string, readonly string[], string]>([
    [
      'nobody',
      bare('10.77.0.0/24'),
      [],
      '_site.yaml:2:30: warning: dhcp: 10.77.0.0/24 hands out nothing without `pool:`, and no machine has an `ip:` in it: nobody gets an address there',
    ],
    ['nobody with an address there', bare('10.77.0.0/24'), ['', '10.9.9.9/24'], ': nobody gets an address there'],
    [
      'who has none',
      bare('10.77.0.0/24'),
      ['10.77.0.5', '', ''],
      ', and 2 machines (n1, …) have no `ip:`: no address for them',
    ],
  ])('that gives an address to %s is warned of', (_name, networks, ips, expected) => {
    const found = warned(networks, ...ips);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(expected);
  });
  test.each<[string, string, readonly string[]]>([
    ['all have one of their own', bare('10.77.0.0/24'), ['10.77.0.5', '10.77.0.6']],
    ['another on its wire has one', bare('10.77.0.0/24') + bare('10.78.0.0/24', ', pool: 10.78.0.9-10.78.0.19'), ['']],
    [
      'who has none may stand in another',
      `${bare('10.77.0.0/24')}  - { interface: eth2, subnet: 10.78.0.0/24, pool: 10.78.0.9-10.78.0.19 }\n`,
      ['10.77.0.5', ''],
    ],
    ['another server gives them', '  - { interface: eth1, dhcp: proxy, subnet: 10.77.0.0/24 }\n', ['']],
  ])('is right where %s', (_name, networks, ips) => {
    expect(warned(networks, ...ips)).toEqual([]);
  });
});

describe('profiles', () => {
  const ofProfiles = (text: string) => problemsOf({ '_profiles.yaml': text });
  test('of every kind are read', () => {
    const { inventory, problems } = read({
      '_profiles.yaml':
        'linux: { kernel: vmlinuz, initrds: a.gz, args: [a b, c], userData: u.yaml }\nmem: { kind: efi, file: m.efi, writesDisk: no }\nown: { kind: script, template: own.ipxe }\n',
    });
    expect(problems).toEqual([]);
    expect(inventory.profiles).toMatchObject({
      talos: { kind: 'talos' },
      linux: { kind: 'linux', initrds: ['a.gz'], userData: { from: 'file', path: 'u.yaml' } },
      mem: { kind: 'efi', writesDisk: false },
      own: { kind: 'script' },
    });
  });
  test.each<[string, string, string]>([
    ['no kind', 'x: { file: a }\n', 'profile "x" has no kind'],
    [
      'a key of another kind',
      'x: { kind: efi, file: a, kernel: b }\n',
      '1:34: error: kernel: a profile of kind efi takes file, args',
    ],
    ['no kernel', 'linux: { args: a }\n', 'a profile of kind linux needs kernel'],
    [
      'a wipe and no word that it writes',
      'linux: { kernel: a, args: [quiet talos.experimental.wipe=system] }\n',
      '"talos.experimental.wipe=system" may write a disk: a profile that does says `writesDisk: true`',
    ],
    ['a built-in name', 'talos: { kind: efi, file: a }\n', '"talos" is built in'],
    ['no map', 'x: 3\n', '1:4: error: x: expected a map'],
  ])('with %s are reported', (_, text, expected) => {
    expect(ofProfiles(text).join('\n')).toContain(expected);
    expect(ofProfiles(text)).toHaveLength(1);
  });
});

test('no text makes it throw', () => {
  const words = fc.constantFrom(
    'macs:',
    'serial:',
    'bmc:',
    'url:',
    'talos:',
    'disk:',
    'networks:',
    'subnet:',
    'pool:',
    '- ',
    '  ',
    '\n',
    '\t',
    '{',
    '}',
    '[',
    ']',
    ', ',
    ': ',
    '&a ',
    '*a',
    '<<: *a',
    '!!x ',
    '"',
    "'",
    '|',
    '>',
    '#',
    '---',
    '...',
    '%',
    'null',
    '~',
    'true',
    '0x1F',
    '1e999',
    '-',
    '52:54:00:0a:21:01',
    '10.77.0.0/24',
    'env:A',
    '__proto__:',
    'constructor:',
    '\ufeff',
    '\u0000',
    '\ud800',
    '💣',
  );
  const text = fc
    .array(fc.oneof({ weight: 6, arbitrary: words }, fc.string({ maxLength: 5 })), { maxLength: 30 })
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, text, text, (site, defaults, machine) => {
      const { problems } = parseInventory([
        { path: '_site.yaml', text: site },
        { path: '_profiles.yaml', text: defaults },
        { path: '_defaults.yaml', text: defaults },
        { path: 'a.yaml', text: machine },
      ]);
      for (const one of problems) expect(one.line).toBeGreaterThan(0);
    }),
    { numRuns: 1500, seed: 7 },
  );
});
