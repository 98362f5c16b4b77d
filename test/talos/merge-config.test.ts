import { describe, expect, test } from 'vitest';
import { parseConfig, renderDocuments } from '../../src/talos/config-documents.ts';
import { mergePatch } from '../../src/talos/merge-config.ts';

function merge(base: string, patch: string): string {
  const left = parseConfig(base, 'base');
  const right = parseConfig(patch, 'patch 1');
  if (!left.ok || !right.ok) return 'not parsed';
  const { documents, problems } = mergePatch(left.value, right.value, 'patch 1');
  return problems.length > 0
    ? problems.map((one) => `${one.document}:${one.line} ${one.path}: ${one.message}`).join('\n')
    : renderDocuments(documents);
}

const main = (body: string) => `version: v1alpha1\n${body}`;

describe('strategic merge', () => {
  test.each<[string, string, string, string]>([
    ['a scalar is overridden', 'machine:\n  type: worker\n', 'machine: {type: init}', 'machine:\n  type: init\n'],
    [
      'an empty text does not override',
      'machine:\n  type: worker\n',
      'machine: {type: ""}',
      'machine:\n  type: worker\n',
    ],
    ['a zero does not override', 'machine:\n  x: 9000\n', 'machine: {x: 0}', 'machine:\n  x: 9000\n'],
    ['null does not override', 'machine:\n  x: 9000\n', 'machine: {x: }', 'machine:\n  x: 9000\n'],
    ['false does override', 'machine:\n  x: true\n', 'machine: {x: false}', 'machine:\n  x: false\n'],
    [
      'a zero sysctl does override, its keys are data',
      'machine:\n  sysctls:\n    vm.x: "1"\n',
      'machine: {sysctls: {vm.x: "0"}}',
      'machine:\n  sysctls:\n    vm.x: "0"\n',
    ],
    [
      'lists append',
      'machine:\n  certSANs:\n    - a\n',
      'machine: {certSANs: [b]}',
      'machine:\n  certSANs:\n    - a\n    - b\n',
    ],
    [
      'pod subnets are replaced',
      'cluster:\n  network:\n    podSubnets:\n      - a\n',
      'cluster: {network: {podSubnets: [b]}}',
      'cluster:\n  network:\n    podSubnets:\n      - b\n',
    ],
    [
      'interfaces are merged by name, VLANs by number',
      'machine:\n  network:\n    interfaces:\n      - interface: eth0\n        vlans:\n          - vlanId: 7\n            mtu: 1500\n',
      'machine: {network: {interfaces: [{interface: eth0, vlans: [{vlanId: 7, mtu: 9000}, {vlanId: 8}]}, {interface: eth1}]}}',
      'machine:\n  network:\n    interfaces:\n      - interface: eth0\n        vlans:\n          - vlanId: 7\n            mtu: 9000\n          - {vlanId: 8}\n      - {interface: eth1}\n',
    ],
    [
      'an audit policy is replaced as a whole',
      'cluster:\n  apiServer:\n    auditPolicy:\n      a: 1\n',
      'cluster: {apiServer: {auditPolicy: {b: 2}}}',
      'cluster:\n  apiServer:\n    auditPolicy: {b: 2}\n',
    ],
    ['a key is deleted', 'machine:\n  a: 1\n  b: 2\n', 'machine: {a: {$patch: delete}}', 'machine:\n  b: 2\n'],
    [
      'a list item is deleted by its name',
      'machine:\n  network:\n    interfaces:\n      - interface: eth0\n      - interface: eth1\n',
      'machine: {network: {interfaces: [{interface: eth0, $patch: delete}]}}',
      'machine:\n  network:\n    interfaces:\n      - interface: eth1\n',
    ],
  ])('%s', (_name, base, patch, expected) => {
    expect(merge(main(base), patch)).toBe(main(expected));
  });

  const host = '---\napiVersion: v1alpha1\nkind: HostnameConfig\nauto: stable\n';
  test.each<[string, string, string]>([
    [
      'a document is met by kind',
      'apiVersion: v1alpha1\nkind: HostnameConfig\nhostname: n1\nauto: off\n',
      `${main('')}---\napiVersion: v1alpha1\nkind: HostnameConfig\nauto: off\nhostname: n1\n`,
    ],
    [
      'one of another name is added',
      'apiVersion: v1alpha1\nkind: LinkConfig\nname: a\n',
      `${main('')}${host}---\napiVersion: v1alpha1\nkind: LinkConfig\nname: a\n`,
    ],
    ['one is deleted', 'apiVersion: v1alpha1\nkind: HostnameConfig\n$patch: delete\n', main('')],
    [
      'the deletion of an absent one says nothing',
      'apiVersion: v1alpha1\nkind: OOMConfig\n$patch: delete\n',
      `${main('')}${host}`,
    ],
  ])('%s', (_name, patch, expected) => {
    expect(merge(main(host), patch)).toBe(expected);
  });

  test.each<[string, string, RegExp]>([
    [
      'the deletion of an absent key',
      'machine: {gone: {$patch: delete}}',
      /patch 1, v1alpha1:1 machine\.gone: lookup failed/,
    ],
    ['a deletion inside what is new', 'machine: {new: {gone: {$patch: delete}}}', /machine\.new\.gone: lookup failed/],
    ['a list where a value is', 'machine: {type: [x]}', /machine\.type: is a list here and a single value/],
    ['a document twice in a patch', 'machine: {a: 1}\n---\nmachine: {b: 1}\n', /appears twice/],
    ['the deletion of everything', '$patch: delete', /cannot be deleted/],
    ['a list item without name', 'machine: {sans: [{$patch: delete}]}', /exactly one key/],
  ])('%s is refused', (_name, patch, reason) => {
    expect(merge(main('machine:\n  type: worker\n  sans:\n    - a: 1\n'), patch)).toMatch(reason);
  });

  test('anchors are written out, so that a merge changes one place only', () => {
    const base = main('machine:\n  a: &x\n    k: 1\n  b: *x\n');
    expect(merge(base, 'machine: {b: {k: 2}}')).toBe(main('machine:\n  a:\n    k: 1\n  b:\n    k: 2\n'));
  });

  test('a bomb of anchors is refused', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x]'];
    for (let level = 1; level < 10; level += 1) {
      lines.push(
        `a${level}: &a${level} [${Array(9)
          .fill(`*a${level - 1}`)
          .join(', ')}]`,
      );
    }
    const result = parseConfig(`version: v1alpha1\n${lines.join('\n')}\n`, 'base');
    expect(result).toMatchObject({ ok: false, error: [{ message: 'too many aliases' }] });
  });
});
