import { expect, test } from 'vitest';
import { nodeOf } from '../../../src/core/fleet.ts';
import { hardwareLines } from '../../../src/ui/screens/hardware-lines.ts';
import type { Scene } from '../../../src/ui/widgets/scene.ts';
import { sampleModel } from '../sample-model.ts';

test('a boot override that somebody left for every boot stands among the facts of its node, with what to do', () => {
  const model = sampleModel('failure', 140, 40);
  const node = nodeOf(model.fleet, 'r07-u33');
  if (node === undefined) throw new Error('the sample has changed');
  const told = (leftover: string | undefined): readonly string[] => {
    const identity = { vendor: 'Dell', macs: [], drives: [], bootTargets: [], canInsertMedia: false };
    const bmc = leftover === undefined ? identity : { ...identity, leftover };
    const said: string[] = [];
    hardwareLines({ model } as Scene, { ...node, seen: { ...node.seen, bmc } }, (label, text, tone) => {
      if (label === 'override' && text !== '') said.push(`${tone}: ${text}`);
      return [];
    });
    return said;
  };
  expect(told('Continuous/Hdd')).toEqual([
    expect.stringMatching(/^warn: .*left at Continuous\/Hdd.*Clear it in the BMC/),
  ]);
  expect(told(undefined)).toEqual([]);
});
