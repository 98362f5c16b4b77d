import { expect, test } from 'vitest';
import { nodesOf } from '../../../src/core/fleet.ts';
import type { NodeState } from '../../../src/core/node.ts';
import { listCells } from '../../../src/ui/screens/list-cells.ts';
import { ageCell, ageWords } from '../../../src/ui/screens/node-age.ts';
import { rackRowSpans, shapeRows } from '../../../src/ui/screens/rack-rows.ts';
import { createTheme } from '../../../src/ui/terminal/theme.ts';
import { PROFILES } from '../draw-screen.tsx';
import { NOW } from '../sample-fleet.ts';
import { sampleModel } from '../sample-model.ts';

const model = sampleModel('normal');
const off = nodesOf(model.fleet).find((node) => node.phase.is === 'down') as NodeState;
const { lastAt: _, ...unseen } = off.seen;
const never: NodeState = { ...off, seen: unseen };
const heard: NodeState = {
  ...off,
  phase: { ...off.phase, since: NOW - 97_000 },
  seen: { ...off.seen, lastAt: NOW - 97_000 },
};

test.each<[string, NodeState, string, string]>([
  ['off and never heard: nobody knows since when', never, '-', ''],
  ['off since it was heard', heard, '1:37', ' for 97 s'],
])('%s', (_name, node, cell, words) => {
  const theme = createTheme(PROFILES.ascii);
  expect([ageCell(node, NOW), ageWords(node, NOW)]).toEqual([cell, words]);
  // Rack and list say the same of one machine.
  expect(listCells({ model, theme }).age.text(node)).toBe(cell);
  const row = rackRowSpans(theme, { node, here: false, marked: false }, shapeRows([node.name], 40), model);
  expect(
    row
      .map((span) => (typeof span === 'string' ? span : span[0]))
      .at(-1)
      ?.trim(),
  ).toBe(cell);
});
