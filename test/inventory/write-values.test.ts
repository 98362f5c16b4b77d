import { expect, test } from 'vitest';
import { type NewValue, renderValues } from '../../src/inventory/write-values.ts';

test.each<[string, string, NewValue, string]>([
  [
    'a word where it stands',
    'serial: A1 # old\nunit: 3\n',
    { path: ['serial'], value: 'B2' },
    'serial: B2 # old\nunit: 3\n',
  ],
  [
    'a serial number that looks like a number stays text',
    'serial: A1\n',
    { path: ['serial'], value: '0012' },
    'serial: "0012"\n',
  ],
  [
    'a word in a small map',
    'talos: { version: v1.12.1 } # x\n',
    { path: ['talos', 'version'], value: 'v1.13.9' },
    'talos: { version: v1.13.9 } # x\n',
  ],
  [
    'the flat key of a file that uses it',
    'talosVersion: v1.12.1\n',
    { path: ['talos', 'version'], value: 'v1.13.9' },
    'talosVersion: v1.13.9\n',
  ],
  [
    'a key that was not there',
    'unit: 3 # here\n',
    { path: ['ip'], value: '10.0.0.1' },
    'unit: 3 # here\nip: 10.0.0.1\n',
  ],
  ['a list', 'macs: [a]\n', { path: ['macs'], value: ['b', 'c'] }, 'macs: [ b, c ]\n'],
])('%s', (_name, before, value, after) => {
  expect(renderValues(before, [value])).toEqual({ ok: true, value: after });
});
