import { expect, test } from 'vitest';
import type { JobKind } from '../../src/core/job.ts';
import type { NodeState } from '../../src/core/node.ts';
import { newNode } from '../../src/core/node.ts';
import type { SeenDisk } from '../../src/core/seen.ts';
import { previewDisks } from '../../src/engine/preview.ts';
import { specOf, T0 } from '../core/kit.ts';

/** What a page says of each disk: a page that erases names what is erased. */

const ours = { serial: 'OURS' } as const;

function nodeWith(disks: readonly SeenDisk[], drives: readonly string[] = []): NodeState {
  const node = newNode(specOf('node-01'), T0);
  const spec = { ...node.spec, talos: { ...node.spec.talos, disk: ours } };
  const bmc = {
    vendor: '',
    macs: [],
    bootTargets: [],
    canInsertMedia: false,
    drives: drives.map((serial) => ({ name: `bay ${serial}`, serial })),
  };
  return {
    ...node,
    spec,
    seen: {
      ...node.seen,
      disks,
      ...(drives.length === 0 ? {} : { bmc }),
    },
  };
}

const disk = (name: string, serial: string, holds?: readonly string[]): SeenDisk => ({
  name,
  serial,
  sizeBytes: 1e9,
  ...(holds === undefined ? {} : { holds }),
});

test.each<readonly [string, JobKind, NodeState, readonly string[]]>([
  [
    'a wipe takes the disk that holds Talos',
    'wipe',
    nodeWith([disk('a', 'OURS', []), disk('b', 'X', ['META'])]),
    ['b'],
  ],
  [
    'a wipe where no contents are known takes the disk of the rule',
    'wipe',
    nodeWith([disk('a', 'OURS'), disk('b', 'X')]),
    ['a'],
  ],
  ['a wipe by what the BMC tells takes the disk of the rule', 'wipe', nodeWith([], ['OURS', 'X']), ['bay OURS']],
  ['a wipe with no disk to name says so', 'wipe', nodeWith([], ['X']), ['whichever holds Talos']],
  ['a wipe of a machine that was never read says so', 'wipe', nodeWith([]), ['whichever holds Talos']],
  ['an install takes the disk of the rule', 'install', nodeWith([disk('a', 'OURS'), disk('b', 'X', ['META'])]), ['a']],
  ['a reinstall takes both', 'reinstall', nodeWith([disk('a', 'OURS'), disk('b', 'X', ['META'])]), ['a', 'b']],
  ['a rescue takes none', 'rescue', nodeWith([disk('a', 'OURS', ['META'])]), []],
])('%s', (_name, kind, node, erased) => {
  const disks = previewDisks(node, kind);
  expect(disks.filter((one) => one.erased).map((one) => one.name)).toEqual(erased);
});
