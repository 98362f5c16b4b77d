import { describe, expect, test } from 'vitest';
import { parseDhcpOptions } from '../../src/inventory/parse-dhcp-options.ts';
import { parseInventory } from '../../src/inventory/parse-inventory.ts';

function parsed(options: Record<string, readonly string[]>): {
  readonly bytes: string;
  readonly errors: readonly string[];
} {
  const errors: string[] = [];
  const list = parseDhcpOptions(options, (_name, message) => errors.push(message)) ?? [];
  return { bytes: list.map(({ code, hex }) => `${code}:${hex}`).join(' '), errors };
}

const GOOD: readonly (readonly [string, Record<string, readonly string[]>, string])[] = [
  ['addresses by name', { tftpServers: ['10.77.0.1', '10.77.0.2'] }, '150:0a4d00010a4d0002'],
  ['addresses in one line', { logServers: ['10.77.0.1, 10.77.0.2'] }, '7:0a4d00010a4d0002'],
  ['text by name', { pathPrefix: ['http://10.77.0.1/'] }, '210:687474703a2f2f31302e37372e302e312f'],
  ['seconds, also negative', { timeOffset: ['-3600'], rebootSeconds: ['30'] }, '2:fffff1f0 211:0000001e'],
  ['a number with bytes', { 224: ['hex:0a4d 00:01'] }, '224:0a4d0001'],
  ['a number with an address', { 224: ['10.77.0.1'] }, '224:0a4d0001'],
  ['a number with text', { 224: ['a b'] }, '224:612062'],
  ['a known number as its name', { 150: ['10.77.0.1'] }, '150:0a4d0001'],
];
test.each(GOOD)('an option is written as %s', (_, options, bytes) => {
  expect(parsed(options)).toEqual({ bytes, errors: [] });
});

const BAD: readonly (readonly [string, Record<string, readonly string[]>, RegExp])[] = [
  ['a name that is close', { tftpServer: ['10.77.0.1'] }, /did you mean "tftpServers"\?/],
  ['a name that is nothing', { nonsense: ['1'] }, /no such option; known: timeOffset/],
  ['what has a key of its own', { 6: ['10.77.0.1'] }, /made of `dns:`; write it there/],
  ['what belongs to the protocol', { 53: ['hex:01'] }, /belongs to the protocol/],
  ['a number beyond the end', { 255: ['x'] }, /belongs to the protocol/],
  ['half a byte', { 224: ['hex:0a4'] }, /needs pairs of digits/],
  ['a name where an address belongs', { tftpServers: ['tftp.lab'] }, /"tftp.lab" is no IPv4 address/],
  ['more than fits', { 224: ['x'.repeat(256)] }, /needs 1 to 255 bytes/],
  ['nothing', { configFile: [''] }, /needs 1 to 255 bytes/],
  ['the same twice', { 150: ['10.77.0.1'], tftpServers: ['10.77.0.1'] }, /option 150 is written twice/],
];
describe('refused with the way out:', () => {
  test.each(BAD)('%s', (_, options, expected) => {
    expect(parsed(options).errors).toEqual([expect.stringMatching(expected)]);
  });
});

describe('in the inventory', () => {
  const site = (lines: string) => `site: s\nnetworks:\n  - interface: eth0\n    subnet: 10.77.0.0/24\n${lines}`;
  const read = (lines: string, machine = '') =>
    parseInventory([
      { path: '_site.yaml', text: site(lines) },
      { path: 'a.yaml', text: `macs: ["52:54:00:0a:21:01"]\n${machine}` },
    ]);

  test('a network and a machine have their own', () => {
    const { inventory, problems } = read(
      '    options: { wpad: "http://10.77.0.1/wpad" }\n    answerAfter: 8\n',
      'options: { 224: "hex:01" }\n',
    );
    expect(problems.filter((one) => one.severity === 'error')).toEqual([]);
    expect(inventory.site.networks[0]?.options?.map((one) => one.code)).toEqual([252]);
    expect(inventory.site.networks[0]?.answerAfterSeconds).toBe(8);
    expect(inventory.nodes[0]?.network.options).toEqual([{ code: 224, hex: '01' }]);
  });

  test('an error points at the option itself', () => {
    const { problems } = read('', 'rack: r1\noptions:\n  tftpServers: nowhere\n');
    expect(problems.find((one) => one.severity === 'error')).toMatchObject({
      file: 'a.yaml',
      line: 4,
      message: 'options.tftpServers: "nowhere" is no IPv4 address; expected 10.77.0.1',
    });
  });

  test('a switch port that nobody is believed to tell is warned of where it is all that names a machine', () => {
    const warned = (net: string, machine = 'switchPort: sw1/Eth1\n') =>
      parseInventory([
        { path: '_site.yaml', text: `site: s\nnetworks:\n  - { ${net} }\ntalos: { version: v1.13.9 }\n` },
        { path: 'n1.yaml', text: machine },
      ]).problems.filter(({ message }) => /snooping/.test(message));
    const wire = 'interface: eth1, subnet: 10.77.0.0/24';
    expect(warned(wire)).toMatchObject([{ file: 'n1.yaml', line: 1, severity: 'warning' }]);
    expect(warned(`${wire}, snooping: true`)).toEqual([]);
    expect(warned('relay: 10.20.0.1, address: 10.77.0.1, subnet: 10.20.0.0/24')).toEqual([]);
    expect(warned(wire, 'macs: [52:54:00:0a:21:01]\nserial: A\nswitchPort: x\n')).toEqual([]);
    const relayed = warned('relay: 10.20.0.1, address: 10.77.0.1, subnet: 10.20.0.0/24, snooping: true');
    expect(relayed).toMatchObject([
      { file: '_site.yaml', message: expect.stringMatching(/^snooping: not used behind/) },
    ]);
  });

  test('router advertisements do not pass a relay, and who wants them there is told', () => {
    // Our address there is one outside of the subnet behind the relay.
    const relayed =
      'site: s\nnetworks:\n  - { relay: 10.20.0.1, address: 10.77.0.1, subnet: 10.20.0.0/24, dedicated: true }\n';
    const { problems } = parseInventory([{ path: '_site.yaml', text: relayed }]);
    expect(problems.map((one) => one.message)).toContainEqual(
      expect.stringMatching(/^dedicated: not used behind a relay/),
    );
    expect(problems.filter((one) => one.severity === 'error')).toEqual([]);
  });
});
