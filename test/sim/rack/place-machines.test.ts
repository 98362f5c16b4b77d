import { describe, expect, test } from 'vitest';
import { parseInventory } from '../../../src/inventory/parse-inventory.ts';
import { describeGuesses, placeMachines } from '../../../src/sim/rack/place-machines.ts';

const OURS = '{ relay: 10.20.0.1, address: 10.20.0.2, subnet: 10.20.0.0/16, pool: 10.20.200.1-10.20.200.99 }';
const FIXED = '{ relay: 10.20.0.1, address: 10.20.0.2, dhcp: authoritative, subnet: 10.20.0.0/16 }';
const PROXY = '{ relay: 10.30.0.1, address: 10.20.0.2, dhcp: proxy, subnet: 10.30.0.0/16 }';
const OFF = '{ relay: 10.40.0.1, address: 10.20.0.2, dhcp: off, subnet: 10.40.0.0/16 }';

/** Machines by name, each with what is written of it; the one that is asked about is `web`. */
function read(networks: readonly string[], machines: Readonly<Record<string, string>>) {
  const { inventory, problems } = parseInventory([
    {
      path: '_site.yaml',
      text: `site: s\nnetworks:\n${networks.map((one) => `  - ${one}\n`).join('')}talos: { version: v1.13.9 }\n`,
    },
    ...Object.entries(machines).map(([name, text], i) => ({
      path: `${name}.yaml`,
      text: `macs: ["52:54:00:0a:00:0${i}"]\ntalos: { disk: { serial: S${i}1 }, config: _talos/w.yaml }\n${text}\n`,
    })),
  ]);
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  return inventory;
}

describe('the network in which a machine without an address is played', () => {
  test.each<readonly [string, readonly string[], Readonly<Record<string, string>>, string]>([
    ['is that of its gateway', [OURS, PROXY, OFF], { web: 'gateway: 10.40.0.1' }, '2'],
    ['is the one of its rack', [OURS, PROXY, OFF], { a: 'rack: r1\nip: 10.40.0.9', web: 'rack: r1' }, '2'],
    [
      'is that of its BMC where they share it',
      [OURS, PROXY, OFF],
      { web: 'bmc: { url: "https://10.40.9.9", username: a, password: env:X }' },
      '2',
    ],
    ['is the only one that gives addresses', [FIXED, PROXY], { a: 'ip: 10.20.0.9', web: '' }, '1'],
    ['is the only one', [FIXED], { web: '' }, '0'],
    [
      'is ours where the others of its rack are ours',
      [OURS, PROXY],
      { a: 'rack: r1\nip: 10.20.0.9', web: 'rack: r1' },
      '0',
    ],
    [
      'is none of its rack that gives no address',
      [FIXED, PROXY],
      { a: 'rack: r1\nip: 10.20.0.9', web: 'rack: r1' },
      '1',
    ],
    [
      'is a guess where its rack stands in two',
      [OURS, PROXY],
      { a: 'rack: r1\nip: 10.20.0.9', b: 'rack: r1\nip: 10.30.0.9', web: 'rack: r1' },
      '1?',
    ],
    ['is a guess, where another server gives addresses', [OURS, PROXY], { a: 'ip: 10.20.0.9', web: '' }, '1?'],
    ['is a guess, where nobody else stands', [OURS, PROXY, OFF], { a: 'ip: 10.30.0.9', web: '' }, '2?'],
    ['is a guess among ours too', [OURS, OURS.replaceAll('10.20.', '10.50.')], { web: '' }, '0?'],
    [
      'is a guess where its own address is of none of them',
      [OURS, PROXY],
      { web: 'ip: 192.168.7.7\nnetmask: 255.255.255.0' },
      '1?',
    ],
  ])('%s', (_, networks, machines, expected) => {
    const placed = placeMachines(read(networks, machines)).get('web');
    expect(`${placed?.network}${placed?.isGuess === true ? '?' : ''}`).toBe(expected);
  });

  test('is told where it is guessed, with the machines by name', () => {
    const inventory = read([OURS, PROXY], { a: 'ip: 10.20.0.9', web: '', api: '' });
    expect(describeGuesses(inventory, placeMachines(inventory))).toEqual([
      'web, api: no ip or gateway says in which network; played in 10.30.0.0/16 (dhcp: proxy), with addresses from the other DHCP server. `gateway:` in the file of a machine says it',
    ]);
  });

  test('is not told where the inventory says it', () => {
    const inventory = read([OURS, PROXY], { a: 'rack: r1\nip: 10.20.0.9', web: 'rack: r1' });
    expect(describeGuesses(inventory, placeMachines(inventory))).toEqual([]);
  });
});
