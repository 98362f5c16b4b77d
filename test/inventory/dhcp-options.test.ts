import { describe, expect, test } from 'vitest';
import { parseDhcpOptions } from '../../src/inventory/parse-dhcp-options.ts';

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
