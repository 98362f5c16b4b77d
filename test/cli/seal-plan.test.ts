import { expect, test } from 'vitest';
import type { PlannerParts } from '../../src/cli/planner-parts.ts';
import { differenceOf } from '../../src/cli/seal-plan.ts';

const LINES = Array.from({ length: 30 }, (_, at) => `key${at}: ${at}`);
const TEXT = LINES.join('\n');
const parts = (remembered: string | undefined) =>
  ({ configs: { recall: () => remembered, mark: (text: string) => text } }) as unknown as PlannerParts;

test.each<readonly [string, string | undefined, string, object]>([
  ['none is remembered', undefined, TEXT, {}],
  ['both are equal', TEXT, TEXT, { diff: [] }],
  [
    'one line differs',
    TEXT,
    [...LINES.slice(0, -1), 'key29: new'].join('\n'),
    {
      diff: ['@ … 26 unchanged lines', ' key26: 26', ' key27: 27', ' key28: 28', '-key29: 29', '+key29: new'],
    },
  ],
])('the difference to the last installation where %s', (_name, before, now, want) => {
  expect(differenceOf(parts(before), 'n1', now)).toEqual(want);
});
