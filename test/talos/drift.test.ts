import { describe, expect, test } from 'vitest';
import type { Seen } from '../../src/core/seen.ts';
import { type DriftWish, findDrift } from '../../src/talos/drift.ts';
import { type SpecChanges, specOf } from './specs.ts';

const drifts = (changes: SpecChanges, seen: Seen, wish: DriftWish = {}) =>
  findDrift(specOf(changes), seen, wish).map(
    (one) => `${one.field}: ${one.desired} | ${one.observed} | ${one.actions[0]}`,
  );

describe('drift', () => {
  test.each<[string, SpecChanges, Seen, DriftWish, readonly string[]]>([
    ['nothing seen is no drift', { talos: { version: 'v1.13.9' } }, {}, { configHash: 'a' }, []],
    [
      'another version',
      { talos: { version: '1.13.9' } },
      { talosVersion: 'v1.12.1' },
      {},
      ['version: v1.13.9 | v1.12.1 | reinstall'],
    ],
    [
      'the version of the site',
      {},
      { talosVersion: 'v1.12.1' },
      { version: 'v1.13.9' },
      ['version: v1.13.9 | v1.12.1 | reinstall'],
    ],
    ['the same version in another spelling', { talos: { version: '1.13.9' } }, { talosVersion: 'v1.13.9' }, {}, []],
    [
      'another configuration',
      {},
      { configHash: 'b'.repeat(64) },
      { configHash: 'a'.repeat(64) },
      ['config: aaaaaaaaaaaa | bbbbbbbbbbbb | applyConfig'],
    ],
    ['another schematic', {}, { schematic: 'x' }, { schematic: 'y' }, ['schematic: y | x | reinstall']],
    ['another host name', {}, { hostName: 'talos-abc' }, {}, ['hostName: node-01 | talos-abc | applyConfig']],
    ['a host name with domain is the same', {}, { hostName: 'NODE-01.rack7.example' }, {}, []],
    [
      'another address',
      { network: { ip: '10.0.0.1' } },
      { address: '10.0.0.9' },
      {},
      ['address: 10.0.0.1 | 10.0.0.9 | applyConfig'],
    ],
    [
      'another MAC that its BMC names as well, once',
      {},
      {
        mac: '52:54:00:00:00:01',
        bmc: {
          vendor: 'x',
          macs: [{ mac: '52:54:00:00:00:01', from: 'nic' }],
          drives: [],
          bootTargets: [],
          canInsertMedia: false,
        },
      },
      {},
      ['mac: 52:54:00:0a:21:01 | 52:54:00:00:00:01 | adopt'],
    ],
    ['another MAC', {}, { mac: '52:54:00:00:00:01' }, {}, ['mac: 52:54:00:0a:21:01 | 52:54:00:00:00:01 | adopt']],
  ])('%s', (_name, changes, seen, wish, expected) => {
    expect(drifts(changes, seen, wish)).toEqual(expected);
  });

  const disks = [
    { name: 'sda', sizeBytes: 1, serial: 'A', holds: ['EFI', 'META', 'STATE'] },
    { name: 'sdb', sizeBytes: 1, serial: 'B' },
  ];
  test.each<[string, string, readonly string[]]>([
    ['Talos on the disk of the rule', 'A', []],
    ['Talos on another disk', 'B', ['disk: serial B | Talos is on sda A | reinstall']],
    ['a disk that is gone', 'C', ['disk: serial C | no recorded disk matches | inspect']],
  ])('%s', (_name, serial, expected) => {
    expect(drifts({ talos: { disk: { serial } } }, { disks })).toEqual(expected);
  });
});

test('another MAC than the one by which it booted itself is told with that: whose it is, no name tells', () => {
  const seen: Seen = { mac: '52:54:00:99:00:b1', nic: { mac: '52:54:00:0a:21:01', at: Date.UTC(2026, 0, 2, 3, 4, 5) } };
  expect(findDrift(specOf({}), seen)[0]?.note).toBe(
    'it booted by 52:54:00:0a:21:01 at 2026-01-02 03:04:05 UTC, which is in its file: the other one is another NIC of it, or another machine',
  );
  const left: Seen = { ...seen, nic: { mac: '52:54:00:0a:21:07', at: 1 } };
  expect(findDrift(specOf({}), left)[0]).not.toHaveProperty('note');
});
