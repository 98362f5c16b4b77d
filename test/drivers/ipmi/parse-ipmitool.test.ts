import { describe, expect, test } from 'vitest';
import {
  parseBootFlags,
  parseFields,
  parseIdentify,
  parsePowerStatus,
  parseSel,
} from '../../../src/drivers/ipmi/parse-ipmitool.ts';
import { seededRandom } from '../redfish/mutate-json.ts';

const data = (hex: string) => `Boot parameter version: 1\nBoot parameter data: ${hex}\n`;

test.each([
  ['a004000000', { target: 'pxe', enabled: 'once', mode: 'uefi' }],
  ['8004000000', { target: 'pxe', enabled: 'once', mode: 'legacy' }],
  ['e004000000', { target: 'pxe', enabled: 'continuous', mode: 'uefi' }],
  ['a014000000', { target: 'cd', enabled: 'once', mode: 'uefi' }],
  ['a008000000', { target: 'other', enabled: 'once', mode: 'uefi' }],
  ['0004000000', { target: 'none', enabled: 'disabled' }],
  ['8000000000', { target: 'none', enabled: 'disabled' }],
])('boot flags %s are %o', (hex, expected) => {
  expect(parseBootFlags(data(hex))).toEqual({ ok: true, value: expected });
});

test.each([
  ['nothing', ''],
  ['an error', 'Get Chassis Boot Parameter 5 failed: Unspecified error'],
  ['no hex', data('zz')],
])('boot flags that are %s are a reason', (_, text) => {
  expect(parseBootFlags(text).ok).toBe(false);
});

test.each([
  ['Chassis Power is on\n', 'on'],
  ['Chassis Power is off\n', 'off'],
])('%j is %s', (text, power) => {
  expect(parsePowerStatus(text)).toEqual({ ok: true, value: power });
});

test.each([
  [' 1 | 11/21/2026 | 09:00:00 UTC | Power Supply #0x65 | Presence detected | Asserted', '2026-11-21T09:00:00.000Z'],
  ['1a | 11/21/2026 | 09:00:00 | Fan FAN1 | Lower Critical going low | Asserted', '2026-11-21T09:00:00.000Z'],
  [
    ' 2 | 11/21/26 | 09:00:00 UTC | Event Logging Disabled SEL | Log area reset/cleared | Asserted',
    '2026-11-21T09:00:00.000Z',
  ],
  [' 3 | Pre-Init  |0000000004| Memory #0x02 | Uncorrectable ECC | Asserted', undefined],
  [' 4 | 01/01/1970 | 00:00:09 UTC | Memory #0x02 | Correctable ECC | Asserted', undefined],
])('the line "%s" happened at %s', (line, at) => {
  const [parsed] = parseSel(line);
  expect(parsed?.at).toBe(at);
  expect(parsed?.text).toMatch(/: .*Asserted$/);
});

test('"SEL has no entries" is no line', () => {
  expect(parseSel('SEL has no entries\n')).toEqual([]);
});

describe('fields', () => {
  test('keep the first of a name, and drop what is empty', () => {
    const fields = parseFields('Product Serial : A\nProduct Serial : B\nProduct Name : \n    0x00\n');
    expect([...fields]).toEqual([['Product Serial', 'A']]);
  });

  test('tell the identify lamp where the BMC can', () => {
    expect(parseIdentify('Chassis Identify State : Off\n')).toBe('off');
    expect(parseIdentify('Chassis Identify State : Indefinite\n')).toBe('on');
    expect(parseIdentify('System Power : on\n')).toBeUndefined();
  });
});

test('noise never throws', () => {
  const random = seededRandom(7);
  for (let round = 0; round < 300; round += 1) {
    const text = Array.from({ length: 200 }, () => String.fromCodePoint(Math.floor(random() * 300))).join('');
    for (const parse of [parsePowerStatus, parseBootFlags, parseFields, parseIdentify, parseSel]) {
      expect(() => parse(`Boot parameter data: ${text}|${text}|${text}|${text}`)).not.toThrow();
    }
  }
});
