import { expect, test } from 'vitest';
import { parseInventory } from '../../src/inventory/parse-inventory.ts';

const SITE = `site: s
networks:
  - interface: eth0
    address: 10.77.0.2
    dhcp: proxy
    subnet: 10.77.0.0/24
    gateway: 10.77.0.1
    dns: [10.77.0.1, 10.77.0.3]
    ntp: [ntp.lab.example]
`;

test.each([
  ['takes all from the network it is in', 'ip: 10.77.0.33\n', '10.77.0.1', 2, ['ntp.lab.example']],
  ['keeps its own', 'ip: 10.77.0.33\ngateway: 10.77.0.254\ndns: [1.1.1.1]\nntp: [a.b]\n', '10.77.0.254', 1, ['a.b']],
  ['keeps an empty list as its own', 'ip: 10.77.0.33\ndns: []\nntp: []\n', '10.77.0.1', 0, []],
  ['takes nothing with DHCP', 'rack: r1\n', undefined, 0, []],
  ['takes nothing from another network', 'ip: 192.168.1.5\nnetmask: 255.255.255.0\n', undefined, 0, []],
  ['takes nothing where its netmask says another network', 'ip: 10.77.0.33/16\n', undefined, 0, []],
])('a static address %s', (_name, machine, gateway, dnsCount, ntp) => {
  const { inventory } = parseInventory([
    { path: '_site.yaml', text: SITE },
    { path: 'a.yaml', text: `mac: 52:54:00:0a:21:01\n${machine}` },
  ]);
  const network = inventory.nodes[0]?.network;
  expect(network?.gateway).toBe(gateway);
  expect(network?.dns).toHaveLength(dnsCount);
  expect(network?.ntp).toEqual(ntp);
});

test.each([
  ['what it takes from its network', '', ['dns', 'ntp']],
  ['nothing that it names itself', 'dns: [1.1.1.1]\nntp: [a.b]\n', undefined],
  ['what it does not name itself', 'dns: [1.1.1.1]\n', ['ntp']],
])('DHCP elsewhere is told that these are not its own: %s', (_name, more, expected) => {
  const { inventory } = parseInventory([
    { path: '_site.yaml', text: SITE },
    { path: 'a.yaml', text: `mac: 52:54:00:0a:21:01\nip: 10.77.0.33\n${more}` },
  ]);
  expect(inventory.nodes[0]?.network.ofNetwork).toEqual(expected);
});
